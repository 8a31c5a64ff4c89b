"""Encoders: one side of songs to numbers, by name; ours and those of installed packages.

Imports from: errors, features, persistence, songs, specification.
"""
