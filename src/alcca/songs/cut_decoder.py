"""A part of a recording, decoded as if it were a file of its own."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import numpy as np
from numpy.typing import NDArray

from alcca.songs.cut import Cut
from alcca.songs.decoder import Decoder
from alcca.songs.decoders import Opener
from alcca.songs.downmix import Downmix

__all__ = ["within"]


def within(decoders: Callable[[Path], Iterable[Opener]], cut: Cut | None) -> Callable[[Path], list[Opener]]:
    """The same decoders, but of a part of the file; of all of it without a cut."""

    def opened(path: Path) -> list[Opener]:
        return [opener if cut is None else _Part(opener, cut, opener.name) for opener in decoders(path)]

    return opened


@dataclass(frozen=True)
class _Part:
    """Opens a part of a file."""

    opener: Opener
    cut: Cut
    name: str

    def __call__(self, path: Path) -> Decoder:
        return cast(Decoder, _CutDecoder(self.opener(path), self.cut))


class _CutDecoder:
    """A decoder whose times count from the beginning of a part, and which ends with it."""

    def __init__(self, whole: Decoder, cut: Cut) -> None:
        self._whole, self._cut = whole, cut
        self.name, self.rate, self.channels = whole.name, whole.rate, whole.channels
        end = whole.declared if cut.end is None else min(cut.end, whole.declared or cut.end)
        if end is not None and end <= cut.start:
            whole.__exit__(None, None, None)
            raise ValueError(f"it begins at {cut.start:.1f} s, and the recording ends at {end:.1f} s")
        self.declared = None if end is None else end - cut.start

    @property
    def damaged(self) -> int:
        return self._whole.damaged

    @property
    def downmix(self) -> Downmix:
        return self._whole.downmix

    def blocks(self, start: float, most: int | None = None) -> Iterator[NDArray[np.float32]]:
        """Mono samples from ``start`` seconds of the part to its end, or until there are ``most``."""
        left = None if self._cut.end is None else round((self._cut.end - self._cut.start - start) * self.rate)
        if left is not None:
            most = left if most is None else min(most, left)
        if left is not None and left <= 0:
            return
        for block in self._whole.blocks(self._cut.start + start, most):
            yield block if left is None else block[:left]
            if left is not None:
                left -= len(block)
                if left <= 0:
                    return

    def __enter__(self) -> Self:
        self._whole.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._whole.__exit__(kind, error, trace)
