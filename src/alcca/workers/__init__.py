"""Work in other processes, here or on a Dask cluster: `workers.Workers` is what callers use, wherever that is.

Imports from: _version, errors, progress.
"""
