"""What is sent of a song: its recording, its picture, its lyrics with their times.

``song_files`` finds them; ``recording`` opens the file that was added and no other, ``sending`` sends it with ranges.
``pictures`` reads tags in a process apart (``picture_process``), ``song_lyrics`` the lyric files beside a recording.

Imports from: errors, matching, metadata, search, songs, store, texts, transcripts, workers.
"""
