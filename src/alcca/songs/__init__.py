"""From files to songs: a checked slice of audio, and its words and tags.

``audio`` reads the slice through ``decoders`` (two decoding libraries behind one interface) after ``sniff`` has
rejected files that are not audio. ``scan`` finds the files and selects the title, label and lyrics of each song;
``tables`` reads the CSV files beside the songs, ``tags`` the tags inside them. ``lyrics`` cleans and compares texts;
``sections`` lists the names of a song's parts.

Imports from: errors, persistence, workers.
"""
