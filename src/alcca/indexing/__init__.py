"""What is computed once for each song: reading, features, embeddings and transcripts, resumable.

Imports from: encoders, errors, features, persistence, progress, songs, space, speech, store, transcripts, workers.
"""
