"""Where the vectors of songs are searched: in memory, in files on the disk, or in a database of many machines."""
