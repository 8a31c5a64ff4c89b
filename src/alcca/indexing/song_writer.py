"""Write files that were read to the store: which song each is, and which file gives a song its words."""

from collections.abc import Sequence
from dataclasses import replace

from alcca.indexing.file_reader import FileRead
from alcca.indexing.reports import AddReport
from alcca.songs.remote import exists
from alcca.songs.scan import SongText
from alcca.store.records import WORDS, FileStamp, Song
from alcca.store.songs import Store

__all__ = ["write"]


def write(store: Store, batch: Sequence[FileRead], known: dict[str, FileStamp], report: AddReport) -> None:
    """Write a batch to the store in one transaction, and count it in the report.

    ``known`` has the stamps of files by path, as the store had them; the new ones take their place.
    """
    if not batch:
        return
    with store.transaction():
        for read in batch:
            _write_one(store, read, known, report)


def _write_one(store: Store, read: FileRead, known: dict[str, FileStamp], report: AddReport) -> None:
    stamp = read.task.stamp
    old = known.get(stamp.path)
    if read.text is None:
        # What was read earlier stays, so that a disk that is not mounted today does not empty the library.
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


def _present(store: Store, read: FileRead, old: FileStamp | None) -> Song | None:
    if read.task.sound:
        return store.song_by_hash(_key(read))
    return store.songs([old.song])[0] if old is not None and old.song is not None else None


def _key(read: FileRead) -> str:
    # Empty files have the same content, but are not the same song.
    return read.content if read.content and read.task.stamp.size else f"empty:{read.task.stamp.path}"


def _song(read: FileRead, present: Song | None, gone: Sequence[str]) -> Song:
    """Make the song: its sound and its words each come from the file that decides them."""
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
    # If there are copies of a file, the first one with lyrics gives the song its words.
    owner = present.words_from in (fresh.words_from, *gone) or (present.lyrics is None and fresh.lyrics is not None)
    if not owner:
        kept = {name: getattr(present, name) for name in (*WORDS, "words_from")}
        fresh = replace(fresh, **kept)
    return fresh
