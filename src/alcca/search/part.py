"""Interface of the parts of a search: the tables they store, the input they take, their scores and their evidence.

To add a part, write a module with a `PartTables` and a `Part`, and list it in `alcca.search.parts`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.matching.passages import Passage
from alcca.matching.second_listening import Listen, Listening
from alcca.search.engines.engine import Engine
from alcca.search.filters import Filter, tags_of
from alcca.search.learned_space import LearnedSpace
from alcca.store.records import SongSummary
from alcca.store.tables import PartTables

if TYPE_CHECKING:
    from alcca.search.reader import SongReader
    from alcca.store.records import Song
    from alcca.store.songs import Store

__all__ = ["HEARD", "SOUND", "Candidates", "Catalogue", "Evidence", "Part", "Query"]

# Names of what is computed from a recording; see `Query`.
SOUND, HEARD = "sound", "heard"


@dataclass(frozen=True)
class Query:
    """The query of a search: a text, or what was computed from a recording for the parts of the search.

    Parameters
    ----------
    text : str, optional
        The text as typed or pasted; None for a recording.
    recording : mapping of str to object
        What was computed from the recording, by the name that parts give it (`Part.takes`): `SOUND` is its slice as
        the audio encoder of the learned space encodes it (MFCC have shape (20, 161)); `HEARD` is its
        `alcca.Transcript`.
    missing : mapping of str to str
        Why something could not be computed, by the same names.
    listening : Listening, optional
        How a second listening to the recording is done if the search is unsure; by default there is none.
    listen_to : function, optional
        Takes a song and returns what listens to its recording (`Listening.listen`), for a careful search by a text.
    progress : bool
        Show the progress of that on standard error.
    """

    text: str | None = None
    recording: Mapping[str, Any] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    listening: Listening | None = None
    listen_to: "Callable[[Song], Listen] | None" = None
    progress: bool = False


class Evidence(NamedTuple):
    """The evidence of one part for a query and one song.

    Parameters
    ----------
    part : str
        The part's name.
    score : float
        The score in the part's own units: a cosine in [-1, 1], or bits.
    bits : float
        Base-2 logarithm of how much likelier query and song belong together than by chance.
    passages : list of Passage
        The passages that match.
    closer_than : float or None
        The share of the library's pairs of different songs with a lower score, in [0, 1]; None for parts without it.
    """

    part: str
    score: float
    bits: float
    passages: list[Passage]
    closer_than: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON values."""
        return {**self._asdict(), "passages": [passage._asdict() for passage in self.passages]}


@dataclass(frozen=True)
class Candidates:
    """The candidates of a part for a query.

    Parameters
    ----------
    best : array of int64, shape (n,)
        Ids of the proposed songs, best first.
    of : function
        Maps ids, shape (m,), to scores (NaN for songs that the part does not score) and bits (0 there), both (m,).
    place : array of shape (d,), optional
        The query's vector, if the part has one.
    details : object, optional
        What the part needs again in `Part.evidence`.
    """

    best: NDArray[np.int64]
    of: Callable[[NDArray[np.int64]], tuple[NDArray[np.float64], NDArray[np.float64]]]
    place: NDArray[np.floating] | None = None
    details: Any = None


@dataclass(frozen=True)
class Catalogue:
    """The songs of a library at one moment, and the engine that searches their vectors and words.

    Parameters
    ----------
    library : str
        An identifier of this library.
    engine : Engine
    summaries : mapping of int to SongSummary
        All songs by id, including unusable ones.
    space : LearnedSpace
    """

    library: str
    engine: Engine
    summaries: Mapping[int, SongSummary]
    space: LearnedSpace

    def tags(self, song: int) -> Filter:
        """The label and artist of a song; empty for an unknown song."""
        return tags_of(self.summaries, song)


class Part(ABC):
    """One part of a search, at one moment. Thread-safe.

    Parameters
    ----------
    store : Store
        Read in the constructor, inside a transaction.
    catalogue : Catalogue
        The songs that are searched.
    previous : Part, optional
        The same part in an earlier snapshot.
    """

    name: ClassVar[str]
    # Shown to people, after "found by".
    title: ClassVar[str]
    # The name in `Query.recording` that it takes from a recording.
    takes: ClassVar[str]
    # None for a part that stores nothing.
    tables: ClassVar[type[PartTables] | None] = None

    @abstractmethod
    def __init__(self, store: "Store", catalogue: Catalogue, previous: "Part | None") -> None: ...

    @abstractmethod
    def lacks(self, query: Query) -> str | None:
        """Why it cannot search for this query, as a message for people; None if it can."""

    @abstractmethod
    def among(self, query: Query, allowed: frozenset[int] | None) -> int:
        """Count the songs that it compares with the query, of all or of those ``allowed``."""

    @abstractmethod
    def ask(self, query: Query, reader: "SongReader", k: int, allowed: frozenset[int] | None) -> Candidates:
        """Propose the best ``k`` of the ``allowed`` songs (None allows all)."""

    def consider(
        self, query: Query, reader: "SongReader", k: int | None, allowed: frozenset[int] | None
    ) -> Sequence[int]:
        """Propose ``k`` songs, or all, for a second listening: it may find what this part has no evidence for."""
        return ()

    def considered(self, query: Query, allowed: frozenset[int] | None) -> int:
        """Count all songs that `consider` can propose."""
        return 0

    @abstractmethod
    def evidence(
        self, query: Query, candidates: Candidates, songs: Sequence["Song"], reader: "SongReader"
    ) -> list[Evidence | None]:
        """The evidence for each of ``songs``; None for songs that the candidates do not score."""

    def warm(self) -> None:  # noqa: B027 - most have nothing to do
        """Load and compute now what would delay the first search."""
