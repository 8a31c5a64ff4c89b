"""The parameters of a call, from its address or its form."""

from collections.abc import Mapping

from alcca.subsonic.answers import SubsonicError

__all__ = ["Parameters"]


class Parameters:
    """The parameters of a call; of one that is given several times, the last.

    Parameters
    ----------
    given : mapping of str to str
    """

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given

    def get(self, name: str) -> str | None:
        """A parameter, or None."""
        return self._given.get(name)

    def needed(self, name: str) -> str:
        """A parameter; SubsonicError 10 without it."""
        value = self._given.get(name)
        if value is None:
            raise SubsonicError(10, f"the parameter {name} is missing")
        return value

    def number(self, name: str, default: int, most: int) -> int:
        """A number from 0 to a limit; SubsonicError if it is none."""
        value = self._given.get(name)
        if value is None:
            return default
        if not value.isascii() or not value.isdecimal():
            raise SubsonicError(10, f"the parameter {name} is {value[:50]!r}; expected a number")
        return min(int(value[:18]), most)
