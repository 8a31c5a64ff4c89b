"""What is wanted of a run over recordings: which lyrics are looked for, how, and which files are written."""

from dataclasses import dataclass
from pathlib import Path

from alcca.errors import UsageError
from alcca.languages import check_language
from alcca.texts.encodings import AUTO, checked_encoding
from alcca.texts.writing import FORMATS

__all__ = ["FORMAT_NAMES", "Wishes", "formats_named"]

# By the names that people type; "txt" is the suffix of "text".
FORMAT_NAMES = ("lrc", "elrc", "srt", "vtt", "ttml", "txt")
# Those that can say that their words are what was heard.
MARKED = {"lrc", "elrc"}


def formats_named(names: str) -> tuple[str, ...]:
    """Formats of lyrics by their names, with commas between them.

    Raises
    ------
    UsageError
        There is no such format.

    Examples
    --------
    >>> formats_named("lrc,srt,lrc")
    ('lrc', 'srt')
    """
    plain = [name.strip().lower().removeprefix(".") for name in names.split(",")]
    found = tuple(dict.fromkeys("txt" if name == "text" else name for name in plain if name))
    for name in found:
        if name not in FORMAT_NAMES:
            raise UsageError(f"unknown format of lyrics {name!r}; choose one or more of {', '.join(FORMAT_NAMES)}")
    if not found:
        raise UsageError(f"no format of lyrics in {names!r}; choose one or more of {', '.join(FORMAT_NAMES)}")
    return found


@dataclass(frozen=True)
class Wishes:
    """What is wanted.

    Parameters
    ----------
    formats : tuple of str
        The files to write beside each recording, by `FORMAT_NAMES`.
    words : bool
        Write the times of words into LRC files too.
    sources : tuple of Path
        Where lyrics are looked for that are not known: folders of texts, and lyric databases.
    likely : bool
        Also write lyrics that are likely, not only those that are sure.
    transcribe : bool
        Where no lyrics are found, write what was heard.
    retime : bool
        Correct times that exist already.
    missing : bool
        Only recordings without lyrics.
    again : bool
        Listen again to what earlier runs have done.
    dry_run : bool
        Write nothing.
    language : str or None
        ISO 639-1 code of what is sung in all recordings.
    model : str
        Of the speech recogniser: a name, or a folder.
    offline : bool
        Download nothing.
    encoding : str or None
        Of texts that are not Unicode; detected by default.

    Raises
    ------
    UsageError
        A format, the language or the encoding is unknown, a source does not exist, or what is transcribed could not be
        marked.
    """

    formats: tuple[str, ...] = ("lrc",)
    words: bool = False
    sources: tuple[Path, ...] = ()
    likely: bool = False
    transcribe: bool = False
    retime: bool = False
    missing: bool = False
    again: bool = False
    dry_run: bool = False
    language: str | None = None
    model: str = "base"
    offline: bool = False
    encoding: str | None = None

    def __post_init__(self) -> None:
        formats_named(",".join(self.formats))
        if self.transcribe and not MARKED.intersection(self.formats):
            raise UsageError(
                f"what is transcribed is marked as such, for which {' and '.join(self.formats)} "
                "has no place; write lrc or elrc too, such as --write lrc,srt"
            )
        object.__setattr__(self, "sources", tuple(Path(source).expanduser() for source in self.sources))
        object.__setattr__(self, "language", check_language(self.language))
        encoding = checked_encoding(self.encoding)
        object.__setattr__(self, "encoding", None if encoding == AUTO else encoding)
        for source in self.sources:
            if not source.exists():
                raise UsageError(f"{source}: no such file or folder; name a folder of texts or a lyric database")

    @property
    def searching(self) -> bool:
        """Whether recordings without lyrics are listened to."""
        return bool(self.sources) or self.transcribe

    def suffix(self, name: str) -> str:
        """The suffix of the files of a format."""
        return FORMATS[writer_of(name)].suffix


def writer_of(name: str) -> str:
    """The name by which `alcca.texts.writing.FORMATS` knows a format."""
    return "text" if name == "txt" else name
