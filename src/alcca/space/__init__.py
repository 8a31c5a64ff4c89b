"""The learned space of a library: the model that embeds songs and queries, and the map of its songs.

Imports from: cleaning, encoders, errors, models, persistence.
"""
