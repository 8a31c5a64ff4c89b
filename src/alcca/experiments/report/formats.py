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
    """The number of components at which a method was measured, or what stands for it.

    Examples
    --------
    >>> components_text(80, False), components_text(200, True), components_text(AS_A_WHOLE, False)
    ('80', '200 (own space)', 'none')
    """
    if components == AS_A_WHOLE:
        return "none"
    return f"{components}" + (" (own space)" if own_space else "")


def markdown_text(text: str) -> str:
    r"""Plain text that Markdown shows as it is.

    Examples
    --------
    >>> print(markdown_text("a|b *c*"))
    a\|b \*c\*
    """
    return re.sub(r"([\\`*_\[\]|<>])", r"\\\1", " ".join(text.split()))


def latex_text(text: str) -> str:
    r"""Plain text that LaTeX sets as it is.

    Examples
    --------
    >>> print(latex_text("R&B_100%"))
    R\&B\_100\%
    """
    return "".join(LATEX.get(character, character) for character in text)


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are Markdown already; all but the first column are set right.

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
    """A floating table in the style of booktabs, of cells and a caption that are LaTeX already.

    An empty row becomes a rule between the rows around it.
    """
    lines = [" & ".join(row) + r" \\" if row else r"\midrule" for row in rows]
    return "\n".join(
        [
            r"\begin{table}", r"\centering", rf"\caption{{{caption}}}", rf"\label{{{label}}}",
            # Wide tables are made as wide as the text, narrow ones are left alone.
            r"\begin{adjustbox}{max width=\textwidth}",
            rf"\begin{{tabular}}{{l{'r' * (len(header) - 1)}}}", r"\toprule", " & ".join(header) + r" \\", r"\midrule",
            *lines, r"\bottomrule", r"\end{tabular}", r"\end{adjustbox}", r"\end{table}",
        ]
    )  # fmt: skip
