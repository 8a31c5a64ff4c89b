"""Search: the parts of a search and how they are fused, from a query to hits with a probability.

Imports from: cleaning, encoders, errors, features, matching, persistence, retrieval, songs, space, specification,
speech, store, transcripts.
"""
