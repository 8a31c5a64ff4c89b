"""A lyric database that is searched by what was heard in a recording."""

import contextlib
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Self

from alcca.errors import LibraryError
from alcca.lyric_databases.building import SONGS, build, is_complete, left_out_of
from alcca.lyric_databases.candidate import Candidate
from alcca.lyric_databases.identifying import Clues, Identifier
from alcca.lyric_databases.opening import open_source
from alcca.lyric_databases.place import identity_of, index_folder
from alcca.lyric_databases.postings import Segment
from alcca.lyric_databases.song_table import SongTable
from alcca.lyric_databases.stretches import Stretch, songs_in
from alcca.transcripts import Transcript

__all__ = ["LyricDatabase"]


class LyricDatabase:
    r"""A database of lyrics with an index of its n-grams; `open` makes it.

    Attributes
    ----------
    path : Path
        The database.
    notes : list of str
        What of it was left out, as sentences.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> place = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (place / "songs.csv").write_text("title,artist,lyrics\nHarbour,Nobody,copper lanterns over the harbour\n")
    >>> with LyricDatabase.open(place / "songs.csv", index=place / "index", progress=False) as database:
    ...     found = database.identify("cooper lantern over the harbor")
    >>> [(candidate.title, candidate.certainty) for candidate in found]
    [('Harbour', 'sure')]
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self.path = path
        self._table = SongTable(folder / SONGS, writing=False)
        left_out = left_out_of(self._table.about())
        self.notes = [f"{path.name}: {count:,} rows {why}" for why, count in sorted(left_out.items())]
        segments = [Segment.read(folder / name, block) for name, block in self._table.segments()]
        self._identifier = Identifier(self._table, segments)

    @classmethod
    def open(
        cls, path: str | PathLike[str], *, index: str | PathLike[str] | None = None, progress: bool = True
    ) -> Self:
        """Open a database; its index is built first if it is missing, and brought up to date if the file has changed.

        Parameters
        ----------
        path : path
            A dump of LRCLIB (SQLite), a CSV file, JSON lines or Parquet. It is never written.
        index : path, optional
            The folder of the index; by default one in the user's cache.
        progress : bool
            Show a progress bar while the index is built.

        Raises
        ------
        UsageError
            There is no such file, or it has no lyrics in a known form.
        DiskError
            The disk is full. What is indexed stays, and the next call goes on from there.
        LibraryError
            The index cannot be written.
        """
        source = open_source(Path(path))
        folder = index_folder(source.path) if index is None else Path(index)
        identity = identity_of(source)
        for _ in range(2):
            if not is_complete(folder, identity):
                with _locked(folder):
                    # Another process may have built it meanwhile.
                    if not is_complete(folder, identity):
                        build(source, folder, progress=progress)
            try:
                return cls(source.path, folder)
            except LibraryError:
                _distrust(folder)
        raise LibraryError(f"{folder}: the index is damaged; delete this folder")

    def __len__(self) -> int:
        """How many songs it has."""
        return self._identifier.songs

    @property
    def texts(self) -> int:
        """How many different texts and instrumentals it has, versions counted once."""
        return self._identifier.texts

    def identify(
        self,
        transcript: Transcript | str | None,
        *,
        title: str | None = None,
        artist: str | None = None,
        file_name: str | None = None,
        duration: float | None = None,
        k: int = 5,
    ) -> list[Candidate]:
        """Find the song that is sung in a recording.

        What was heard decides. Tags, file name and length are evidence where they are given, and may all be wrong.

        Parameters
        ----------
        transcript : Transcript, str or None
            What was heard; None if nothing was.
        title, artist : str, optional
            The recording's tags.
        file_name : str, optional
            With or without folders and suffix.
        duration : float, optional
            Of the recording, in seconds.
        k : int
            The maximum number of songs.

        Returns
        -------
        list of Candidate
            The most probable first; versions of one song are one candidate. Empty if nothing is any evidence.
        """
        return self._identifier.identify(Clues(transcript, title, artist, file_name, duration), k)

    def songs_in(self, transcript: Transcript, *, k: int = 3) -> list[Stretch]:
        """Find the songs of a recording that holds several, such as a concert or one side of a tape.

        Parameters
        ----------
        transcript : Transcript
            Of the whole recording.
        k : int
            The maximum number of candidates for each song.

        Returns
        -------
        list of Stretch
            In order of time. A recording of one song is one stretch.
        """
        return songs_in(self._identifier, transcript, k)

    def close(self) -> None:
        """Close the index."""
        self._table.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One writer at a time; a second one waits, and a killed process releases the lock."""
    from filelock import FileLock

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock")
        lock.acquire()
    except OSError as error:
        raise LibraryError(
            f"{folder}: the index cannot be written ({error.strerror or error}); set $ALCCA_CACHE to another folder"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _distrust(folder: Path) -> None:
    """Have an index built anew."""
    with _locked(folder):
        for path in [*folder.glob("*.grams"), *folder.glob(f"{SONGS}*")]:
            path.unlink(missing_ok=True)
