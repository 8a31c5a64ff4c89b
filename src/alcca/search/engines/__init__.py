"""Engines that search the vectors of songs: in memory, in files on disk, or in a database on many machines."""
