"""Arrays from songs: MFCC of a slice of sound (``mfcc``), Doc2Vec vectors of lyrics (``doc2vec``)."""
