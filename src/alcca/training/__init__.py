"""Training a library's model: which songs it learns from, which method, and the map that is laid out after it.

Imports from: encoders, errors, experiments, indexing, models, persistence, retrieval, space, store, workers.
"""
