"""Two-view models: each maps audio and lyrics, given as arrays, into a common space where a cosine compares them.

Imports from: errors, persistence, progress, workers.
"""
