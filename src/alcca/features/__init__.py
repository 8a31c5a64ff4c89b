"""Arrays from songs: MFCC and descriptors of sound, Doc2Vec vectors of lyrics.

Imports from: errors, persistence, progress, songs.
"""
