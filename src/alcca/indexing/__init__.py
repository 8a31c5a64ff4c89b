"""What is computed once for each song: reading, features, embeddings and transcripts, resumable.

Imports from: encoders, errors, features, languages, metadata, persistence, progress, songs, space, speech, store,
texts, transcripts, workers.
"""
