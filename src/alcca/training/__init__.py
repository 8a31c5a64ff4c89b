"""Training a library's model: the songs, the method, and the map of the trained model.

Imports from: encoders, errors, experiments, indexing, models, persistence, retrieval, space, store, workers.
"""
