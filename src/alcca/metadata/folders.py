"""What a folder beside songs holds: names of songs, lyric files by the songs that they may name, and tables."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from alcca.metadata.names import bare_name, loose_name, parted, same_name, without_language, without_suffix
from alcca.songs.hidden import is_hidden
from alcca.songs.kinds import AUDIO_SUFFIXES, kind_of
from alcca.songs.word_files import TABLE_NAMES, TEXT_SUFFIXES

__all__ = ["PRIORITY", "Folder", "Text", "read_folder"]

LYRICS_FOLDER = "lyrics"
PRIORITY = {suffix: number for number, suffix in enumerate(TEXT_SUFFIXES)}


@dataclass(frozen=True)
class Text:
    """A lyric file by one reading of its name; a name can be read in several ways."""

    path: Path
    suffix: str
    # Without its suffixes and language.
    stem: str
    language: str | None


@dataclass
class Folder:
    """What a folder holds: songs' names, lyric files and tables, with sizes and modification times."""

    path: Path
    songs: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    table_files: list[Path] = field(default_factory=list)
    lyrics_folders: list[Path] = field(default_factory=list)
    stamps: dict[Path, tuple[int, int]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    _texts: dict[str, list[Text]] | None = None
    _titles: dict[str, list[Text]] | None = None
    _stems: dict[str, set[str]] | None = None
    _songs_by_title: dict[str, set[str]] | None = None
    _by_artists: dict[str, list[Text]] | None = None

    def add_song(self, name: str) -> None:
        """Count a song that is no file of its own."""
        if name not in self.songs:
            self.songs.append(name)
            self._stems = self._songs_by_title = None

    def texts(self, loose: str) -> list[Text]:
        """Lyric files by the loose name of the song that they name."""
        if self._texts is None:
            self._texts = {}
            for file in self.files:
                for text in _readings(file):
                    self._texts.setdefault(loose_name(text.stem), []).append(text)
        return self._texts.get(loose, [])

    def titled(self, title: str) -> list[Text]:
        """Lyric files by the loose name without a track's number."""
        if self._titles is None:
            self.texts("")
            self._titles = {}
            for loose, texts in (self._texts or {}).items():
                self._titles.setdefault(bare_name(loose).name, []).extend(texts)
        return self._titles.get(title, [])

    def of_artists(self, title: str) -> list[Text]:
        """Lyric files by the loose title behind an artist, or alone: ``ARTIST - TITLE`` and ``TITLE``."""
        if self._by_artists is None:
            self.titled("")
            self._by_artists = {}
            for name, texts in (self._titles or {}).items():
                self._by_artists.setdefault(parted(name)[1], []).extend(texts)
        return self._by_artists.get(title, [])

    def stems(self, loose: str) -> set[str]:
        """The exact stems of the songs here with one loose name."""
        if self._stems is None:
            self._stems = {}
            for name in self.songs:
                stem = same_name(os.path.splitext(name)[0])  # noqa: PTH122 - a name, not a path
                self._stems.setdefault(loose_name(stem), set()).add(stem)
        return self._stems.get(loose, set())

    def songs_titled(self, title: str) -> set[str]:
        """The loose names of the songs here with one name without a track's number."""
        if self._songs_by_title is None:
            self.stems("")
            self._songs_by_title = {}
            for loose in self._stems or {}:
                self._songs_by_title.setdefault(bare_name(loose).name, set()).add(loose)
        return self._songs_by_title.get(title, set())

    def songs_of_artists(self, title: str) -> set[str]:
        """The names without a track's number of the songs here with one title, behind an artist or alone."""
        self.songs_titled("")
        return {name for name in self._songs_by_title or {} if parted(name)[1] == title}


def read_folder(folder: Path) -> Folder:
    """List a folder once; what is not read of it goes to the ``problems``. Hidden files are left out."""
    content = Folder(folder)
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        # `alcca.songs.scan.walk` reports it.
        return content
    tables: dict[str, Path] = {}
    for entry in entries:
        name = entry.name.lower()
        suffix = os.path.splitext(name)[1].rstrip()  # noqa: PTH122 - a name, not a path
        if suffix in AUDIO_SUFFIXES:
            content.songs.append(entry.name)
        if (suffix not in PRIORITY and name not in (*TABLE_NAMES, LYRICS_FOLDER)) or is_hidden(name):
            continue
        path = folder / entry.name
        try:
            stat = entry.stat()
        except OSError as error:
            content.problems.append(f"{path}: cannot be read ({error.strerror}) and was skipped")
            continue
        if name == LYRICS_FOLDER:
            content.lyrics_folders += [path] if S_ISDIR(stat.st_mode) else []
            continue
        if not S_ISREG(stat.st_mode):
            content.problems.append(f"{path}: is {kind_of(stat.st_mode)}, not a file, and was skipped")
            continue
        content.stamps[path] = (stat.st_size, stat.st_mtime_ns)
        if suffix in PRIORITY:
            content.files.append(path)
        else:
            tables.setdefault(name, path)
    content.table_files = [tables[name] for name in TABLE_NAMES if name in tables]
    return content


def _readings(file: Path) -> Iterator[Text]:
    """The ways to read a lyric file's name: ``a.mp3.en.lrc`` may name ``a``, ``a.mp3`` or ``a.mp3.en``."""
    suffix, whole = file.suffix.lower().rstrip(), same_name(file.stem)
    yield Text(file, suffix, whole, None)
    if (short := without_suffix(whole)) != whole:
        yield Text(file, suffix, short, None)
    name, language = without_language(whole)
    if language is not None:
        yield Text(file, suffix, without_suffix(name), language)
