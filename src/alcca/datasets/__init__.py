"""Example songs: real ones rendered from the scores of a package, and synthetic ones with known correlations.

Imports from: errors, progress.
"""

from alcca.datasets.synthetic import SyntheticSongs, make_songs

__all__ = ["SyntheticSongs", "make_songs"]
