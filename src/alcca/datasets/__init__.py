"""Songs to try things on: real ones rendered from scores that come with a package, and made-up ones of known kind.

Imports from: errors, progress.
"""

from alcca.datasets.synthetic import SyntheticSongs, make_songs

__all__ = ["SyntheticSongs", "make_songs"]
