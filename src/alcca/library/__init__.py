"""The library: songs in a folder, what was learned from them, and search."""
