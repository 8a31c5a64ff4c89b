"""Samples of recordings that are still to be transcribed, in a folder of the library.

The worker that extracts a song's features leaves here what is to be transcribed of it, at the recogniser's rate. What
is missing, because it was heard before or the folder is full, is decoded again.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from alcca.errors import AlccaError, DiskError, LibraryError
from alcca.indexing.song_files import crash_reason
from alcca.persistence import disk_error
from alcca.songs.audio import SPEECH_RATE, AudioSlice, content_hash, read_slice
from alcca.songs.cut import Cut, file_of, split_content
from alcca.songs.remote import at_hand
from alcca.speech.place import read_most_sung
from alcca.speech.samples import read_samples, write_samples, write_song
from alcca.store.records import Song
from alcca.store.transcripts import SLICE
from alcca.workers.patience import SECONDS_BEFORE_KILL, ends_when_stuck
from alcca.workers.pool import within_memory

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MAX_KEPT", "Recording", "SpeechSamples", "crashed_recording", "read_recording"]

# A slice takes 1.9 MB, so these take a gigabyte; decoding again takes a thirtieth of the time of transcription.
MAX_KEPT = 500
# In the names of files, before the start of a slice that was chosen by what is sung.
SUNG = "-sung-"


@dataclass(frozen=True)
class Recording:
    """The samples of a song for the recogniser, or the reason why there are none.

    Parameters
    ----------
    song : Song
    extent : str
        "slice" or "song".
    path : Path or None
        A file of float32 samples at 16 kHz.
    start : float
        Where they begin in the recording, in seconds.
    reason : str or None
    scratch : Path or None
        A folder that holds only this recording's samples, and goes with them.
    """

    song: Song
    extent: str
    path: Path | None = None
    start: float = 0.0
    reason: str | None = None
    scratch: Path | None = None

    @property
    def name(self) -> str:
        """A file of the song."""
        return self.song.paths[0] if self.song.paths else self.song.title

    def samples(self) -> "NDArray[np.float32]":
        """The samples, shape (n,); read from the disk as they are needed."""
        assert self.path is not None
        return read_samples(self.path)

    def remove_scratch(self) -> None:
        """Remove the samples if they are not in a library's folder."""
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)


@dataclass(frozen=True)
class SpeechSamples:
    """The folder of samples in the library at ``folder``."""

    folder: Path

    @property
    def place(self) -> Path:
        """Where the samples are."""
        return self.folder / "unheard"

    def keep(self, path: Path, content: str, middle: AudioSlice, cut: Cut | None) -> None:
        """Keep the 30 s of a song in which most is sung; on a full disk they are not kept, but decoded again later."""
        chosen = read_most_sung(path, middle, cut)
        self._keep(self._sung(content, chosen.start), chosen)

    def keep_slice(self, content: str, offset: float, slice_: AudioSlice) -> None:
        """Keep a slice that begins where its owner has chosen; as `keep`."""
        self._keep(self._from(content, offset), slice_)

    def _keep(self, target: Path, chosen: AudioSlice) -> None:
        with contextlib.suppress(OSError, DiskError):
            self.place.mkdir(exist_ok=True)
            write_samples(chosen.decoded, target)

    def remove(self, song: Song) -> None:
        """Remove the samples of a song that was transcribed."""
        for path in self.place.glob(f"{_name(song.hash)}*.f32"):
            path.unlink(missing_ok=True)

    def clear_when_empty(self) -> None:
        """Remove the folder when it is empty."""
        # Names that begin with a dot are halves of files, left by a process that was killed.
        if all(path.name.startswith(".") for path in self.place.glob("*.f32")):
            shutil.rmtree(self.place, ignore_errors=True)

    def _from(self, content: str, offset: float) -> Path:
        return self.place / f"{_name(content)}-{offset:.3f}.f32"

    def _sung(self, content: str, start: float) -> Path:
        # Found by the song alone, so that the place is not chosen a second time.
        return self.place / f"{_name(content)}{SUNG}{start:.3f}.f32"

    # In worker processes

    def read(self, song: Song, extent: str) -> Recording:
        """Decode what is to be transcribed of a song, unless it is here; DiskError if the disk is full."""
        if extent == SLICE and (kept := self._kept(song)) is not None:
            return kept
        with ends_when_stuck(SECONDS_BEFORE_KILL) as reached:
            return self._decode(song, extent, reached)

    def _kept(self, song: Song) -> Recording | None:
        assert song.audio is not None
        if song.audio.offset is not None:
            path = self._from(song.hash, song.audio.offset)
            return Recording(song, SLICE, path, song.audio.start) if path.is_file() else None
        for path in self.place.glob(f"{_name(song.hash)}{SUNG}*.f32"):
            return Recording(song, SLICE, path, float(path.stem.rpartition(SUNG)[2]))
        return None

    def _decode_slice(self, here: Path, song: Song, cut: Cut | None) -> Recording:
        assert song.audio is not None
        offset = song.audio.offset
        with within_memory(here.name):
            found = read_slice(here, offset=offset, rate=SPEECH_RATE, cut=cut)
        if offset is not None:
            target, start = self._from(song.hash, offset), song.audio.start
        else:
            found = read_most_sung(here, found, cut)
            # As in the name of the file, by which it may be found the next time.
            target, start = self._sung(song.hash, found.start), round(found.start, 3)
        write_samples(found.decoded, target)
        return Recording(song, SLICE, target, start)

    def _decode(self, song: Song, extent: str, reached: Callable[[], object] = lambda: None) -> Recording:
        reason = "the library knows no file of it"
        try:
            self.place.mkdir(exist_ok=True)
        except OSError as error:
            raise disk_error(error, self.place) or LibraryError(
                f"{self.place}: cannot be made ({error.strerror}); check its permissions"
            ) from error
        content, cut = split_content(song.hash)
        for path in map(file_of, song.paths):
            try:
                with at_hand(path, reached) as here:
                    if content_hash(here, reached) != content:
                        reason = f"{path}: has changed since it was added; run alcca add on its folder again"
                        continue
                    if extent == SLICE:
                        return self._decode_slice(here, song, cut)
                    target = self.place / f"{_name(song.hash)}.f32"
                    with within_memory(here.name):
                        write_song(here, target, reached, cut)
                    return Recording(song, extent, target)
            except OSError as error:
                if said := disk_error(error, self.place):
                    raise said from error
                reason = f"{path}: cannot be read ({error.strerror or error})"
            except DiskError:
                # The next song has no room either.
                raise
            except AlccaError as error:
                reason = str(error)
        return Recording(song, extent, reason=reason)


def read_recording(task: tuple[Song, str], *, folder: Path | None) -> Recording:
    """Decode the samples of a song, to an extent, in a worker; as `SpeechSamples.read`.

    Without the ``folder`` of the library, for a worker that does not see it, they are in one of their own.
    """
    if folder is not None:
        return SpeechSamples(folder).read(*task)
    scratch = Path(tempfile.mkdtemp(prefix="alcca-"))
    try:
        return replace(SpeechSamples(scratch).read(*task), scratch=scratch)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise


def crashed_recording(task: tuple[Song, str]) -> Recording:
    """Stand in for the recording of a song whose file has killed the process that read it."""
    song, extent = task
    return Recording(song, extent, reason=crash_reason(song.paths))


def _name(content: str) -> str:
    # The hash of an empty file contains its path.
    return content.replace("/", "_").replace(":", "_")
