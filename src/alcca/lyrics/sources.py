"""Where lyrics are looked for that are not known: folders of texts, and lyric databases."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from alcca.lyric_databases.candidate import Candidate
from alcca.lyric_databases.database import LyricDatabase
from alcca.lyric_databases.stretches import Stretch
from alcca.lyrics.heard import Found
from alcca.lyrics.texts import TextFolder
from alcca.matching.posterior import SURE
from alcca.transcripts import Transcript

__all__ = ["About", "Sources"]

# The threads of a recogniser ask one after the other: it takes a hundredth of their time.
_asking = threading.Lock()


@dataclass(frozen=True)
class About:
    """What is known of a recording besides its sound.

    Parameters
    ----------
    title, artist, album : str or None
        Of its tags and tables.
    file_name : str
    duration : float or None
        In seconds.
    """

    title: str | None
    artist: str | None
    album: str | None
    file_name: str
    duration: float | None


@dataclass(frozen=True)
class Sources:
    """Sources in the order in which they are asked, which open where they are used.

    Parameters
    ----------
    paths : tuple of Path
        Folders of texts, and files of databases.
    encoding : str or None
        Of texts that are not Unicode.
    used : tuple of Path
        Texts that are songs' lyrics already.
    progress : bool
        Show how far the index of a database is.
    """

    paths: tuple[Path, ...]
    encoding: str | None = None
    used: tuple[Path, ...] = ()
    progress: bool = False

    def open(self) -> "list[TextFolder | LyricDatabase]":
        """Open them, if this process has not done so yet.

        Raises
        ------
        UsageError
            A source holds no lyrics, or is no database.
        """
        with _asking:
            return [_opened(path, self.encoding, self.used, self.progress) for path in self.paths]

    @property
    def notes(self) -> list[str]:
        """What of them could not be used."""
        return [note for source in self.open() for note in source.notes]

    @property
    def state(self) -> list[tuple[str, int, int]]:
        """What changes when they do."""
        files: list[Path] = []
        for path in self.paths:
            if path.is_dir():
                files += [Path(place, name) for place, _, names in os.walk(path) for name in names]
            else:
                files.append(path)
        found = []
        for file in sorted(files):
            try:
                stat = file.stat()
            except OSError:
                continue
            found.append((str(file), stat.st_size, stat.st_mtime_ns))
        return found

    def identify(self, transcript: Transcript, about: About, k: int = 5) -> tuple[Found, ...]:
        """The lyrics that may be those of a recording, best first: of the first source that is sure, else of all."""
        every: list[Found] = []
        for source in self.open():
            if isinstance(source, TextFolder):
                found = source.identify(transcript, title=about.title, file_name=about.file_name, k=k)
            else:
                with _asking:
                    candidates = source.identify(
                        transcript,
                        title=about.title,
                        artist=about.artist,
                        file_name=about.file_name,
                        duration=about.duration,
                        k=k,
                    )
                found = [_found(source, one) for one in candidates]
            if found and found[0].probability >= SURE:
                return tuple(found)
            every += found
        return tuple(sorted(every, key=lambda one: -one.probability)[:k])

    def songs_in(self, transcript: Transcript) -> Found | None:
        """The lyrics of all songs of a recording that holds several, such as a concert; None if it does not.

        Only databases are asked, and only songs that are sure count.
        """
        for source in self.open():
            if isinstance(source, TextFolder):
                continue
            with _asking:
                stretches = source.songs_in(transcript)
            sure = [(one, one.candidates[0]) for one in stretches if one.candidates]
            sure = [(one, best) for one, best in sure if best.probability >= SURE and not best.instrumental]
            if len({(best.title, best.artist) for _, best in sure}) > 1:
                return _several(source, sure)
        return None


def _several(source: LyricDatabase, songs: Sequence[tuple[Stretch, Candidate]]) -> Found:
    artists = {best.artist for _, best in songs}
    return Found(
        Path(source.path).name,
        " / ".join(best.title for _, best in songs),
        artists.pop() if len(artists) == 1 else "",
        "",
        "\n\n".join(best.lyrics or best.synced or "" for _, best in songs),
        None,
        sum(best.bits for _, best in songs),
        min(best.probability for _, best in songs),
        "sure",
        songs=tuple(f"{int(one.start) // 60}:{int(one.start) % 60:02d} {best.title}" for one, best in songs),
    )


def _found(source: LyricDatabase, one: Candidate) -> Found:
    return Found(
        Path(source.path).name,
        one.title,
        one.artist,
        one.album,
        one.lyrics or one.synced or "",
        one.synced,
        one.bits,
        one.probability,
        one.certainty,
        one.instrumental,
    )


@lru_cache(maxsize=8)
def _opened(path: Path, encoding: str | None, used: Sequence[Path], progress: bool) -> "TextFolder | LyricDatabase":
    if path.is_dir():
        return TextFolder(path, encoding, used)
    return LyricDatabase.open(path, progress=progress)
