"""Recordings from strangers, decoded and transcribed in processes that a bad file may kill.

Imports from: encoders, errors, features, search, songs, speech, store, transcripts, workers.
"""
