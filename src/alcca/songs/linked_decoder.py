"""Several recordings in one file, one after the other, as one recording at the rate of the first."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from alcca.songs.decoder import Decoder
from alcca.songs.downmix import Downmix

__all__ = ["LinkedDecoder", "Recordings"]


@dataclass(frozen=True)
class Recordings:
    """Opens the recordings at given bytes of a file; each may have its own rate and channels.

    Parameters
    ----------
    spans : list of range
        The bytes of each recording; those that cannot be decoded are left out and counted as damaged.
    types : tuple of type
        The decoders to try for each.
    """

    spans: list[range]
    types: tuple[type[Decoder], ...]
    name: str = "parts of the file"

    def __call__(self, path: Path) -> "LinkedDecoder":
        """Open them."""
        return LinkedDecoder(path, self.spans, self.types)


class _Link(NamedTuple):
    """One of the recordings."""

    span: range
    decoder_type: type[Decoder]
    seconds: float


class LinkedDecoder:
    """The decoder of `Recordings`."""

    def __init__(self, path: Path, spans: list[range], types: tuple[type[Decoder], ...]) -> None:
        self._path, self._types = path, types
        self.damaged = 0
        self.downmix = Downmix()
        self._links: list[_Link] = []
        for span in spans:
            link = self._open(span)
            if link is None:
                self.damaged += 1
            else:
                self._links.append(link)
        if not self._links:
            raise ValueError("none of the recordings that are joined in it can be decoded")
        with self._links[0].decoder_type(path, self._links[0].span) as first:
            self.name, self.rate, self.channels = first.name, first.rate, first.channels
        self.declared: float | None = sum(link.seconds for link in self._links)

    def _open(self, span: range) -> _Link | None:
        for decoder_type in self._types:
            # Decoders raise anything on damaged files.
            with contextlib.suppress(Exception), decoder_type(self._path, span) as decoder:
                seconds = decoder.declared
                if seconds is None:
                    seconds = sum(len(block) for block in decoder.blocks(0.0)) / decoder.rate
                if seconds:
                    return _Link(span, decoder_type, seconds)
        return None

    def blocks(self, start: float, most: int | None = None) -> Iterator[NDArray[np.float32]]:
        """Mono samples from ``start`` seconds to the end; ``most`` is ignored, the caller stops."""
        begin = 0.0
        for link in self._links:
            if start < begin + link.seconds:
                with link.decoder_type(self._path, link.span) as decoder:
                    decoder.downmix = self.downmix
                    before = decoder.damaged
                    yield from self._at_own_rate(decoder, max(0.0, start - begin))
                    self.damaged += decoder.damaged - before
            begin += link.seconds

    def _at_own_rate(self, decoder: Decoder, start: float) -> Iterator[NDArray[np.float32]]:
        import soxr

        if decoder.rate == self.rate:
            yield from decoder.blocks(start)
            return
        stream = soxr.ResampleStream(decoder.rate, self.rate, 1, dtype="float32")
        for block in decoder.blocks(start):
            yield stream.resample_chunk(block)
        yield stream.resample_chunk(np.empty(0, np.float32), last=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing stays open between calls."""
