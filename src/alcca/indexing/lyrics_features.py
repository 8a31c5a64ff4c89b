"""Lyrics as an encoder that learns sees them: it takes them one by one, in processes where that takes long."""

from collections.abc import Sequence
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from alcca.encoders.encoder import LyricsEncoder
from alcca.errors import DataError
from alcca.progress import Progress
from alcca.workers.workers import Workers

__all__ = ["CHUNK", "read_texts"]

# Songs of a task.
CHUNK = 64


def read_texts(
    encoder: LyricsEncoder, texts: Sequence[str], workers: Workers, *, show: bool = False
) -> NDArray[np.float32]:
    """The output of a fitted encoder for texts, shape (n, q); the same as its ``encode``, to the bit.

    Parameters
    ----------
    encoder : LyricsEncoder
    texts : sequence of n str
        At least one.
    workers : Workers
    show : bool
        Show a progress bar.
    """
    shared = workers.share(encoder)
    chunks = [texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK)]
    rows = []
    with Progress("reading lyrics", total=len(texts), show=show) as bar:
        outputs = workers.map(_encode, [(shared, chunk) for chunk in chunks], _killed)
        for chunk, output in zip(chunks, outputs, strict=True):
            rows.append(output)
            bar.update(len(chunk))
    return np.concatenate(rows)


def _encode(encoder: LyricsEncoder, texts: Sequence[str]) -> NDArray[np.float32]:
    return encoder.encode(texts)


def _killed(_: int) -> NoReturn:
    raise DataError(
        "reading lyrics ended its process, as happens when no memory is left; free some, or shorten the lyrics"
    )
