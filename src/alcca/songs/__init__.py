"""From files to songs: a checked slice of audio, and its words and tags.

``audio`` reads the slice through ``decoders`` (two decoding libraries behind one interface) after ``sniff`` has
rejected files that are not audio. ``scan`` finds the files, ``hidden`` says which are left out. ``lyrics`` compares
texts. ``cut`` names a part of a recording that is a song of its own, and ``cut_decoder`` decodes it.

Imports from: errors, persistence, texts, workers.
"""
