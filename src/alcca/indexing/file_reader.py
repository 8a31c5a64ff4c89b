"""Read one audio file in a worker process: hash, tags, words, features."""

import socket
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from alcca.errors import AlccaError, AudioError, ClusterError, DiskError
from alcca.features.mfcc import mfcc
from alcca.indexing.song_files import crash_reason
from alcca.indexing.speech_samples import SpeechSamples
from alcca.metadata.cue_sheets import SongSheet, sheet_in_tags
from alcca.metadata.sidecars import SongTables
from alcca.metadata.song_text import SongText, read_song_text
from alcca.metadata.tags import Tags, read_tags
from alcca.metadata.track_text import tags_with_sheet, track_text
from alcca.persistence import disk_error
from alcca.songs.audio import SAMPLE_RATE, SPEECH_RATE, content_hash, read_slice, read_slices
from alcca.songs.cut import Cut, cut_content, split_content, track_path
from alcca.songs.remote import at_hand, is_address
from alcca.songs.sniff import not_audio
from alcca.store.records import FileStamp, SongAudio
from alcca.texts.cue import CueTrack
from alcca.workers.patience import SECONDS_BEFORE_KILL, ends_when_stuck
from alcca.workers.pool import within_memory

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["AddCall", "FileRead", "FileTask", "read_file", "read_rest", "unread"]

# A file that has held up one process gets less time from the next.
SECONDS_FOR_REST = SECONDS_BEFORE_KILL / 3
# Files of hours are smaller, and reading takes long. Before that, the first bytes tell whether it can be audio.
LARGE_FILE_BYTES = 2**31
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
    # Of the tables and lyric files beside it, if the owner says it.
    encoding: str | None = None
    # False if the bytes are unchanged, and only the words or tags beside them may differ.
    sound: bool = True
    # The cue sheet beside it.
    sheet: SongSheet | None = None


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
    # If a cue sheet makes several songs of the file: each of them, and then nothing else but the task.
    tracks: "tuple[FileRead, ...]" = ()
    # Of one of these: its sheet, and its entry there.
    sheet: SongSheet | None = None
    track: CueTrack | None = None


class AddCall(NamedTuple):
    """What all files of one call of `add_folder` share."""

    # Workers of a cluster outlive the call.
    name: str
    # Hashes of contents that need not be decoded.
    settled: frozenset[str]
    # Whether the folder may be missing where a worker is.
    may_be_unseen: bool


def unread(task: FileTask) -> FileRead:
    """Stand in for a file of which not even the bytes or the tags could be read."""
    name = Path(task.path).name
    return FileRead(
        task,
        unreadable=f"{name}: cannot be read: it sent no data for too long, or ended the processes that tried; "
        "check its disk, or remove it",
    )


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
    with ends_when_stuck(SECONDS_BEFORE_KILL) as reached, ExitStack() as stack:
        read, path = _read_all_but_sound(task, stack, call.name, reached)
        if read.tracks:
            tracks = []
            for one in read.tracks:
                tracks.append(_read_sound(one, path, call.settled))
                reached()
            return replace(read, tracks=tuple(tracks))
        return _read_sound(read, path, call.settled) if task.sound and read.content else read


def read_rest(task: FileTask, call: AddCall) -> FileRead:
    """Read a file but for its sound, after a process that read it was killed; errors as `read_file`."""
    with ends_when_stuck(SECONDS_FOR_REST) as reached, ExitStack() as stack:
        read, path = _read_all_but_sound(task, stack, call.name, reached)
        reason = crash_reason([path.name])
        if read.tracks:
            return replace(read, tracks=tuple(replace(one, audio_reason=reason) for one in read.tracks))
        return replace(read, audio_reason=reason) if task.sound and read.content else read


def _read_all_but_sound(
    task: FileTask, stack: ExitStack, call: str, reached: Callable[[], object]
) -> tuple[FileRead, Path]:
    """Read a file without decoding it; return its path too, which is valid until the stack is closed."""
    path = Path(task.path)
    if not task.sound and not is_address(task.path):
        read = _with_words(FileRead(task), path, call)
        if not read.tracks:
            return read, path
        # It was one song until now.
    if task.stamp.size > MAX_FILE_BYTES:
        reason = f"{path.name}: has {task.stamp.size / 2**30:,.0f} GiB, more than any recording; split it, or remove it"
        return FileRead(task, unreadable=reason), path
    try:
        path = stack.enter_context(at_hand(task.path, reached))
        if task.stamp.size > LARGE_FILE_BYTES and (why := not_audio(path)) is not None:
            # Often a sparse file, of which reading gives zeros for minutes.
            return FileRead(task, unreadable=f"{path.name}: {why}"), path
        content = content_hash(path, reached)
    except OSError as error:
        if said := disk_error(error, task.path):
            raise said from error
        name = Path(task.path).name
        return FileRead(task, unreadable=f"{name}: cannot be read ({error.strerror}); check its permissions"), path
    read = _with_words(FileRead(task, content=content), path, call)
    return (read if task.sound or read.tracks else replace(read, content=None)), path


def _read_sound(read: FileRead, path: Path, settled: frozenset[str]) -> FileRead:
    task, content = read.task, read.content or ""
    if content in settled:
        return read
    _, cut = split_content(content)
    try:
        if task.keep_sound is None:
            with within_memory(path.name):
                audio = read_slice(path, offset=task.offset, cut=cut)
        else:
            with within_memory(path.name):
                audio, speech = read_slices(path, rates=(SAMPLE_RATE, SPEECH_RATE), offset=task.offset, cut=cut)
            kept = SpeechSamples(task.keep_sound)
            if task.offset is None:
                kept.keep(path, content, speech, cut)
            else:
                kept.keep_slice(content, task.offset, speech)
        features = mfcc(audio.samples)
    except DiskError:
        raise
    except AlccaError as error:
        return replace(read, audio_reason=str(error))
    about = SongAudio(task.offset, audio.start, audio.seconds, audio.padded, audio.duration, audio.decoder)
    return replace(read, audio=about, audio_notes=audio.notes, mfcc=features)


def _with_words(read: FileRead, path: Path, call: str) -> FileRead:
    """Add words and tags; of a recording that was fetched from an address, only those in the file."""
    tags, root = _tags(path), Path(read.task.root)
    beside = read.task.sheet
    sheet, notes = (beside, []) if beside is not None else sheet_in_tags(tags)
    tags = replace(tags, cue_sheet=None, notes=(*tags.notes, *notes))
    if sheet is not None and sheet.divides:
        return _divided(read, path, call, tags, sheet)
    if sheet is not None:
        tags = tags_with_sheet(tags, sheet)
    if is_address(read.task.path):
        return replace(read, tags=tags)
    try:
        with within_memory("the words and tables beside it"):
            return replace(read, text=read_song_text(path, root, _tables(root, call, read.task.encoding), tags=tags))
    except AudioError as error:
        return replace(read, content=None, unreadable=str(error))


def _divided(read: FileRead, path: Path, call: str, tags: Tags, sheet: SongSheet) -> FileRead:
    """A recording that is several songs, with the words and tags of each, as `_with_words`."""
    task, root = read.task, Path(read.task.root)
    # The task counts as one where sounds are counted that wait to be transcribed, unless it comes with a sheet.
    keep = task.keep_sound if task.sheet is not None else None
    tracks: list[FileRead] = []
    for track in sheet.tracks:
        own = track_path(task.path, track.number)
        # What is odd about the file is said once.
        said = replace(tags, notes=() if tracks else (*tags.notes, *sheet.notes))
        one = FileRead(
            replace(task, path=own, stamp=replace(task.stamp, path=own), sound=True, keep_sound=keep),
            content=cut_content(read.content or "", Cut(track.start, track.end)),
            sheet=sheet,
            track=track,
        )
        if is_address(task.path):
            tracks.append(replace(one, tags=said))
            continue
        try:
            with within_memory("the words and tables beside it"):
                tables = _tables(root, call, task.encoding)
                tracks.append(replace(one, text=track_text(path, root, tables, said, sheet, track)))
        except AudioError as error:
            return replace(read, content=None, unreadable=str(error))
    return replace(read, tracks=tuple(tracks))


def _tags(path: Path) -> Tags:
    with suppress(OSError):
        if not path.stat().st_size:
            # Some files of the system have no size, and reading them never ends.
            return Tags()
    try:
        with within_memory("its tags"):
            return read_tags(path)
    except AudioError as error:
        return Tags(notes=(str(error),))


@lru_cache(maxsize=2)
def _tables(root: Path, call: str, encoding: str | None) -> SongTables:
    # A worker reads a folder's tables once in a call, not once a song.
    return SongTables(root, encoding=encoding)
