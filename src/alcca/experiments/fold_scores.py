"""The scores of one test fold, by which a fitted method ranks its songs, and their files."""

import zipfile
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.persistence import replace_file

__all__ = ["FoldScores", "read_scores", "write_scores"]

Array = NDArray[Any]
# The names of the fields in a file.
NAMES = {
    "components": "components",
    "by_audio": "audio_to_lyrics",
    "by_lyrics": "lyrics_to_audio",
    "tie": "tie",
    "audio": "audio_embedding",
    "lyrics": "lyrics_embedding",
}


class FoldScores(NamedTuple):
    """The scores of a test fold of n songs, in both directions, and the embeddings that they are of.

    The first n recordings and lyrics are the songs of the fold, in one order; a recordings and l lyrics that match no
    song, the distractors, follow.

    Parameters
    ----------
    components : int
        The number of components; `alcca.experiments.results.AS_A_WHOLE` for a similarity of the method's own.
    by_audio : (n, n + l) array of float64
        How well each lyrics fits each recording that asks, higher is better.
    by_lyrics : (n, n + a) array of float64
        How well each recording fits each lyrics that asks.
    tie : float, optional
        The largest difference of two scores that counts as a tie; by default that of
        `alcca.retrieval.scores.score_ties`.
    audio, lyrics : (n + a, d) and (n + l, d) arrays, optional
        The embeddings, of a method that has them: the first ``components`` columns.
    """

    components: int
    by_audio: Array
    by_lyrics: Array
    tie: float | None = None
    audio: Array | None = None
    lyrics: Array | None = None


def write_scores(path: Path, scores: FoldScores, **more: Any) -> None:
    """Write scores, and more arrays by name, to an ``.npz`` file, whole or not at all.

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "fold.npz"
    >>> write_scores(place, FoldScores(2, np.eye(3), np.eye(3)), ids=np.array(["a", "b", "c"]))
    >>> with np.load(place) as file:
    ...     print(*sorted(file.files))
    audio_to_lyrics components ids lyrics_to_audio
    """
    arrays: dict[str, Any] = {NAMES[name]: value for name, value in scores._asdict().items() if value is not None}
    replace_file(path, lambda part: np.savez(part, **more, **arrays))


def read_scores(path: Path) -> FoldScores | None:
    """Read scores that `write_scores` wrote; None if the file is damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            found: dict[str, Any] = {name: file[key] for name, key in NAMES.items() if key in file.files}
        found["components"] = int(found["components"])
        if "tie" in found:
            found["tie"] = float(found["tie"])
        return FoldScores(**found)
    except (ValueError, OSError, EOFError, KeyError, TypeError, zipfile.BadZipFile, zlib.error):
        return None
