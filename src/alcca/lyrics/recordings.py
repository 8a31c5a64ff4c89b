"""The recordings of a run: those in files and folders that people name, with their words and tags."""

import os
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from alcca.errors import UsageError
from alcca.indexing.file_reader import AddCall, FileRead, FileTask, read_rest, unread
from alcca.indexing.local_music import check_place, look_through
from alcca.metadata.song_text import SongText
from alcca.songs.cut import Cut
from alcca.songs.remote import is_address
from alcca.workers.workers import Workers

__all__ = ["Music", "Recording", "find_music", "read_recordings"]


@dataclass(frozen=True)
class Recording:
    """A song as a file, or a part of one, and what is written about it.

    Parameters
    ----------
    path : str
        The file; of a track of one, with its number, as `alcca.songs.cut.track_path`.
    text : SongText
        Its words and tags.
    size, modified : int
        Of the file, in bytes and nanoseconds.
    cut : Cut or None
        The part of the file that is the song.
    unreadable : str or None
        Why nothing is known of it.
    song : int or None
        Its number in a library.
    """

    path: str
    text: SongText = field(default_factory=SongText)
    size: int = 0
    modified: int = 0
    cut: Cut | None = None
    unreadable: str | None = None
    song: int | None = None

    @property
    def name(self) -> str:
        """Its path without the folder."""
        return os.path.basename(self.path)  # noqa: PTH119 - a text


@dataclass(frozen=True)
class Music:
    """The files below the places that were named.

    Parameters
    ----------
    tasks : list of FileTask
        In the order of the places, and in each of the paths; each file once.
    problems : list of str
        What could not be read.
    places : list of str
        The folders.
    """

    tasks: list[FileTask]
    problems: list[str]
    places: list[str]


def find_music(
    places: Sequence[str | os.PathLike[str]], encoding: str | None = None, *, root: Path | None = None
) -> Music:
    """Find the recordings at files and below folders.

    Parameters
    ----------
    places : sequence of path
    encoding : str, optional
        Of texts and tables that are not Unicode.
    root : Path, optional
        The folder that may hold tables for all of them. Default: each folder itself, and that of each file.

    Raises
    ------
    UsageError
        One of them does not exist, cannot be read or is no audio file.
    """
    tasks: dict[str, FileTask] = {}
    problems: list[str] = []
    roots: list[str] = []
    for place in places:
        if is_address(place):
            raise UsageError(f"{place}: lyrics are written beside files on this machine; name a folder that is on it")
        folder = Path(place).expanduser()
        check_place(folder)
        # Absolute, so that the same is said of a file by whoever reads it; links stay.
        folder = Path(os.path.abspath(folder))  # noqa: PTH100
        found = look_through(folder, encoding)
        problems += found.problems
        roots.append(str(folder if folder.is_dir() else folder.parent))
        for stamp in found.stamps:
            tasks.setdefault(
                stamp.path,
                FileTask(
                    stamp.path, str(root or found.root), stamp, None, encoding=encoding, sound=False,
                    sheet=found.sheets.get(stamp.path),
                ),
            )  # fmt: skip
    return Music(list(tasks.values()), _once(problems), roots)


def _once(problems: Sequence[str]) -> list[str]:
    """Sentences without those that another one begins with: looking for words meets what looking for music has met."""
    said = {one for one, following in pairwise(sorted(set(problems))) if following.startswith(one)}
    return [one for one in dict.fromkeys(problems) if one not in said]


def read_recordings(tasks: Sequence[FileTask], workers: Workers) -> Iterator[tuple[Recording, ...]]:
    """Read the words and tags of files: a recording of each, or one for each track of its cue sheet."""
    # Tables are read once in a call of this name.
    call = workers.share(AddCall(uuid.uuid4().hex, frozenset(), not workers.shares_disk))
    calls = [(task, call) for task in tasks]
    for read in workers.each(read_rest, calls, lambda number: unread(tasks[number])):
        yield tuple(_recording(one) for one in read.tracks or (read,))


def _recording(read: FileRead) -> Recording:
    stamp = read.task.stamp
    cut = None if read.track is None else Cut(read.track.start, read.track.end)
    text = read.text or SongText()
    return Recording(read.task.path, text, stamp.size, stamp.modified, cut, read.unreadable)
