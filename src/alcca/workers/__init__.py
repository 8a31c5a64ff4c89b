"""Work in other processes: local pools, child processes that may be killed, jobs, and a Dask cluster.

Imports from: _version, errors, progress.
"""
