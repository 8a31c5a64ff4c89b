"""Texts with a name and settings, such as ``NAME:key=value:key=value``."""

import ast
import re
from typing import Any, NamedTuple

__all__ = ["Specification", "split_outside_brackets", "value_of"]

SETTING = re.compile(r"\s*[A-Za-z_]\w*\s*=.*", re.DOTALL)


class Specification(NamedTuple):
    """A name, its arguments, and its settings as text.

    Parameters
    ----------
    name : str
    arguments : tuple of str
        The texts between the name and the settings: the method in ``csls:cca``, the folder in ``clap:FOLDER``.
    settings : dict of str to str
    """

    name: str
    arguments: tuple[str, ...]
    settings: dict[str, str]

    @classmethod
    def of(cls, text: str) -> "Specification":
        """Parse a text; colons inside brackets belong to a value.

        Examples
        --------
        >>> Specification.of("csls:cca:ridge=(10, 1):n_components=5")
        Specification(name='csls', arguments=('cca',), settings={'ridge': '(10, 1)', 'n_components': '5'})
        """
        name, *rest = split_outside_brackets(text, ":")
        settings: dict[str, str] = {}
        while rest and SETTING.fullmatch(rest[-1]):
            key, _, value = rest.pop().partition("=")
            settings[key.strip()] = value.strip()
        return cls(name.strip(), tuple(rest), dict(reversed(settings.items())))


def value_of(text: str) -> Any:
    """The value of a setting: a Python literal, or else the text itself.

    Examples
    --------
    >>> value_of("(10, 1)"), value_of("pair")
    ((10, 1), 'pair')
    """
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError):
        return text.strip()


def split_outside_brackets(text: str, separator: str) -> list[str]:
    """Split a text at separators outside brackets; at all separators if the brackets do not match.

    Examples
    --------
    >>> split_outside_brackets("cca:ridge=(10, 1),acmr", ",")
    ['cca:ridge=(10, 1)', 'acmr']
    """
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if depth < 0:
            break
        if character == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts if depth == 0 else text.split(separator)
