"""From files to songs in the store: in parallel, resumable, and whatever a file does to the process that reads it.

Workers read the files (`alcca.indexing.file_reader`). This process opens none of them, and writes to the store in
batches (`alcca.indexing.song_writer`). A file whose decoder crashes or hangs is rejected with that reason, and the rest
goes on.
"""

import contextlib
import os
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from alcca.indexing.file_reader import AddCall, FileRead, FileTask, read_file, read_rest, unread
from alcca.indexing.local_music import Disk
from alcca.indexing.music_source import Source, music_at
from alcca.indexing.reports import AddReport
from alcca.indexing.song_writer import write
from alcca.indexing.speech_samples import MAX_KEPT
from alcca.indexing.tracks import tracks_by_file
from alcca.indexing.word_encodings import chosen_encoding, encoding_below, with_encoding
from alcca.progress import Progress
from alcca.songs.cut import file_of
from alcca.store.records import FileStamp
from alcca.store.songs import Store
from alcca.workers.pool import BATCH
from alcca.workers.workers import Workers

__all__ = ["add_folder"]


def add_folder(
    store: Store,
    folder: str | os.PathLike[str],
    *,
    offset: float | None,
    retry: bool,
    encoding: str | None,
    keep_sound: bool,
    progress: bool,
    workers: Workers,
) -> AddReport:
    """Add every audio file below a folder or an address to the store; see `Library.add`.

    With ``keep_sound``, workers that see the library leave the slices that they decode there, for transcription.
    """
    started = time.monotonic()
    beside = encoding_below(encoding, os.fspath(folder), store.file_stamps())
    with music_at(folder, beside) as source:
        report = AddReport(found=len(source.stamps), passed_over=dict(source.passed_over), places=list(source.places))
        disk = Disk(frozenset(source.stamps), str(source.root))
        keep = store.folder if keep_sound and workers.shares_disk else None
        addition = _Addition(store, source, report, offset, retry, encoding, keep, workers, progress, disk)
        _drop_damaged(store)
        known = _known_before(addition)
        with contextlib.closing(disk):
            _read_and_store(addition, _tasks(addition, known), known)
        _report_songs(addition)
    report.seconds = time.monotonic() - started
    return report


@dataclass(frozen=True)
class _Addition:
    """One call of `add_folder`."""

    store: Store
    source: Source
    # Counts what was done.
    report: AddReport
    # Start of every song's slice in seconds; None for its middle.
    offset: float | None
    # Decode files again that could not be decoded.
    retry: bool
    # Of tables and lyric files, if the owner says it.
    encoding: str | None
    # The library's folder, if slices are kept there for transcription.
    keep_sound: Path | None
    workers: Workers
    # Show a progress bar.
    progress: bool
    # Where other files of the same content may be.
    disk: Disk


@dataclass(frozen=True)
class _Known:
    """What the store had before a call: stamps of files by path, hashes of songs by id, and the settled hashes."""

    # Those of files that are written meanwhile take the place of the old ones.
    stamps: dict[str, FileStamp]
    hashes: dict[int, str]
    # Contents that need not be decoded again, wherever their file is now.
    settled: frozenset[str]
    # Paths of the tracks of each file that a cue sheet has divided.
    tracks: dict[str, list[str]]


def _drop_damaged(store: Store) -> None:
    if store.damaged():
        with store.transaction():
            store.drop_damage()


def _known_before(addition: _Addition) -> _Known:
    songs, bare = addition.store.songs(), addition.store.without_mfcc()
    settled = frozenset(
        song.hash
        for song in songs
        if song.id not in bare
        and (song.audio.offset == addition.offset if song.audio is not None else not addition.retry)
    )
    stamps = addition.store.file_stamps()
    return _Known(stamps, {song.id: song.hash for song in songs}, settled, tracks_by_file(stamps))


def _tasks(addition: _Addition, known: _Known) -> list[FileTask]:
    """The files to read, in the order of the source; count the others as unchanged."""
    source = addition.source
    tasks: list[FileTask] = []
    kept = 0
    for file in source.stamps:
        tracks, sheet = known.tracks.get(file, ()), source.sheets.get(file)
        olds = [known.stamps.get(path) for path in tracks or (file,)]
        encoding = chosen_encoding(addition.encoding, olds[0])
        stamp = with_encoding(source.stamp(file, divided=bool(tracks)), encoding)
        keep = addition.keep_sound if kept < MAX_KEPT else None
        task = FileTask(file, str(source.root), stamp, addition.offset, keep, encoding, sheet=sheet)
        if any(old is None or not _sound_is_known(old, stamp, known) for old in olds):
            tasks.append(task)
            kept += 1 if sheet is None else len(sheet.tracks)
        elif any(old is not None and old.fingerprint != stamp.fingerprint for old in olds):
            # Of other tracks, and of the whole file, the sound is not known.
            tasks.append(replace(task, sound=bool(tracks)))
        else:
            addition.report.unchanged += 1
    return tasks


def _sound_is_known(old: FileStamp, new: FileStamp, known: _Known) -> bool:
    """Whether a file was read before, has the same bytes, and their content is settled."""
    content = None if old.song is None else known.hashes.get(old.song)
    return not old.unreadable and content in known.settled and _same_bytes(old, new)


def _read_and_store(addition: _Addition, tasks: Sequence[FileTask], known: _Known) -> None:
    """Read the files, and write them to the store in batches."""
    batch: list[FileRead] = []
    with Progress("adding songs", total=len(tasks), unit="file", show=addition.progress and bool(tasks)) as bar:
        try:
            for read in _read_all(tasks, known.settled, addition.workers):
                batch.append(_whole(read, addition.source))
                bar.update()
                if len(batch) >= BATCH:
                    write(addition.store, batch, known.stamps, known.tracks, addition.report, addition.disk)
                    batch = []
        finally:
            # Also after Ctrl-C: what was read is kept.
            write(addition.store, batch, known.stamps, known.tracks, addition.report, addition.disk)


def _report_songs(addition: _Addition) -> None:
    """Add the reasons and notes of the source's songs and files to the report."""
    store, source, report = addition.store, addition.source, addition.report
    here = set(source.stamps)
    for song in store.songs():
        for name in sorted(path for path in song.paths if file_of(path) in here):
            report.rejects += [(name, reason) for reason in song.reasons]
            report.notes += [(name, note) for note in song.notes]
    for stamp in store.file_stamps().values():
        if stamp.unreadable and stamp.path in here:
            report.rejects.append((stamp.path, stamp.unreadable))
    report.notes += [(source.name, problem) for problem in source.problems]


def _whole(read: FileRead, source: Source) -> FileRead:
    """Add what only the source knows: the stamp, and words of a recording at an address, whose texts were fetched."""
    file, tracks = read.task.path, []
    stamp = with_encoding(source.stamp(file, divided=bool(read.tracks)), read.task.encoding)
    for one in read.tracks:
        text = one.text if one.tags is None else source.text(file, one.tags, one.sheet, one.track)
        task = replace(one.task, stamp=replace(stamp, path=one.task.path))
        tracks.append(replace(one, task=task, text=text))
    text = read.text if read.tags is None else source.text(file, read.tags)
    return replace(read, task=replace(read.task, stamp=stamp), text=text, tracks=tuple(tracks))


def _same_bytes(old: FileStamp, new: FileStamp) -> bool:
    return (old.size, old.modified) == (new.size, new.modified)


def _read_all(tasks: Sequence[FileTask], settled: frozenset[str], workers: Workers) -> Iterator[FileRead]:
    call = workers.share(AddCall(uuid.uuid4().hex, settled, not workers.shares_disk))

    def crashed(number: int) -> FileRead:
        """Read a file that has killed its worker without its sound, in another worker."""
        return next(workers.each(read_rest, [(tasks[number], call)], lambda _: unread(tasks[number])))

    return workers.each(read_file, [(task, call) for task in tasks], crashed)
