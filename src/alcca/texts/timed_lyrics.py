"""Lyrics with the times at which they are sung, read from a file or heard in a recording."""

from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Unpack

from alcca.errors import UsageError
from alcca.texts.lines import TimedLine, TimedWord
from alcca.texts.writing import FORMATS
from alcca.texts.writing.shown import Headers, start_of

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

    @property
    def sung(self) -> tuple[TimedLine, ...]:
        """The lines that may have a time: of aligned lyrics those that are sung, of a file all."""
        if self.format != "aligned":
            return self.lines
        return tuple(line for line in self.lines if start_of(line) is not None)

    @property
    def untimed(self) -> tuple[TimedLine, ...]:
        """The lines with words that formats with times leave out.

        Those of aligned lyrics that are not sung, and in files those above the first time. Other lines of files without
        a time are shown with the line above them.

        Examples
        --------
        >>> lines = TimedLine("Harbour"), TimedLine("Copper pots", 1.0), TimedLine("(Chorus)")
        >>> [line.text for line in TimedLyrics("lrc", lines).untimed]
        ['Harbour']
        >>> [line.text for line in TimedLyrics("aligned", lines).untimed]
        ['Harbour', '(Chorus)']
        """
        if self.format == "aligned":
            left = [line for line in self.lines if start_of(line) is None]
        else:
            left = list(takewhile(lambda line: start_of(line) is None, self.lines))
        return tuple(line for line in left if line.text.strip())

    def to(self, format: str, **headers: Unpack[Headers]) -> str:
        r"""The text of a file in a format of `alcca.texts.writing.FORMATS`; lines end with ``\n``.

        `untimed` are the lines that formats with times leave out: players show them at wrong times, or not at all.

        Parameters
        ----------
        format : str
            "lrc", "elrc" (with words), "srt", "vtt", "ttml" or "text".
        **headers
            ``title``, ``artist``, ``album``, ``length`` (of the recording, in seconds), ``by`` (who made the times),
            ``program`` (with what), ``language`` (by default the one of the lyrics).

        Raises
        ------
        UsageError
            If there is no such format.

        Examples
        --------
        >>> lyrics = TimedLyrics("aligned", (TimedLine("Copper pots", 1.0, 2.0), TimedLine("(Chorus)")))
        >>> lyrics.to("lrc", title="Harbour", length=95.2)
        '[ti:Harbour]\n[length:01:35]\n[00:01.00]Copper pots\n[00:02.00]\n'
        """
        if format not in FORMATS:
            raise UsageError(f"unknown format of lyrics {format!r}; choose one of {', '.join(FORMATS)}")
        lines = self.lines if format == "text" else self.sung
        return FORMATS[format].write(lines, **{"language": self.language, **headers})

    def to_lrc(self, words: bool = False, **headers: Unpack[Headers]) -> str:
        """An LRC file; with ``words`` an enhanced one, which has a stamp before each word."""
        return self.to("elrc" if words else "lrc", **headers)

    def to_srt(self, **headers: Unpack[Headers]) -> str:
        """An SRT file."""
        return self.to("srt", **headers)

    def to_vtt(self, words: bool = True, **headers: Unpack[Headers]) -> str:
        """A WebVTT file, with timestamps before words."""
        return (self if words else self._without_words()).to("vtt", **headers)

    def to_ttml(self, words: bool = True, **headers: Unpack[Headers]) -> str:
        """A TTML file, with spans for words."""
        return (self if words else self._without_words()).to("ttml", **headers)

    def to_text(self) -> str:
        """The lines alone, with and without times."""
        return self.to("text")

    def _without_words(self) -> "TimedLyrics":
        return replace(self, lines=tuple(replace(line, words=()) for line in self.lines))
