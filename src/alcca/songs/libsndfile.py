"""libsndfile as a decoder: WAV, FLAC, Vorbis, MP3, AIFF and relatives."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from alcca.songs.decoder import FilePart, check_header, plausible
from alcca.songs.downmix import Downmix

__all__ = ["SoundfileDecoder"]

# Each call of libsndfile from Python seeks in the file, which takes a tenth of a millisecond for MP3.
BLOCK_VALUES, SMALL_BLOCK_VALUES = 1 << 20, 1 << 17


class SoundfileDecoder:
    """libsndfile; seeks to the exact sample in all of its formats."""

    name = "soundfile"

    def __init__(self, path: Path, span: range | None = None) -> None:
        import soundfile

        self._part = None if span is None else FilePart(path, span)
        self._file = soundfile.SoundFile(os.fspath(path) if self._part is None else self._part)
        if self._file.format == "RAW":
            # libsndfile reads any bytes as RAW if the file's name ends in .au or .snd.
            self._close()
            raise ValueError("no header of an audio format")
        self.damaged = 0
        self.downmix = Downmix()
        self.rate, self.channels = int(self._file.samplerate), int(self._file.channels)
        check_header(self.rate, self.channels)
        self._block, self._small = (max(1, values // self.channels) for values in (BLOCK_VALUES, SMALL_BLOCK_VALUES))
        self.declared = plausible(self._file.frames / self.rate)

    def blocks(self, start: float, most: int | None = None) -> Iterator[NDArray[np.float32]]:
        """Mono samples from ``start`` seconds to the end, or until there are ``most``."""
        at = round(start * self.rate)
        end = at + most if most is not None else self._file.frames
        size = self._block
        self._file.seek(at)
        while at < end:
            try:
                block = self._file.read(min(size, end - at), dtype="float32", always_2d=True)
            except Exception:
                if size <= self._small:
                    raise
                # Read again in smaller pieces, so that only the damaged one is lost.
                size = self._small
                self._file.seek(at)
                continue
            if not len(block):
                return
            at += len(block)
            yield self.downmix(block.T)

    def _close(self) -> None:
        self._file.close()
        if self._part is not None:
            self._part.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
