"""From files to songs in the store: in parallel, resumable, and whatever a file does to its reader.

Worker processes hash, decode and describe the files; this process alone writes, a batch at a time, and opens none of
them. A file whose decoder kills its process or never comes back is rejected with that reason; the rest goes on.
"""

import os
import socket
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from alcca.errors import AlccaError, ClusterError, DiskError
from alcca.features.mfcc import mfcc
from alcca.indexing.reports import AddReport
from alcca.indexing.song_files import crash_reason
from alcca.indexing.sources import Source, music_at
from alcca.indexing.speech_samples import MAX_KEPT, Unheard
from alcca.persistence import disk_error
from alcca.progress import Progress
from alcca.songs.audio import SAMPLE_RATE, SPEECH_RATE, content_hash, read_slice, read_slices
from alcca.songs.remote import at_hand, exists, is_address
from alcca.songs.scan import SongTables, SongText, read_song_text
from alcca.songs.tags import Tags, read_tags
from alcca.store.records import WORDS, FileStamp, Song, SongAudio
from alcca.store.songs import Store
from alcca.workers.pool import BATCH, SECONDS_BEFORE_KILL, ends_when_stuck, within_memory
from alcca.workers.workers import Workers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["add_folder"]

# The slowest disk that files are read from, in bytes a second: a large file has more time than a small one.
MIN_DISK_SPEED = 10e6
# Ten hours of eight channels at 96 kHz stay below; more is no recording, and would be read for hours.
MAX_FILE_BYTES = 128 * 2**30


@dataclass(frozen=True)
class _Task:
    # Absolute, or an address.
    path: str
    root: str
    stamp: FileStamp
    offset: float | None
    # The library's folder, when the slice shall be kept for hearing.
    keep_sound: Path | None = None
    # False when the bytes are known to be unchanged and only the words or tags beside them may differ.
    sound: bool = True


@dataclass(frozen=True)
class _FileRead:
    task: _Task
    content: str | None = None
    unreadable: str | None = None
    text: SongText | None = None
    # Of a recording at an address, whose words are found where the texts beside it are.
    tags: Tags | None = None
    audio: SongAudio | None = None
    audio_reason: str | None = None
    audio_notes: tuple[str, ...] = ()
    mfcc: "NDArray[np.float32] | None" = None


def add_folder(
    store: Store,
    folder: str | os.PathLike[str],
    *,
    offset: float | None,
    retry: bool,
    keep_sound: bool,
    progress: bool,
    workers: Workers,
) -> AddReport:
    """Bring every audio file below ``folder``, or an address, into the store; see `Library.add`.

    With ``keep_sound``, workers that see the library leave the slices that they decode there, for transcription.
    """
    started = time.monotonic()
    with music_at(folder) as source:
        report = AddReport(found=len(source.files))
        keep = store.folder if keep_sound and workers.shares_disk else None
        addition = _Addition(store, source, report, offset, retry, keep, workers, progress)
        _drop_damaged(store)
        known = _known_before(addition)
        _read_and_store(addition, _tasks(addition, known), known)
        _report_songs(addition)
    report.seconds = time.monotonic() - started
    return report


@dataclass(frozen=True)
class _Addition:
    """One call of `add_folder`: what is brought into which store, and how."""

    store: Store
    source: Source
    # Gets the numbers.
    report: AddReport
    # Seconds, where the slice of every song begins; None: in its middle.
    offset: float | None
    # Decode again what could not be decoded.
    retry: bool
    # The library's folder, when slices shall be kept for hearing.
    keep_sound: Path | None
    # Read the files.
    workers: Workers
    # Show a bar.
    progress: bool


@dataclass(frozen=True)
class _Known:
    """What the store knew before a call: files by path, the content of songs by number, and the settled content."""

    # Those of files that are stored are put in place of the old ones.
    stamps: dict[str, FileStamp]
    hashes: dict[int, str]
    # Need not be decoded again, whatever its file is called now.
    settled: frozenset[str]


def _drop_damaged(store: Store) -> None:
    damaged = store.damaged()
    if damaged:
        with store.transaction():
            store.drop_songs(damaged)


def _known_before(addition: _Addition) -> _Known:
    songs = addition.store.songs()
    settled = frozenset(
        song.hash
        for song in songs
        if (song.audio.offset == addition.offset if song.audio is not None else not addition.retry)
    )
    return _Known(addition.store.file_stamps(), {song.id: song.hash for song in songs}, settled)


def _tasks(addition: _Addition, known: _Known) -> list[_Task]:
    """The files that have to be read, in the order of the source; the others are counted as unchanged."""
    source = addition.source
    tasks: list[_Task] = []
    for file in source.files:
        stamp, old = source.stamp(file), known.stamps.get(file)
        keep = addition.keep_sound if len(tasks) < MAX_KEPT else None
        task = _Task(file, str(source.root), stamp, addition.offset, keep)
        if old is None or not _sound_is_known(old, stamp, known):
            tasks.append(task)
        elif old.fingerprint != stamp.fingerprint:
            tasks.append(replace(task, sound=False))
        else:
            addition.report.unchanged += 1
    return tasks


def _sound_is_known(old: FileStamp, new: FileStamp, known: _Known) -> bool:
    """Whether a file was read before, has the same bytes, and what they contain is settled."""
    content = None if old.song is None else known.hashes.get(old.song)
    return not old.unreadable and content in known.settled and _same_bytes(old, new)


def _read_and_store(addition: _Addition, tasks: Sequence[_Task], known: _Known) -> None:
    """Read the files, and store what comes a batch at a time."""
    batch: list[_FileRead] = []
    with Progress("adding songs", total=len(tasks), unit="file", show=addition.progress and bool(tasks)) as bar:
        try:
            for read in _read_all(tasks, known.settled, addition.workers):
                batch.append(_with_words(read, addition.source))
                bar.update()
                if len(batch) >= BATCH:
                    _write(addition.store, batch, known.stamps, addition.report)
                    batch = []
        finally:
            # Ctrl-C comes through here too: what was read is kept.
            _write(addition.store, batch, known.stamps, addition.report)


def _report_songs(addition: _Addition) -> None:
    """Put what the store says of the source's songs and files into the report."""
    store, source, report = addition.store, addition.source, addition.report
    here = set(source.files)
    for song in store.songs():
        for name in sorted(here.intersection(song.paths)):
            report.rejects += [(name, reason) for reason in song.reasons]
            report.notes += [(name, note) for note in song.notes]
    for stamp in store.file_stamps().values():
        if stamp.unreadable and stamp.path in here:
            report.rejects.append((stamp.path, stamp.unreadable))
    report.notes += [(source.name, problem) for problem in (*source.problems, *source.tables.problems)]


def _with_words(read: _FileRead, source: Source) -> _FileRead:
    """Complete what was read at an address: what stands beside the recording is here."""
    return read if read.tags is None else replace(read, text=source.text(read.task.path, read.tags))


def _same_bytes(old: FileStamp, new: FileStamp) -> bool:
    return (old.size, old.modified) == (new.size, new.modified)


# Reading, in worker processes


class _Call(NamedTuple):
    """What all files of one call of `add_folder` have in common."""

    # Workers of a cluster outlive it.
    name: str
    settled: frozenset[str]
    # Whether the folder may be missing where a worker is.
    may_be_unseen: bool


def _read_all(tasks: Sequence[_Task], settled: frozenset[str], workers: Workers) -> Iterator[_FileRead]:
    call = workers.share(_Call(uuid.uuid4().hex, settled, not workers.shares_disk))

    def crashed(number: int) -> _FileRead:
        """What is known of a file that has killed its worker; another one looks, for it might kill that too."""
        return next(workers.each(_read_rest, [(tasks[number], call)], lambda _: _unread(tasks[number])))

    return workers.each(_read, [(task, call) for task in tasks], crashed)


def _unread(task: _Task) -> _FileRead:
    return _FileRead(task, unreadable=crash_reason([task.path]))


def _read(task: _Task, call: _Call) -> _FileRead:
    """Everything about one file: its content's hash, its words and tags, its features."""
    if call.may_be_unseen and not is_address(task.path) and not Path(task.root).exists():
        raise ClusterError(
            f"{task.root}: the worker on {socket.gethostname()} does not see it; mount it there under the same path"
        )
    with ends_when_stuck(_seconds_for(task)):
        return _read_unsettled(task, call)


def _seconds_for(task: _Task) -> float:
    return SECONDS_BEFORE_KILL + max(0, task.stamp.size) / MIN_DISK_SPEED


def _read_unsettled(task: _Task, call: _Call) -> _FileRead:
    with ExitStack() as stack:
        read, path = _read_all_but_sound(task, stack, call.name)
        return _read_sound(read, path, call.settled) if task.sound and read.content else read


def _read_rest(task: _Task, call: _Call) -> _FileRead:
    """All about a file but its sound, which has killed a process before."""
    with ends_when_stuck(_seconds_for(task)), ExitStack() as stack:
        read, path = _read_all_but_sound(task, stack, call.name)
        return replace(read, audio_reason=crash_reason([path.name])) if task.sound and read.content else read


def _read_all_but_sound(task: _Task, stack: ExitStack, call: str) -> tuple[_FileRead, Path]:
    """What is known of a file before it is decoded, and where it is until the end of the stack."""
    path = Path(task.path)
    if not task.sound and not is_address(task.path):
        return _FileRead(task, **_words(task, path, call)), path
    if task.stamp.size > MAX_FILE_BYTES:
        reason = f"{path.name}: has {task.stamp.size / 2**30:,.0f} GiB, more than any recording; split it, or remove it"
        return _FileRead(task, unreadable=reason), path
    try:
        path = stack.enter_context(at_hand(task.path))
        content = content_hash(path)
    except OSError as error:
        if said := disk_error(error, task.path):
            raise said from error
        name = Path(task.path).name
        return _FileRead(task, unreadable=f"{name}: cannot be read ({error.strerror}); check its permissions"), path
    return _FileRead(task, content=content if task.sound else None, **_words(task, path, call)), path


def _read_sound(read: _FileRead, path: Path, settled: frozenset[str]) -> _FileRead:
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
            Unheard(task.keep_sound).keep(content, speech.start, speech.decoded)
        features = mfcc(audio.samples)
    except DiskError:
        raise
    except AlccaError as error:
        return replace(read, audio_reason=str(error))
    about = SongAudio(task.offset, audio.start, audio.seconds, audio.padded, audio.duration, audio.decoder)
    return replace(read, audio=about, audio_notes=audio.notes, mfcc=features)


def _words(task: _Task, path: Path, call: str) -> dict[str, Any]:
    """Words and tags of a recording that is here; of one that was fetched, what the file itself tells."""
    tags = _tags(path)
    if is_address(task.path):
        return {"tags": tags}
    root = Path(task.root)
    return {"text": read_song_text(path, root, _tables(root, call), tags=tags)}


def _tags(path: Path) -> Tags:
    with suppress(OSError):
        if not path.stat().st_size:
            # Some of the system's files say that they are empty, and reading them never ends.
            return Tags()
    with within_memory(path.name):
        return read_tags(path)


@lru_cache(maxsize=1)
def _tables(root: Path, call: str) -> SongTables:
    # A worker reads a folder's tables once in a call, not once a song.
    return SongTables(root)


# Writing, in this process


def _write(store: Store, batch: Sequence[_FileRead], known: dict[str, FileStamp], report: AddReport) -> None:
    if not batch:
        return
    with store.transaction():
        for read in batch:
            _write_one(store, read, known, report)


def _write_one(store: Store, read: _FileRead, known: dict[str, FileStamp], report: AddReport) -> None:
    stamp = read.task.stamp
    old = known.get(stamp.path)
    if read.text is None:
        # What was read earlier stays: a disk that is not mounted today must not empty the library.
        store.put_file(replace(stamp, song=old.song if old else None, unreadable=read.unreadable))
        report.added += old is None
        report.changed += old is not None
        return
    present = _present(store, read, old)
    elsewhere = [path for path in (present.paths if present else ()) if path != stamp.path]
    gone = [path for path in elsewhere if not exists(path)]
    number = store.put_song(_song(read, present, gone))
    if read.mfcc is not None:
        store.put_features(number, "mfcc", read.mfcc)
    for path in gone:
        store.forget_file(path)
    known[stamp.path] = replace(stamp, song=number)
    store.put_file(known[stamp.path])
    report.changed += old is not None
    report.moved += old is None and bool(gone)
    report.duplicates += old is None and not gone and bool(elsewhere)
    report.added += old is None and not elsewhere


def _present(store: Store, read: _FileRead, old: FileStamp | None) -> Song | None:
    if read.task.sound:
        return store.song_by_hash(_key(read))
    return store.songs([old.song])[0] if old is not None and old.song is not None else None


def _key(read: _FileRead) -> str:
    # Empty files all have the same content, and are not the same song.
    return read.content if read.content and read.task.stamp.size else f"empty:{read.task.stamp.path}"


def _song(read: _FileRead, present: Song | None, gone: Sequence[str]) -> Song:
    """The song as it is now known: its sound and its words each from the file that decides them."""
    text = read.text or SongText()
    fresh = Song(
        hash=present.hash if present else _key(read),
        **{name: getattr(text, name) for name in WORDS},
        words_from=read.task.stamp.path,
        audio=read.audio,
        audio_reason=read.audio_reason,
        notes=(*text.notes, *read.audio_notes),
    )
    if present is None:
        return fresh
    if read.audio is None and read.audio_reason is None:
        fresh = replace(fresh, audio=present.audio, audio_reason=present.audio_reason, notes=present.notes)
    # Of several copies of a file the first that has lyrics gives the song its words.
    owner = present.words_from in (fresh.words_from, *gone) or (present.lyrics is None and fresh.lyrics is not None)
    if not owner:
        kept = {name: getattr(present, name) for name in (*WORDS, "words_from")}
        fresh = replace(fresh, **kept)
    return fresh
