"""Lyrics read by an encoder that learns, which takes them one by one: in processes where that would take long."""

import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from alcca.encoders.encoder import LyricsEncoder
from alcca.progress import Progress

__all__ = ["CHUNK", "TextReader", "read_texts"]

# Songs of a task.
CHUNK = 64
# Processes have a network library to load before they help.
SECONDS_WORTH_PROCESSES = 15.0


class TextReader:
    """Encodes texts, a chunk at a time, with an encoder that learns.

    In processes where all chunks would take long: threads are no help, for half of the time goes into Python.

    Parameters
    ----------
    encoder : LyricsEncoder
        Fitted.
    chunks : int
        How many there will be, in all calls together.
    """

    def __init__(self, encoder: LyricsEncoder, chunks: int) -> None:
        self._encoder, self._left = encoder, chunks
        self._processes: int | None = None  # not yet known

    def read(self, texts: Iterable[Sequence[str]]) -> Iterator[NDArray[np.float32] | None]:
        """What is made of each chunk's texts, in order; None of a chunk without any, which does not count."""
        remaining = deque(texts)
        while remaining and self._processes is None:
            started, some = time.monotonic(), remaining.popleft()
            read = _encode(self._encoder, some)
            if some:
                seconds = (time.monotonic() - started) * (self._left - 1)
                self._processes = (os.cpu_count() or 1) if seconds > SECONDS_WORTH_PROCESSES else 1
            yield read
        if self._processes is None or self._processes == 1:
            yield from (_encode(self._encoder, some) for some in remaining)
            return
        from joblib import Parallel, delayed, parallel_config

        with parallel_config("loky", inner_max_num_threads=1):
            yield from Parallel(self._processes, return_as="generator")(
                delayed(_encode)(self._encoder, some) for some in remaining
            )


def _encode(encoder: LyricsEncoder, texts: Sequence[str]) -> NDArray[np.float32] | None:
    return encoder.encode(texts) if texts else None


def read_texts(encoder: LyricsEncoder, texts: Sequence[str], *, show: bool = False) -> NDArray[np.float32]:
    """What a fitted encoder makes of texts, shape (n, q); the same as its ``encode``, to the bit.

    Parameters
    ----------
    encoder : LyricsEncoder
    texts : sequence of n str
        At least one.
    show : bool
        Show a progress bar.
    """
    chunks = [texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK)]
    made = []
    with Progress("reading lyrics", total=len(texts), show=show) as bar:
        for chunk, rows in zip(chunks, TextReader(encoder, len(chunks)).read(chunks), strict=True):
            made += [] if rows is None else [rows]
            bar.update(len(chunk))
    return np.concatenate(made)
