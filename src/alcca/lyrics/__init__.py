"""Lyrics for a whole collection: timed where they are known, found where they are not, and written beside recordings.

``recordings`` reads what is there, ``planning`` says what is to be done with it, ``listening`` hears it, ``settling``
decides and writes, ``run`` is all of it in order; ``memory`` keeps what was heard.

Imports from: cleaning, errors, indexing, languages, lyric_databases, matching, metadata, models, persistence,
progress, songs, speech, store, texts, timing, transcripts, workers.
"""
