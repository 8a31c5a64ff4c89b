"""The token: what proves it, and how guessing it is slowed down."""

import hashlib
import hmac
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from alcca.errors import AlccaError
from alcca.server.forwarding import parse_address

__all__ = ["COOKIE", "GuessedTooOftenError", "Token"]

COOKIE = "alcca"
# Wrong tokens from one address before it has to wait: people mistype, and scripts are started with an old token.
FREE_GUESSES = 10
# The first wait, which doubles with every further wrong token, and the longest one.
FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
# An address that guesses no more is forgotten after this time.
SECONDS_TO_FORGET = 3600.0
# Addresses that are remembered, each some hundred bytes.
MAX_ADDRESSES = 10_000


class GuessedTooOftenError(AlccaError):
    """Too many wrong tokens came from one address; ``seconds`` is the time after which it may try again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many wrong tokens came from your address; try again in {seconds} s")
        self.seconds = seconds


@dataclass
class _Guesses:
    wrong: int
    until: float
    latest: float


class Token:
    """The token of a server, and the addresses that have guessed it wrong.

    An address that has sent wrong tokens must wait before its next one is looked at, right or wrong: otherwise guessing
    would go on during the wait. Other addresses, and browsers with the cookie, which cannot be guessed, are not
    affected.

    Parameters
    ----------
    secret : str
    clock : callable, optional
        Returns the time in seconds.
    """

    def __init__(self, secret: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._secret, self._clock = secret, clock
        self._guesses: OrderedDict[str, _Guesses] = OrderedDict()
        #: A proof of the token for browsers; the token cannot be recovered from it.
        self.cookie = hmac.new(secret.encode(), b"alcca cookie", hashlib.sha256).hexdigest()

    def is_in(self, cookies: Iterable[str]) -> bool:
        """Whether one of the values of the cookie is right; several may be of servers below other paths."""
        return any(_same(value, self.cookie) for value in cookies)

    def accepts(self, given: str, address: str) -> bool:
        """Whether a token from an address is right.

        Raises
        ------
        GuessedTooOftenError
            If the address has to wait.
        """
        return self._looks_at(lambda: _same(given, self._secret), address)

    def accepts_digest(self, digest: str, salt: str, address: str) -> bool:
        """Whether a digest is the MD5 of the token and a salt, in hexadecimal; the same otherwise.

        Subsonic's clients send no other proof. One who reads it can try out tokens without being slowed down: a token
        must be long and random, and the connection encrypted.
        """
        right = hashlib.md5((self._secret + salt).encode(errors="replace"), usedforsecurity=False).hexdigest()
        return self._looks_at(lambda: _same(digest.lower(), right), address)

    def _looks_at(self, is_right: Callable[[], bool], address: str) -> bool:
        now, place = self._clock(), _place(address)
        known = self._guesses.get(place)
        if known is not None and now - known.latest > SECONDS_TO_FORGET:
            del self._guesses[place]
            known = None
        if known is not None and now < known.until:
            raise GuessedTooOftenError(math.ceil(known.until - now))
        if is_right():
            self._guesses.pop(place, None)
            return True
        wrong = known.wrong + 1 if known else 1
        # Not 2**wrong without a limit: the number of guesses has none.
        wait = min(FIRST_WAIT * 2.0 ** min(wrong - FREE_GUESSES, 64), LONGEST_WAIT) if wrong >= FREE_GUESSES else 0.0
        self._guesses[place] = _Guesses(wrong, now + wait, now)
        self._guesses.move_to_end(place)
        while len(self._guesses) > MAX_ADDRESSES:
            self._guesses.popitem(last=False)
        return False


def _same(one: str, other: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))


def _place(address: str) -> str:
    """What counts as one address: in IPv6, a network of 64 bits, of which one client has all addresses."""
    found = parse_address(address)
    if found is None or found.version == 4:
        return address
    return str(int(found) >> 64)
