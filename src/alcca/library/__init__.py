"""The library: one class that delegates to indexing, training, search and evaluation.

Imports from: encoders, errors, experiments, indexing, matching, models, persistence, search, songs, space,
specification, speech, store, training, transcripts, workers.
"""
