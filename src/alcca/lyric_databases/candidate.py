"""A song of a lyric database that may be the one that is sung."""

from typing import Any, NamedTuple

__all__ = ["Candidate"]


class Candidate(NamedTuple):
    """A song of a lyric database, and how likely a recording is of it.

    Parameters
    ----------
    title, artist, album : str
        As the database has them; "" where it has none.
    duration : float or None
        In seconds.
    lyrics : str
        As the database has them, section marks included; "" for an instrumental.
    synced : str or None
        The same with times, mostly as LRC. The times are those of the database's recording.
    bits : float
        The evidence of words, tags, file name and duration, as a base-2 logarithm.
    probability : float
        That the recording is of this song, in [0, 1].
    certainty : str
        "sure", "likely" or "a guess".
    instrumental : bool
        The database says that there are no words.
    versions : int
        How many rows of the database have these words, or nearly.
    heard_bits : float
        The evidence of the words alone.
    """

    title: str
    artist: str
    album: str
    duration: float | None
    lyrics: str
    synced: str | None
    bits: float
    probability: float
    certainty: str
    instrumental: bool = False
    versions: int = 1
    heard_bits: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON values."""
        return self._asdict()
