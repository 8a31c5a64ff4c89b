"""The library: one class that delegates to indexing, training, search and evaluation.

Imports from: cleaning, encoders, errors, experiments, indexing, lyrics, matching, metadata, models, persistence,
progress, search, songs, space, specification, speech, store, texts, training, transcripts, workers.
"""
