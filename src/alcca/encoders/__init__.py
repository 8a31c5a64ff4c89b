"""Encoders by name, which turn one side of songs into numbers: built-in ones and those of installed packages.

Imports from: errors, features, persistence, songs, specification.
"""
