"""The store of a library: SQLite tables of songs, embeddings and transcripts, and the n-gram index of words.

Imports from: errors, matching, persistence, songs, speech, transcripts.
"""
