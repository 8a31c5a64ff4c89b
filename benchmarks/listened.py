"""What the ways to listen find in one clip, and what they cost: the work of a process of `benchmarks.listening`."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.matching import listened, second_listening
from alcca.matching.listened import listened_bits
from alcca.matching.posterior import posterior
from alcca.matching.second_listening import Listening, is_unsure
from alcca.search.fusion import POOL, Ranking, rank_songs
from alcca.search.part import HEARD, Query
from alcca.search.reader import SongReader
from alcca.search.snapshot import Snapshot
from alcca.speech.recogniser import RATE, Recogniser
from alcca.store.database import Access
from alcca.store.records import Song
from alcca.store.songs import Store
from alcca.transcripts import Transcript
from benchmarks.harder import Clip, Samples, read_once

ONCE, SEVERAL, AGAIN = "one reading", "several readings", "several readings and second listening (alcca)"
CAREFUL = "the same, --careful"
HITS = 10
# The number of a clip's song if nobody sings.
NO_SONG = -1


class Found(NamedTuple):
    """What one way finds in a clip: the right song's rank (inf if it is not found), and the first hit's probability."""

    rank: float
    probability: float
    has_words: bool
    seconds: float


class Scores(NamedTuple):
    """All candidates of a clip that was listened to again, and how many songs they are of.

    Parameters
    ----------
    songs : array of int64, shape (n,)
    bits : array of float64, shape (n,)
        Evidence without the second listening.
    scores : array of float64, shape (n,)
        Of the second listening; NaN for songs that were not listened for.
    among : int
    """

    songs: NDArray[np.int64]
    bits: NDArray[np.float64]
    scores: NDArray[np.float64]
    among: int

    def without(self, song: int) -> "Scores":
        """The candidates without one song."""
        kept = self.songs != song
        return Scores(self.songs[kept], self.bits[kept], self.scores[kept], self.among)

    def of_others(self, song: int) -> NDArray[np.float64]:
        """The scores of all songs but one."""
        others: NDArray[np.float64] = self.scores[(self.songs != song) & ~np.isnan(self.scores)]
        return others

    def best(self, weight: float) -> tuple[int, float]:
        """The first hit and its probability, if a second listening has this weight."""
        bits, heard = self.bits.copy(), ~np.isnan(self.scores)
        with _constants(listened, WEIGHT=weight):
            bits[heard] += listened_bits(self.scores[heard])
        first = int(np.argmax(bits))
        return int(self.songs[first]), float(posterior(bits, self.among)[first])


class Guessed(NamedTuple):
    """The right song's rank with one reading or more, and whether it is a candidate for a second listening."""

    rank: float
    is_candidate: bool


class Details(NamedTuple):
    """Of a clip that search is unsure of: scores, and what readings find without the guesses and with them."""

    scores: Scores
    without_guesses: Guessed
    with_guesses: Guessed


class Outcome(NamedTuple):
    """What was found in a clip, by the name of the way, and details where they were asked for."""

    how: str
    song: int
    found: dict[str, Found]
    details: Details | None


class Searcher:
    """The product's search among lyrics, without a file.

    Parameters
    ----------
    lyrics : sequence of str
        A song's number is its place here.
    careful : bool
        Measure a careful search as well.
    """

    def __init__(self, lyrics: Sequence[str], *, careful: bool = False) -> None:
        self._careful = careful
        nowhere = Path("none")
        self._store = Store(nowhere, Access.NOWHERE)
        with self._store.transaction():
            self._numbers = {self._store.put_song(Song(str(i), "", lyrics=text)): i for i, text in enumerate(lyrics)}
        self._parts = Snapshot(self._store, nowhere).parts
        self._heard = Recogniser(threads=1)
        # Silence is encoded once in a process.
        noise = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
        self._heard.listen(noise, [["la la la"]])

    def measure(self, clip: Clip, *, details: bool = False) -> Outcome:
        """Search for a clip in each way; nothing is kept from another clip, as if this were the process's first."""
        found = {}
        self._forget()
        began = time.process_time()
        once = read_once(self._heard, clip.samples)
        found[ONCE] = self._found(self._search(once), clip, once, began)
        self._forget()
        began = time.process_time()
        several = self._heard.hear(clip.samples)
        heard_seconds = time.process_time() - began
        before = self._search(several)
        found[SEVERAL] = self._found(before, clip, several, began)
        began = time.process_time() - heard_seconds
        found[AGAIN] = self._found(self._search(several, clip.samples), clip, several, began)
        if self._careful:
            began = time.process_time() - heard_seconds
            found[CAREFUL] = self._found(self._search(several, clip.samples, careful=True), clip, several, began)
        wanted = details and is_unsure(before.probabilities)
        return Outcome(clip.how, clip.song, found, self._details(several, clip) if wanted else None)

    def _forget(self) -> None:
        self._heard._decoder._encoded.clear()
        self._heard._second._over_silence.clear()

    def _search(self, heard: Transcript, samples: Samples | None = None, *, careful: bool = False) -> Ranking:
        """Search, with a second listening if there are samples."""
        query = Query(recording={HEARD: heard})
        if samples is not None:
            query = replace(query, listening=Listening(lambda texts: self._heard.listen(samples, texts), careful))
        return rank_songs(self._parts, query, SongReader(self._store), HITS, None)

    def _found(self, ranking: Ranking, clip: Clip, heard: Transcript, began: float) -> Found:
        seconds = time.process_time() - began
        songs = [self._numbers[number] for number in ranking.songs.tolist()]
        probability = float(ranking.probabilities[0]) if songs else 0.0
        return Found(rank_of(clip.song, songs, ranking.ties), probability, heard.has_words, seconds)

    def _details(self, heard: Transcript, clip: Clip) -> Details:
        without = self._guessed(replace(heard, guesses=()), clip.song)
        return Details(self._scores(heard, clip.samples), without, self._guessed(heard, clip.song))

    def _guessed(self, heard: Transcript, song: int) -> Guessed:
        ranking = self._search(heard)
        songs = [self._numbers[number] for number in ranking.songs.tolist()]
        query, reader = Query(recording={HEARD: heard}), SongReader(self._store)
        considered = [number for part in self._parts.values() for number in part.consider(query, reader, POOL, None)]
        candidates = {*songs[:POOL], *(self._numbers[number] for number in considered)}
        return Guessed(rank_of(song, songs, ranking.ties), song in candidates)

    def _scores(self, heard: Transcript, samples: Samples) -> Scores:
        """Scores of all candidates, also after one that is enough."""
        with _constants(second_listening, ENOUGH=np.inf):
            ranking = self._search(heard, samples)
        found = [ranking.found.get(number) for number in ranking.songs.tolist()]
        return Scores(
            np.array([self._numbers[number] for number in ranking.songs.tolist()], np.int64),
            ranking.bits - np.array([0.0 if one is None else one.bits for one in found]),
            np.array([np.nan if one is None else one.score for one in found]),
            ranking.among,
        )


def rank_of(song: int, songs: Sequence[int], ties: NDArray[np.bool_]) -> float:
    """The rank of a song, inf if it is not there; ``ties`` with the hit before count against the system."""
    if song not in songs:
        return np.inf
    place = songs.index(song)
    while place + 1 < len(songs) and ties[place + 1]:
        place += 1
    return place + 1.0


@contextlib.contextmanager
def _constants(module: object, **values: float) -> Iterator[None]:
    """A module with other constants."""
    before = {name: getattr(module, name) for name in values}
    vars(module).update(values)
    try:
        yield
    finally:
        vars(module).update(before)
