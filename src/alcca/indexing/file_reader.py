"""Read one audio file in a worker process: hash, tags, words, features."""

import socket
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from alcca.errors import AlccaError, ClusterError, DiskError
from alcca.features.mfcc import mfcc
from alcca.indexing.song_files import crash_reason
from alcca.indexing.speech_samples import SpeechSamples
from alcca.persistence import disk_error
from alcca.songs.audio import SAMPLE_RATE, SPEECH_RATE, content_hash, read_slice, read_slices
from alcca.songs.remote import at_hand, is_address
from alcca.songs.scan import SongTables, SongText, read_song_text
from alcca.songs.tags import Tags, read_tags
from alcca.store.records import FileStamp, SongAudio
from alcca.workers.pool import SECONDS_BEFORE_KILL, ends_when_stuck, within_memory

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["AddCall", "FileRead", "FileTask", "read_file", "read_rest", "unread"]

# The slowest disk that files are read from, in bytes a second: a large file has more time than a small one.
MIN_DISK_SPEED = 10e6
# Ten hours of eight channels at 96 kHz are smaller. A larger file is no recording, and reading it would take hours.
MAX_FILE_BYTES = 128 * 2**30


@dataclass(frozen=True)
class FileTask:
    """A file to be read."""

    # Absolute, or an address.
    path: str
    root: str
    stamp: FileStamp
    offset: float | None
    # The library's folder, if its slice is kept there for transcription.
    keep_sound: Path | None = None
    # False if the bytes are unchanged, and only the words or tags beside them may differ.
    sound: bool = True


@dataclass(frozen=True)
class FileRead:
    """Everything that was read of a file, or the reason why it is unusable."""

    task: FileTask
    content: str | None = None
    unreadable: str | None = None
    text: SongText | None = None
    # Of a recording at an address: the process that adds has the texts beside it.
    tags: Tags | None = None
    audio: SongAudio | None = None
    audio_reason: str | None = None
    audio_notes: tuple[str, ...] = ()
    mfcc: "NDArray[np.float32] | None" = None


class AddCall(NamedTuple):
    """What all files of one call of `add_folder` share."""

    # Workers of a cluster outlive the call.
    name: str
    # Hashes of contents that need not be decoded.
    settled: frozenset[str]
    # Whether the folder may be missing where a worker is.
    may_be_unseen: bool


def unread(task: FileTask) -> FileRead:
    """Stand in for a file that has killed the process that read it."""
    return FileRead(task, unreadable=crash_reason([task.path]))


def read_file(task: FileTask, call: AddCall) -> FileRead:
    """Read one file in a worker: its content's hash, its words and tags, its features.

    Raises
    ------
    DiskError
        If a disk of this machine is full.
    ClusterError
        If the worker does not see the folder.
    """
    if call.may_be_unseen and not is_address(task.path) and not Path(task.root).exists():
        raise ClusterError(
            f"{task.root}: the worker on {socket.gethostname()} does not see it; mount it there under the same path"
        )
    with ends_when_stuck(_seconds_for(task)):
        return _read_unsettled(task, call)


def _seconds_for(task: FileTask) -> float:
    return SECONDS_BEFORE_KILL + max(0, task.stamp.size) / MIN_DISK_SPEED


def _read_unsettled(task: FileTask, call: AddCall) -> FileRead:
    with ExitStack() as stack:
        read, path = _read_all_but_sound(task, stack, call.name)
        return _read_sound(read, path, call.settled) if task.sound and read.content else read


def read_rest(task: FileTask, call: AddCall) -> FileRead:
    """Read a file but for its sound, which has killed a process before; errors as `read_file`."""
    with ends_when_stuck(_seconds_for(task)), ExitStack() as stack:
        read, path = _read_all_but_sound(task, stack, call.name)
        return replace(read, audio_reason=crash_reason([path.name])) if task.sound and read.content else read


def _read_all_but_sound(task: FileTask, stack: ExitStack, call: str) -> tuple[FileRead, Path]:
    """Read a file without decoding it; return its path too, which is valid until the stack is closed."""
    path = Path(task.path)
    if not task.sound and not is_address(task.path):
        return FileRead(task, **_words(task, path, call)), path
    if task.stamp.size > MAX_FILE_BYTES:
        reason = f"{path.name}: has {task.stamp.size / 2**30:,.0f} GiB, more than any recording; split it, or remove it"
        return FileRead(task, unreadable=reason), path
    try:
        path = stack.enter_context(at_hand(task.path))
        content = content_hash(path)
    except OSError as error:
        if said := disk_error(error, task.path):
            raise said from error
        name = Path(task.path).name
        return FileRead(task, unreadable=f"{name}: cannot be read ({error.strerror}); check its permissions"), path
    return FileRead(task, content=content if task.sound else None, **_words(task, path, call)), path


def _read_sound(read: FileRead, path: Path, settled: frozenset[str]) -> FileRead:
    task, content = read.task, read.content or ""
    if content in settled:
        return read
    try:
        if task.keep_sound is None:
            with within_memory(path.name):
                audio = read_slice(path, offset=task.offset)
        else:
            with within_memory(path.name):
                audio, speech = read_slices(path, rates=(SAMPLE_RATE, SPEECH_RATE), offset=task.offset)
            SpeechSamples(task.keep_sound).keep(content, speech.start, speech.decoded)
        features = mfcc(audio.samples)
    except DiskError:
        raise
    except AlccaError as error:
        return replace(read, audio_reason=str(error))
    about = SongAudio(task.offset, audio.start, audio.seconds, audio.padded, audio.duration, audio.decoder)
    return replace(read, audio=about, audio_notes=audio.notes, mfcc=features)


def _words(task: FileTask, path: Path, call: str) -> dict[str, Any]:
    """Words and tags of a recording; of one that was fetched from an address, only those in the file."""
    tags = _tags(path)
    if is_address(task.path):
        return {"tags": tags}
    root = Path(task.root)
    return {"text": read_song_text(path, root, _tables(root, call), tags=tags)}


def _tags(path: Path) -> Tags:
    with suppress(OSError):
        if not path.stat().st_size:
            # Some files of the system have no size, and reading them never ends.
            return Tags()
    with within_memory(path.name):
        return read_tags(path)


@lru_cache(maxsize=1)
def _tables(root: Path, call: str) -> SongTables:
    # A worker reads a folder's tables once in a call, not once a song.
    return SongTables(root)
