"""The command line: one module for what several verbs share, and one for each verb that is more than a call.

Imports from: _version, datasets, errors, experiments, indexing, library, lyrics, matching, models, persistence, search,
server, songs, speech, store, texts, workers.
"""
