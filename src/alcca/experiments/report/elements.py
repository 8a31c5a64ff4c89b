"""Elements of the page: tables that scroll in a box of their own, and values with their intervals."""

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["html_table", "measured", "p_text", "scrolling", "signed"]

# The smallest p that is written as a number.
SMALLEST_P = 0.001


def measured(value: str, interval: str = "", marks: str = "") -> str:
    """Make the HTML of a value, with its interval and its marks below."""
    html = value + (f'<span class="interval">{interval}</span>' if interval else "")
    return html + (f'<span class="marks">{marks}</span>' if marks else "")


def scrolling(content: str, label: str) -> str:
    """Put HTML into a box that scrolls sideways, also from the keyboard; the label is plain text."""
    return f'<div class="wide" tabindex="0" role="group" aria-label="{escape(label)}">{content}</div>'


def html_table(
    caption: str, header: Sequence[str], rows: Iterable[tuple[str, Sequence[str], str]], kind: str = ""
) -> str:
    """Make a table that scrolls sideways; heads and cells of the rows are HTML, the caption and header plain text."""
    first, *others = header
    top = f'<th scope="col" class="name">{escape(first)}</th>'
    top += "".join(f'<th scope="col">{escape(name)}</th>' for name in others)
    body = "".join(
        f'<tr class="{which}"><th scope="row" class="name">{head}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}'
        "</tr>\n"
        for head, cells, which in rows
    ).replace(' class=""', "")
    opening = f'<table class="{kind}">' if kind else "<table>"
    return scrolling(
        f"{opening}<caption><span>{escape(caption)}</span></caption><thead><tr>{top}</tr></thead>\n"
        f"<tbody>\n{body}</tbody></table>",
        caption,
    )


def signed(value: float, digits: int = 3) -> str:
    """Write a difference with its sign.

    Examples
    --------
    >>> signed(0.79067), signed(-0.0156), signed(0.5, 2)
    ('+0.791', '−0.016', '+0.50')
    """
    return f"{value:+.{digits}f}".replace("-", "−")


def p_text(value: float) -> str:
    """Write a p-value as HTML.

    Examples
    --------
    >>> p_text(0.0124), p_text(0.0002)
    ('0.012', '&lt; 0.001')
    """
    return f"{value:.3f}" if value >= SMALLEST_P else f"&lt; {SMALLEST_P}"
