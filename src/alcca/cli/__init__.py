"""The command line: one module for what several verbs share, and one for each verb that is more than a call.

Imports from: _version, cleaning, datasets, errors, experiments, indexing, library, matching, models, persistence,
search, server, songs, store, texts, workers.
"""
