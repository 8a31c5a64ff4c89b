"""TTML, as Apple Music writes it: paragraphs are lines, spans are words, all times count from the song's start."""

from collections.abc import Iterable
from typing import Unpack
from xml.sax.saxutils import escape, quoteattr

from alcca.texts.lines import TimedLine
from alcca.texts.writing.shown import Cue, Headers, cues_of, one_line, pieces_of

__all__ = ["write_ttml"]

NAMES = (
    'xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="http://www.w3.org/ns/ttml#metadata" '
    'xmlns:itunes="http://music.apple.com/lyric-ttml-internal"'
)


def write_ttml(lines: Iterable[TimedLine], **headers: Unpack[Headers]) -> str:
    """Lines as a TTML document, with spans for the words whose times are known.

    Examples
    --------
    >>> from alcca.texts.lines import TimedWord
    >>> words = TimedWord(1.0, "Copper"), TimedWord(1.5, "pots")
    >>> print(write_ttml([TimedLine("Copper pots", 1.0, 2.0, words)], language="en"))
    <?xml version="1.0" encoding="UTF-8"?>
    <tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="http://www.w3.org/ns/ttml#metadata" \
xmlns:itunes="http://music.apple.com/lyric-ttml-internal" itunes:timing="Word" xml:lang="en">
    <head><metadata></metadata></head>
    <body><div>
    <p begin="00:00:01.000" end="00:00:02.000"><span begin="00:00:01.000" end="00:00:01.500">Copper</span> \
<span begin="00:00:01.500" end="00:00:02.000">pots</span></p>
    </div></body>
    </tt>
    <BLANKLINE>
    """
    cues = list(cues_of(lines, headers.get("length")))
    paragraphs = [_paragraph(line, cue) for cue in cues for line in cue.lines]
    timing = "Word" if any("<span" in paragraph for paragraph in paragraphs) else "Line"
    language = quoteattr(one_line(headers.get("language") or ""))
    length = headers.get("length")
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<tt {NAMES} itunes:timing="{timing}" xml:lang={language}>',
            f"<head><metadata>{_metadata(headers)}</metadata></head>",
            "<body><div>" if length is None else f'<body dur="{_clock(length)}"><div>',
            *paragraphs,
            "</div></body>",
            "</tt>",
            "",
        ]
    )


def _metadata(headers: Headers) -> str:
    title = one_line(headers.get("title") or "")
    about = [one_line(value or "") for value in (headers.get("artist"), headers.get("album"))]
    described = " - ".join(filter(None, about))
    return (f"<ttm:title>{escape(title)}</ttm:title>" if title else "") + (
        f"<ttm:desc>{escape(described)}</ttm:desc>" if described else ""
    )


def _paragraph(line: TimedLine, cue: Cue) -> str:
    end = line.end if line.end is not None and line.end > cue.start else cue.end
    pieces = pieces_of(line)
    begins = [piece.start for piece in pieces[1:]]
    words = "".join(
        _span(piece.text, piece.start, piece.end or following or end)
        for piece, following in zip(pieces, [*begins, end], strict=True)
    )
    return f'<p begin="{_clock(cue.start)}" end="{_clock(end)}">{words}</p>'


def _span(text: str, start: float | None, end: float) -> str:
    if start is None:
        return escape(text)
    # The space stands between spans, where it parts words; inside of one it would belong to the word.
    word = text.rstrip(" ")
    ended = f' end="{_clock(end)}"' if end > start else ""
    return f'<span begin="{_clock(start)}"{ended}>{escape(word)}</span>{text[len(word) :]}'


def _clock(time: float) -> str:
    whole, thousandths = divmod(round(1000 * time), 1000)
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{thousandths:03d}"
