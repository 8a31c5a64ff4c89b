"""When each line and word of lyrics is sung in a recording: lyrics that are known, and times that are given already.

Imports from: cleaning, errors, languages, matching, songs, speech, texts, transcripts.
"""
