"""The learned space of a library: the model that embeds songs and queries, and the map of its songs.

Imports from: encoders, errors, models, persistence, songs.
"""
