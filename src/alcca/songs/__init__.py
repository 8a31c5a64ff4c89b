"""From files to songs: a checked slice of sound, and the words and tags that go with it.

``audio`` reads the slice through ``decoders`` (two decoding libraries behind one interface) after ``sniff`` has
turned away what is no audio. ``scan`` finds the files and decides which title, label and lyrics a song has;
``tables`` reads the CSV files beside them, ``tags`` what is inside them. ``lyrics`` cleans and compares texts,
with the names of a song's parts in ``sections``.

Imports from: errors, persistence, workers.
"""
