"""Who may ask: the server's token is the password, whatever the name of the user, or the API key."""

from typing import Protocol

from alcca.subsonic.answers import SubsonicError
from alcca.subsonic.parameters import Parameters

__all__ = ["Proofs", "check_credentials"]

HEXADECIMAL = "enc:"


class Proofs(Protocol):
    """The server's token, which looks at proofs of it, and lets an address wait that guesses."""

    def accepts(self, given: str, address: str) -> bool:
        """Whether this is the token."""

    def accepts_digest(self, digest: str, salt: str, address: str) -> bool:
        """Whether this is the MD5 of the token and a salt."""


def check_credentials(parameters: Parameters, token: Proofs | None, address: str) -> None:
    """Check the proof of the token that comes with a call; a server without a token, as its own API, asks for none.

    Parameters
    ----------
    parameters : Parameters
        ``apiKey``; or ``u`` and ``p``, the password as it is or in hexadecimal; or ``u``, ``t`` and ``s``, the MD5 of
        password and salt, and the salt.
    token : Proofs, optional
    address : str
        The client's.

    Raises
    ------
    SubsonicError
        With the protocol's code.
    AlccaError
        If the address has to wait.
    """
    key, password, digest = parameters.get("apiKey"), parameters.get("p"), parameters.get("t")
    if (key is not None) + (password is not None) + (digest is not None) > 1 or (key and parameters.get("u")):
        raise SubsonicError(43, "several ways to log in were given; send apiKey, or u and p, or u, t and s")
    if token is None:
        return
    if key is not None:
        if not token.accepts(key, address):
            raise SubsonicError(44, "wrong API key; it is the token that the server was started with")
        return
    parameters.needed("u")
    if digest is not None:
        is_right = token.accepts_digest(digest, parameters.needed("s"), address)
    else:
        is_right = token.accepts(_plain(parameters.needed("p")), address)
    if not is_right:
        raise SubsonicError(40, "wrong password; it is the token that the server was started with")


def _plain(password: str) -> str:
    if not password.startswith(HEXADECIMAL):
        return password
    try:
        return bytes.fromhex(password.removeprefix(HEXADECIMAL)).decode()
    except ValueError:
        return password
