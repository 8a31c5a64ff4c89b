"""Transcripts and lyrics: how well they fit, where they match, and how sure that makes of a song.

Imports from: errors, transcripts.
"""
