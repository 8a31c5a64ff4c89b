"""What is written about songs: tables and lyric files beside them, and the tags inside them.

``song_text`` puts a song's title, label and lyrics together: from ``tables``, from the lyric files that ``sidecars``
finds beside the song by the rules of ``names``, and from ``tags``. ``tags`` asks libraries for what they read, and
``id3``, ``trailing`` (APEv2, Lyrics3) and ``vorbis`` for what they do not.
``cue_sheets`` finds the tracks of an album that is one file, and ``track_text`` what is written about them.

Imports from: cleaning, errors, languages, songs, texts.
"""
