"""Tables as Markdown and LaTeX."""

import re
from collections.abc import Sequence
from typing import Any

from alcca.experiments.results import AS_A_WHOLE

__all__ = ["components_text", "latex_table", "latex_text", "markdown_table", "markdown_text"]

LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "\n": " ",
}  # fmt: skip


def components_text(components: Any, own_space: bool) -> str:
    """Format the number of components at which a method was measured.

    Examples
    --------
    >>> components_text(80, False), components_text(200, True), components_text(AS_A_WHOLE, False)
    ('80', '200 (own space)', 'none')
    """
    if components == AS_A_WHOLE:
        return "none"
    return f"{components}" + (" (own space)" if own_space else "")


def markdown_text(text: str) -> str:
    r"""Escape plain text for Markdown.

    Examples
    --------
    >>> print(markdown_text("a|b *c*"))
    a\|b \*c\*
    """
    return re.sub(r"([\\`*_\[\]|<>])", r"\\\1", " ".join(text.split()))


def latex_text(text: str) -> str:
    r"""Escape plain text for LaTeX.

    Examples
    --------
    >>> print(latex_text("R&B_100%"))
    R\&B\_100\%
    """
    return "".join(LATEX.get(character, character) for character in text)


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Make a table of Markdown cells; all but the first column are right-aligned.

    Examples
    --------
    >>> print(markdown_table(["method", "MRR1"], [["cca", "0.04"]]))
    | method | MRR1 |
    |---|---:|
    | cca | 0.04 |
    """
    lines = [header, *rows]
    text = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([text[0], "|---" + "|---:" * (len(header) - 1) + "|", *text[1:]])


def latex_table(header: Sequence[str], rows: Sequence[Sequence[str]], caption: str, label: str) -> str:
    """Make a floating table in the style of booktabs, from LaTeX cells and a LaTeX caption.

    An empty row becomes a rule between the rows around it.
    """
    lines = [" & ".join(row) + r" \\" if row else r"\midrule" for row in rows]
    return "\n".join(
        [
            r"\begin{table}", r"\centering", rf"\caption{{{caption}}}", rf"\label{{{label}}}",
            # Wide tables are shrunk to the width of the text; narrow ones are not changed.
            r"\begin{adjustbox}{max width=\textwidth}",
            rf"\begin{{tabular}}{{l{'r' * (len(header) - 1)}}}", r"\toprule", " & ".join(header) + r" \\", r"\midrule",
            *lines, r"\bottomrule", r"\end{tabular}", r"\end{adjustbox}", r"\end{table}",
        ]
    )  # fmt: skip
