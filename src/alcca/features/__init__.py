"""Features of songs as arrays: MFCC and descriptors of audio, Doc2Vec vectors of lyrics.

Imports from: errors, persistence, progress, songs.
"""
