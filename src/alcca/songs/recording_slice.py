"""The slice of a song's recording that its features and its transcript describe, read when it is needed."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from alcca.errors import AudioError
from alcca.persistence.trusted import is_trusted_address
from alcca.songs.apart import read_slices_apart
from alcca.songs.audio import SPEECH_RATE
from alcca.songs.cut import file_of, split_content
from alcca.songs.remote import at_hand, is_address

__all__ = ["RecordingSlice"]


@dataclass(frozen=True)
class RecordingSlice:
    """A slice of a recording. Two are equal if their content is, wherever their files are.

    Parameters
    ----------
    content : str
        The hash of the file, as from `alcca.songs.audio.content_hash`, and the cut if the song is a part of it.
    offset : float or None
        Its start in seconds, or None for the middle of the song.
    paths : tuple of str
        The files, or their addresses, as the store names them.
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
        content, cut = split_content(self.content)
        for path in map(file_of, self.paths):
            if is_address(path) and not is_trusted_address(path):
                reason = f"{path}: is read only with your permission; if you trust it, alcca.trust({path!r})"
                continue
            try:
                with at_hand(path) as here:
                    (found,) = read_slices_apart(
                        here, rates=(SPEECH_RATE,), offset=self.offset, content=content, cut=cut
                    )
                    return found.decoded
            except AudioError as error:
                reason = str(error)
            except OSError as error:
                reason = f"{path}: cannot be read ({error.strerror or error})"
        raise AudioError(reason)
