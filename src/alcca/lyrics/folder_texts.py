"""The texts in a folder of lyrics: which of its files are read, and which words each holds."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from alcca.cleaning.lyrics import clean_lyrics
from alcca.errors import AlccaError
from alcca.metadata.names import loose_name
from alcca.songs.lyrics import normalise_lyrics
from alcca.songs.word_files import TEXT_SUFFIXES, find_lyric_files
from alcca.texts.encodings import read_lyrics_file

__all__ = ["LyricsText", "read_texts"]

PRIORITY = {suffix: number for number, suffix in enumerate(TEXT_SUFFIXES)}


@dataclass(frozen=True)
class LyricsText:
    """A file of lyrics.

    Parameters
    ----------
    path : Path
    words : str
        What is sung: its cleaned content, without headers, section marks and times.
    content : str
        All of it.
    """

    path: Path
    words: str
    content: str


def read_texts(
    folder: Path, is_used: Callable[[Path], bool], notes: list[str], encoding: str | None = None
) -> list[LyricsText]:
    """Read the lyric files below a folder that are no song's lyrics yet, in the order of their paths.

    Hidden files and folders are left out. Of several files with the same name and words, the one with times is taken.
    What cannot be read goes to ``notes``. ``encoding`` is as of `alcca.texts.encodings.decode_text`.
    """
    by_words: dict[tuple[str, str], LyricsText] = {}
    again = 0
    for path in find_lyric_files(folder, onerror=notes.append):
        if is_used(path):
            continue
        try:
            content = read_lyrics_file(path, encoding=encoding)
        except AlccaError as error:
            notes.append(f"{path}: {str(error).removeprefix(f'{path.name}: ')}")
            continue
        words = clean_lyrics(content)
        if not words:
            notes.append(f"{path}: nothing in it is sung")
            continue
        # Texts of two recordings of a song have different names.
        key = loose_name(path.stem), normalise_lyrics(words)
        other = by_words.get(key)
        again += other is not None
        if other is None or PRIORITY[path.suffix.lower()] < PRIORITY[other.path.suffix.lower()]:
            by_words[key] = LyricsText(path, words, content)
    if again:
        notes.append(f"{again} texts have the name and the words of another and were left out")
    return sorted(by_words.values(), key=lambda text: text.path)
