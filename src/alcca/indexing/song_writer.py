"""Write files that were read to the store: which song each is, and which file gives a song its words."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from alcca.indexing.file_reader import FileRead
from alcca.indexing.local_music import Disk
from alcca.indexing.reports import AddReport
from alcca.metadata.song_text import SongText
from alcca.songs.cut import file_of
from alcca.store.records import WORDS, FileStamp, Song
from alcca.store.songs import Store

__all__ = ["write"]


def write(
    store: Store,
    batch: Sequence[FileRead],
    known: dict[str, FileStamp],
    tracks: Mapping[str, Sequence[str]],
    report: AddReport,
    disk: Disk,
) -> None:
    """Write a batch to the store in one transaction, and count it in the report.

    ``known`` has the stamps of files by path, as the store had them; the new ones take their place. ``tracks`` has the
    paths of the tracks of each file that was several songs. The ``disk`` knows which files are still there.
    """
    if not batch:
        return
    with store.transaction():
        for read in batch:
            before = [path for path in (read.task.path, *tracks.get(read.task.path, ())) if path in known]
            outcomes = {_write_one(store, one, known, disk) for one in read.tracks or (read,)}
            if read.tracks or read.text is not None:
                # Songs that its sheet no longer names.
                for path in set(before).difference(one.task.path for one in read.tracks or (read,)):
                    store.drop_file(path)
                    del known[path]
            report.count("changed" if before else outcomes.pop() if len(outcomes) == 1 else "added")
            report.tracks += len(read.tracks)


def _write_one(store: Store, read: FileRead, known: dict[str, FileStamp], disk: Disk) -> str:
    """Write a song; return what became of it, by the name of the number in the report."""
    stamp = read.task.stamp
    old = known.get(stamp.path)
    if read.text is None:
        # What was read earlier stays, so that a disk that is not mounted today does not empty the library.
        store.put_file(replace(stamp, song=old.song if old else None, unreadable=read.unreadable))
        return "added" if old is None else "changed"
    present = _present(store, read, old)
    elsewhere = [path for path in (present.paths if present else ()) if path != stamp.path]
    gone = [path for path in elsewhere if not disk.has(path)]
    number = store.put_song(_song(read, present, gone))
    if read.mfcc is not None:
        store.put_features(number, "mfcc", read.mfcc)
    for path in gone:
        store.forget_file(path)
    known[stamp.path] = replace(stamp, song=number)
    store.put_file(known[stamp.path])
    if old is not None:
        return "changed"
    return "moved" if gone else "duplicates" if elsewhere else "added"


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
        lyrics_aloud=text.lyrics_aloud,
        audio=read.audio,
        audio_reason=read.audio_reason,
        notes=(*text.notes, *read.audio_notes),
    )
    if present is None:
        return fresh
    if read.audio is None and read.audio_reason is None:
        fresh = replace(fresh, audio=present.audio, audio_reason=present.audio_reason, notes=present.notes)
    # If there are copies of a file, the first one with lyrics gives the song its words.
    own = present.words_from is not None and file_of(present.words_from) == file_of(read.task.stamp.path)
    owner = own or present.words_from in gone or (present.lyrics is None and fresh.lyrics is not None)
    if not owner:
        kept = {name: getattr(present, name) for name in (*WORDS, "words_from", "lyrics_aloud")}
        fresh = replace(fresh, **kept)
    return fresh
