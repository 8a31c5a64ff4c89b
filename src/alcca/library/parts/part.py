"""What every part of a search is: what it keeps of songs and takes of a query, how it scores, what it shows.

A new part needs a module with a `Keeper` and a `Part`, and a line in `alcca.library.parts`.
"""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.matching.passages import Passage
from alcca.transcripts import Transcript

if TYPE_CHECKING:
    from alcca.library.records import Song
    from alcca.library.snapshot import Snapshot
    from alcca.library.store import Store

__all__ = ["HEARD", "SOUND", "Answer", "Evidence", "Keeper", "Part", "Query"]

# Fields of a query that are made of a recording.
SOUND, HEARD = "sound", "heard"


@dataclass(frozen=True)
class Query:
    """What somebody searches by: a recording, or a text.

    Parameters
    ----------
    sound : array, float32, optional
        What the audio encoder of the learned space makes of a recording's slice: MFCC of shape (20, 161), say.
    heard : Transcript, optional
        What was heard in it; None where nobody has listened (yet).
    text : str, optional
        Words, as they were typed or pasted.
    unheard : str, optional
        Why nobody has listened to the recording.
    """

    sound: NDArray[np.float32] | None = None
    heard: Transcript | None = None
    text: str | None = None
    unheard: str | None = None


class Keeper(ABC):
    """What a part keeps of songs, in tables of its own in the library's database.

    All writing happens inside the caller's transaction. Rows that refer to a song with ``ON DELETE CASCADE`` go with
    it; whatever else is kept is removed in `forget`.
    """

    tables: ClassVar[str]

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    @abstractmethod
    def song_put(self, number: int, before: "Song | None", now: "Song") -> None:
        """Follow a song that is new or has changed."""

    def forget(self, numbers: Sequence[int]) -> None:  # noqa: B027 - most have nothing to do
        """Remove what is kept of songs that go; they are still there when this is called."""

    @abstractmethod
    def damaged(self) -> set[int]:
        """Ids of the songs of which some row does not match its checksum."""

    def rebuild(self) -> None:  # noqa: B027 - most have nothing to do
        """Make anew what is derived from other rows, some of which were damaged."""


class Evidence(NamedTuple):
    """What one part says of a query and one song.

    Parameters
    ----------
    part : str
        The part's name.
    score : float
        In the part's own measure: a cosine in [-1, 1], or bits.
    bits : float
        How much more likely query and song belong together than by chance, as a base-2 logarithm.
    passages : list of Passage
        Where they match.
    closer_than : float or None
        The share of the library's pairs of different songs with a lower score, in [0, 1]; None where it says nothing.
    """

    part: str
    score: float
    bits: float
    passages: list[Passage]
    closer_than: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return {**self._asdict(), "passages": [passage._asdict() for passage in self.passages]}


@dataclass(frozen=True)
class Answer:
    """What a part answers to a query.

    Parameters
    ----------
    best : array of int64, shape (n,)
        Ids of the songs that it would name, best first.
    of : function
        From ids, shape (m,), to their scores (NaN where the part says nothing of a song) and bits (0 there), both (m,).
    """

    best: NDArray[np.int64]
    of: Callable[[NDArray[np.int64]], tuple[NDArray[np.float64], NDArray[np.float64]]]


class Part(ABC):
    """One part of a search as it is at one moment; any number of threads may ask it.

    Parameters
    ----------
    store : Store
        Read here, inside a transaction.
    snapshot : Snapshot
        The picture of the library that this is a part of.
    previous : Part, optional
        The same part in an earlier picture.
    """

    name: ClassVar[str]
    # For people, after "found by".
    title: ClassVar[str]
    # What it takes of a recording: a field of `Query`.
    takes: ClassVar[str]
    keeper: ClassVar[type[Keeper]]

    @abstractmethod
    def __init__(self, store: "Store", snapshot: "Snapshot", previous: "Part | None") -> None: ...

    @abstractmethod
    def lacks(self, query: Query) -> str | None:
        """Why it cannot answer this query, in plain words; None when it can."""

    @abstractmethod
    def among(self, query: Query, allowed: frozenset[int] | None) -> int:
        """With how many songs it compares the query, of all or of those ``allowed``."""

    @abstractmethod
    def ask(self, query: Query, store: "Store", k: int, allowed: frozenset[int] | None) -> Answer:
        """Name the best ``k`` of the songs that are ``allowed`` (all when None)."""

    @abstractmethod
    def evidence(self, query: Query, answer: Answer, songs: Sequence["Song"], store: "Store") -> list[Evidence | None]:
        """What speaks for each of ``songs``; None where the answer says nothing of it."""

    def warm(self) -> None:  # noqa: B027 - most have nothing to do
        """Read and compute now what the first search would otherwise wait for."""
