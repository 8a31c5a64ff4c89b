"""Lyrics with the times at which they are sung, read from a file or heard in a recording."""

from dataclasses import dataclass

from alcca.texts.lines import TimedLine, TimedWord

__all__ = ["TimedLyrics"]


@dataclass(frozen=True)
class TimedLyrics:
    """Lyrics, and when each line and word of them is sung.

    Parameters
    ----------
    format : str
        Where they come from: "text" where there are no times, "lrc", "srt", "ttml" and others for files, "aligned" for
        times that were heard in a recording.
    lines : tuple of TimedLine
        In the order in which they are sung; of aligned lyrics in the order of the text.
    problem : str or None
        What of the file was not read and why, as the end of a sentence.
    language : str or None
        ISO 639-1 code, where it is known.
    """

    format: str
    lines: tuple[TimedLine, ...]
    problem: str | None = None
    language: str | None = None

    @property
    def words(self) -> tuple[TimedWord, ...]:
        """The words of all lines."""
        return tuple(word for line in self.lines for word in line.words)
