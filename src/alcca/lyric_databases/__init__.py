"""Databases of lyrics, such as a dump of LRCLIB: which of their songs is sung in a recording.

``opening`` opens a file of any format as rows (a ``source``: ``sqlite_rows``, ``csv_rows``, ``json_rows``,
``parquet_rows``; ``columns`` knows the names of columns, ``row`` makes values safe). ``building`` makes an index of
them: names and texts in SQLite (``song_table``), which letters occur where in ``postings``, versions of a text found by
``sketches``. ``identifying`` finds the song by its words and by the ``evidence`` of names (``titles``) and lengths,
``stretches`` several songs in one recording; ``database`` is all of it.

Imports from: cleaning, errors, matching, metadata, persistence, progress, speech, texts, transcripts.
"""
