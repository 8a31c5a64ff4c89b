"""Matching of transcripts and lyrics: how well they fit, where they match, and how certain the song is.

Imports from: errors, progress, transcripts.
"""
