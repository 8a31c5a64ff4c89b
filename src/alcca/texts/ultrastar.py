"""Lyrics of karaoke songs: UltraStar's text files (usdx.eu, "UltraStar File Format")."""

import re
from bisect import bisect_right

__all__ = ["is_ultrastar", "read_ultrastar"]

HEADER = re.compile(r"^\ufeff?\s{0,8}#[A-Z][A-Z\d]{0,30}:", re.MULTILINE)
# Kind (golden *, freestyle F, rap R and G), beat, length and pitch, then one space and the syllable.
NOTE = re.compile(r"\s{0,8}[:*FRG]\s{1,4}(-?\d{1,9})\s{1,4}-?\d{1,9}\s{1,4}-?\d{1,5}(?: (.*))?")
NOTES = re.compile(r"^[ \t]{0,8}[:*FRG][ \t]{1,4}-?\d{1,9}[ \t]{1,4}-?\d{1,9}[ \t]{1,4}-?\d{1,5}\b", re.MULTILINE)
LINE_END = re.compile(r"\s{0,8}-\s{0,4}(-?\d{1,9})?(?:\s{1,4}(-?\d{1,9}))?\s*")
TEMPO = re.compile(r"\s{0,8}B\s{1,4}(-?\d{1,9})\s{1,4}(\d{1,5}(?:[.,]\d{1,9})?)\s*")
SINGER = re.compile(r"\s{0,8}P\s?\d\s*")
# A tilde holds the vowel of the note before it.
HOLD = "~"


def is_ultrastar(text: str) -> bool:
    r"""Whether a text has UltraStar's headers and notes.

    Examples
    --------
    >>> is_ultrastar("#TITLE:Harbour\n#BPM:300\n: 0 4 60 Cop"), is_ultrastar("#1 in my heart")
    (True, False)
    """
    return "#" in text and HEADER.search(text) is not None and NOTES.search(text) is not None


def read_ultrastar(text: str) -> list[tuple[float, str]]:
    r"""The lines of an UltraStar file, with the times at which they begin.

    Parameters
    ----------
    text : str
        The file's content. A beat is a quarter of one of ``#BPM``; ``#GAP`` is in milliseconds. Lines of a duet stand
        in the order in which they are sung; a line that both sing at one time stands once.

    Returns
    -------
    list of (float, str)
        Seconds from the beginning of the recording, and the line. A tempo that is no number counts as 300.

    Examples
    --------
    >>> read_ultrastar("#BPM:300\n#GAP:1000\n: 0 4 60 Cop\n: 4 4 60 per\n- 20\n: 40 4 62 lan~\n* 44 4 62 terns\nE")
    [(1.0, 'Copper'), (3.0, 'lanterns')]
    """
    headers = {
        name.upper(): value.strip() for name, value in re.findall(r"^\s{0,8}#(\w{1,30}):([^\n]*)", text, re.MULTILINE)
    }
    clock = _Clock(_number(headers.get("BPM"), 300.0) or 300.0, _number(headers.get("GAP"), 0.0) / 1000)
    relative = headers.get("RELATIVE", "").lower() == "yes"
    found: list[tuple[float, str]] = []
    begin, words, shift = None, "", 0
    for line in text.splitlines():
        if note := NOTE.fullmatch(line):
            begin = int(note[1]) + shift if begin is None else begin
            words += note[2] or ""
            continue
        if tempo := TEMPO.fullmatch(line):
            clock.change(int(tempo[1]) + shift, _number(tempo[2], 0.0))
            continue
        end, singer = LINE_END.fullmatch(line), SINGER.fullmatch(line)
        if not (end or singer):
            continue
        if begin is not None:
            found.append((clock.seconds(begin), _line(words)))
        begin, words = None, ""
        # With relative beats, each line counts from the end of the one before.
        shift = 0 if singer else shift + int(end[2] or end[1] or 0) if relative and end else shift
    if begin is not None:
        found.append((clock.seconds(begin), _line(words)))
    return sorted({one: None for one in found if one[1]}, key=lambda one: one[0])


class _Clock:
    """Beats to seconds, with the changes of tempo that old files have."""

    def __init__(self, bpm: float, gap: float) -> None:
        self._beats, self._changes = [0], [(gap, bpm)]

    def change(self, beat: int, bpm: float) -> None:
        if bpm > 0 and beat >= self._beats[-1]:
            start = self._at(beat)
            self._beats.append(beat)
            self._changes.append((start, bpm))

    def seconds(self, beat: int) -> float:
        return round(max(self._at(beat), 0.0), 3)

    def _at(self, beat: int) -> float:
        last = max(bisect_right(self._beats, beat) - 1, 0)
        start, bpm = self._changes[last]
        return start + (beat - self._beats[last]) * 15 / bpm


def _number(text: str | None, default: float) -> float:
    match = re.match(r"\s*-?\d{1,9}(?:[.,]\d{1,9})?", text or "")
    return float(match[0].replace(",", ".")) if match else default


def _line(words: str) -> str:
    return " ".join(words.replace(HOLD, "").split())
