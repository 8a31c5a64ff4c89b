"""Speech recognition of sung words: from samples to cleaned transcripts, and where the weights come from.

Imports from: errors, languages, persistence, songs, transcripts.
"""
