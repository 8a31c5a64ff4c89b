"""The slice of a song's recording that its features and its transcript describe, read when it is needed."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from alcca.errors import AudioError
from alcca.songs.apart import read_slices_apart
from alcca.songs.audio import SPEECH_RATE, content_hash
from alcca.songs.remote import at_hand

__all__ = ["RecordingSlice"]


@dataclass(frozen=True)
class RecordingSlice:
    """A slice of a recording. Two are equal if their content is, wherever their files are.

    Parameters
    ----------
    content : str
        The hash of the file, as from `alcca.songs.audio.content_hash`.
    offset : float or None
        Its start in seconds, or None for the middle of the song.
    paths : tuple of str
        The files, or their addresses.
    """

    content: str
    offset: float | None
    paths: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def samples(self) -> NDArray[np.float32]:
        """Decode it in a separate process: shape (n,), mono, 16 kHz.

        Raises
        ------
        AudioError
            No file has this content any more, or it cannot be decoded.
        """
        reason = "no file of it is known"
        for path in self.paths:
            try:
                with at_hand(path) as here:
                    if content_hash(here) == self.content:
                        return read_slices_apart(here, rates=(SPEECH_RATE,), offset=self.offset)[0].decoded
                    reason = f"{path}: has changed since it was added; run alcca add on its folder again"
            except OSError as error:
                reason = f"{path}: cannot be read ({error.strerror or error})"
        raise AudioError(reason)
