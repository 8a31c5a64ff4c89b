"""Texts that name a thing and its settings, as people write them: ``NAME:key=value:key=value``."""

import ast
import re
from typing import Any, NamedTuple

__all__ = ["Specification", "split_outside_brackets", "value_of"]

SETTING = re.compile(r"\s*[A-Za-z_]\w*\s*=.*", re.DOTALL)


class Specification(NamedTuple):
    """A name, what stands between it and the settings, and the settings as they are written.

    Parameters
    ----------
    name : str
    arguments : tuple of str
        What stands behind colons before the settings: the method inside ``csls:cca``, the folder in ``clap:FOLDER``.
    settings : dict of str to str
    """

    name: str
    arguments: tuple[str, ...]
    settings: dict[str, str]

    @classmethod
    def of(cls, text: str) -> "Specification":
        """Read a text; colons inside brackets belong to a value.

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
    """A setting's value: a Python literal, or else the text itself.

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
    """Split a text where no bracket is open; everywhere where its brackets do not match.

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
