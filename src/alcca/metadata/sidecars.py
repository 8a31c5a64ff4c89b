"""The lyric files and tables beside songs: each folder is listed once, and each file found by its name.

A name need not be the song's own to the letter: `alcca.metadata.names` says what counts as the same. The exact name
comes first.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from alcca.metadata.folders import PRIORITY, Folder, Text, read_folder
from alcca.metadata.names import Bare, bare_name, loose_name, parted, same_name, without_suffix
from alcca.metadata.tables import Table, read_table

__all__ = ["LyricFile", "SongTables"]

# How well a file's name fits a song's; the language comes after the name, the numbers of tracks last.
EXACT, ALIKE, OF_A_LANGUAGE, BY_TITLE, BY_ARTIST = range(5)


@dataclass(frozen=True)
class LyricFile:
    """A lyric file of a song.

    Parameters
    ----------
    path : Path
    language : str or None
        ISO 639-1 code out of its name, as in ``NAME.en.lrc``.
    note : str or None
        What users should know if this file is the one that is used.
    """

    path: Path
    language: str | None = None
    note: str | None = None


class SongTables:
    """The tables and lyric files beside the songs below a folder; every folder and table is read once.

    Parameters
    ----------
    root : path
        The folder that is scanned; tables above it are ignored.
    songs : iterable of Path
        Songs below the root that are not on this disk.
    encoding : str, optional
        Of the tables and lyric files, as of `alcca.texts.encodings.decode_text`.

    Attributes
    ----------
    problems : list of str
        What could not be used of the folders and tables read so far; each names its file and what to do.
    """

    def __init__(self, root: Path | str, *, songs: Iterable[Path] = (), encoding: str | None = None) -> None:
        self.root = Path(root)
        self.encoding = encoding
        self.problems: list[str] = []
        self._elsewhere: dict[Path, list[str]] = {}
        for song in songs:
            self._elsewhere.setdefault(song.parent, []).append(song.name)
        self._folders: dict[Path, Folder] = {}
        self._tables: dict[Path, Table] = {}

    def tables_for(self, song: Path) -> Iterator[Table]:
        """Tables that may describe a song: the nearest folder first, ``songs.csv`` before ``metadata.csv``."""
        for folder in song.parents:
            yield from map(self._table, self._folder(folder).table_files)
            # A song outside the root gets only the tables of its own folder.
            if folder == self.root or not folder.is_relative_to(self.root):
                return

    def add_songs(self, songs: Iterable[Path]) -> None:
        """Count songs that are no files of their own among those of their folder."""
        for song in songs:
            self._folder(song.parent).add_song(song.name)

    def unused_rows(self, songs: Iterable[Path], used_rows: Iterable[tuple[Path, int]] = ()) -> list[str]:
        """For each table that was read, a sentence on the rows that are about none of these songs, if there are any.

        ``used_rows`` are numbers of other rows that are used, with the table of each.
        """
        used: dict[Path, set[int]] = {path: set() for path in self._tables}
        for path, number in used_rows:
            used.setdefault(path, set()).add(number)
        for song in songs:
            for table in self.tables_for(song):
                if (found := table.find(song)) is not None:
                    used.setdefault(table.path, set()).add(found)
        said = (table.unused(used[table.path]) for table in self._tables.values())
        return [sentence for sentence in said if sentence]

    def lyric_files(
        self, song: Path, language: str | None = None, artist: str | None = None
    ) -> tuple[list[LyricFile], list[str]]:
        """The lyric files of a song in order of priority, and sentences on files that may be its own but are not used.

        Parameters
        ----------
        song : Path
        language : str, optional
            ISO 639-1 code of the song's language: of ``NAME.en.lrc`` and ``NAME.ja.lrc``, this one comes first.
        artist : str, optional
            The song's: ``ARTIST - TITLE.lrc`` belongs to ``TITLE.mp3``, and the other way round, only if the artist is
            this one. None for any.
        """
        here = self._folder(song.parent)
        # cc_songs/audio/X.ogg has its lyrics in cc_songs/lyrics/X.txt.
        own = [here, *map(self._folder, here.lyrics_folders)]
        near = [self._folder(path) for path in self._folder(song.parent.parent).lyrics_folders]
        stem, loose = same_name(song.stem), loose_name(song.stem)
        ranked: list[tuple[int, int, Text]] = []
        for place, folder in enumerate((*own, *near)):
            for text in folder.texts(loose):
                if not _is_of_another(text, stem, loose, here):
                    ranked.append((_rank(text, stem), place, text))
        notes: list[str] = []
        if not ranked:
            by_title, notes = self._by_title(loose, here, own)
            ranked = [(BY_TITLE, 0, text) for text in by_title]
        if not ranked and not notes:
            ranked = [(BY_ARTIST, 0, text) for text in _by_artist(loose, artist, here, own)]
        preferred = [one for one in ranked if one[2].language == language]

        def order(one: tuple[int, int, Text]) -> tuple[object, ...]:
            rank, place, text = one
            return rank, one not in preferred, place, PRIORITY[text.suffix], text.language or "", text.path.name

        ranked.sort(key=order)
        return [_with_note(one, ranked, song) for one in ranked], notes

    def stamps_beside(self, song: Path) -> list[tuple[str, int, int]]:
        """Path, size and modification time of every text and table that may be about songs in the folder of a song."""
        here = self._folder(song.parent)
        lyrics = [*here.lyrics_folders, *self._folder(song.parent.parent).lyrics_folders]
        files = {file for folder in (here, *map(self._folder, lyrics)) for file in folder.files}
        files |= {table.path for table in self.tables_for(song)}
        return [(os.path.relpath(file, self.root), *self.stamp(file)) for file in sorted(files)]

    def stamp(self, path: Path) -> tuple[int, int]:
        """Size, and modification time in nanoseconds, of a table or lyric file when its folder was read."""
        return self._folder(path.parent).stamps[path]

    @staticmethod
    def _by_title(loose: str, here: Folder, folders: Iterable[Folder]) -> tuple[list[Text], list[str]]:
        """Lyric files whose name differs in the number of the track alone, if no other song or file fits as well."""
        bare = bare_name(loose)
        texts = {
            text: bare_name(loose_name(text.stem))
            for folder in folders
            for text in folder.titled(bare.name)
            if not here.stems(loose_name(text.stem))
        }
        texts = {text: name for text, name in texts.items() if name.agrees(bare)}
        songs = [bare_name(song) for song in here.songs_titled(bare.name)]
        if len(set(texts.values())) <= 1 and all(sum(map(name.agrees, songs)) <= 1 for name in texts.values()):
            return list(texts), []
        names = ", ".join(sorted({text.path.name for text in texts}))
        return [], [
            f"{names}: fits several songs or is one of several that fit, and was not used; give it the name of its song"
        ]

    def _table(self, path: Path) -> Table:
        if path not in self._tables:
            self._tables[path] = table = read_table(path, self.encoding)
            self.problems += table.problems
        return self._tables[path]

    def _folder(self, folder: Path) -> Folder:
        if folder not in self._folders:
            self._folders[folder] = content = read_folder(folder)
            content.songs += self._elsewhere.get(folder, [])
            self.problems += content.problems
        return self._folders[folder]


def _by_artist(loose: str, artist: str | None, here: Folder, folders: Iterable[Folder]) -> list[Text]:
    """Lyric files whose name has the artist and the song's has not, or the other way round, if no other song fits."""
    bare = bare_name(loose)
    by, title = parted(bare.name)
    found: dict[Text, Bare] = {}
    for text in (text for folder in folders for text in folder.of_artists(title)):
        name = bare_name(loose_name(text.stem))
        other = parted(name.name)[0]
        is_by = (by or other) if artist is None else loose_name(artist)
        of_another = here.songs_titled(name.name)
        if {by, other} == {"", is_by} and not of_another and bare.agrees(name._replace(name=bare.name)):
            found[text] = name
    alone = len(set(found.values())) == 1 and len(here.songs_of_artists(title)) == 1
    return list(found) if alone and len(here.songs_titled(bare.name)) == 1 else []


def _rank(text: Text, stem: str) -> int:
    if text.language is not None:
        return OF_A_LANGUAGE
    return EXACT if same_name(text.path.stem) == stem else ALIKE


def _is_of_another(text: Text, stem: str, loose: str, folder: Folder) -> bool:
    """Whether a lyric file has exactly the name of another song of the folder."""
    whole = same_name(text.path.stem)
    if stem in (whole, without_suffix(whole)):
        return False
    others = folder.stems(loose_name(whole)) | folder.stems(loose)
    return whole in others or without_suffix(whole) in others


def _with_note(one: tuple[int, int, Text], ranked: list[tuple[int, int, Text]], song: Path) -> LyricFile:
    rank, place, text = one
    alike = [other for other in ranked if other[0] == rank and other[2].path != text.path]
    languages = sorted({other[2].language or "" for other in (one, *alike)})
    note = None
    if rank == OF_A_LANGUAGE and len(languages) > 1:
        note = f"lyrics in {' and '.join(languages)} are beside {song.name}; those of {text.path.name} were used"
    elif ties := [other[2].path.name for other in alike if other[1] == place and other[2].suffix == text.suffix]:
        note = f"{' and '.join(sorted((*ties, text.path.name)))} fit {song.name} alike; {text.path.name} was used"
    return LyricFile(text.path, text.language, note)
