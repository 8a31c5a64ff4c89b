"""Parts of a search become one: bits add up, ties fall to the parts' own scores, and nobody is sure of too much."""

from dataclasses import dataclass

import numpy as np
import pytest

from alcca.search.fusion import ask_parts
from alcca.search.part import Candidates, Evidence, Query


@dataclass
class Told:
    """A part that says what it was told to say."""

    name: str
    says: dict[int, tuple[float, float]]
    why: str | None = None
    title: str = "a part"

    def lacks(self, query):
        return self.why

    def among(self, query, allowed):
        return 100

    def ask(self, query, store, k, allowed):
        best = sorted(self.says, key=lambda number: -self.says[number][0])

        def of(ids):
            told = [self.says.get(number, (np.nan, 0.0)) for number in ids.tolist()]
            return np.array([score for score, _ in told]), np.array([bits for _, bits in told])

        return Candidates(np.array(best[:k], dtype=np.int64), of)

    def evidence(self, query, answer, songs, store):
        return [
            Evidence(self.name, *self.says[song.id], []) if song.id in self.says else None for song in songs
        ]  # fmt: skip


@dataclass
class Song:
    id: int


class Songs:
    def __init__(self, gone=()):
        self.gone = gone

    def songs(self, ids):
        return [Song(number) for number in ids if number not in self.gone]


def ask(*parts, k=10, gone=()):
    return ask_parts({part.name: part for part in parts}, Query(text="x"), Songs(gone), k, None)


def test_bits_add_up_over_the_parts():
    found = ask(Told("words", {1: (5, 5), 2: (4, 4)}), Told("space", {2: (0.9, 2), 1: (0.1, 0), 3: (0.5, 1)}))
    assert [(hit.song.id, hit.bits) for hit in found.hits] == [(2, 6), (1, 5), (3, 1)]
    assert [[one.part for one in hit.evidence] for hit in found.hits] == [["words", "space"]] * 2 + [["space"]]
    assert found.asked == ("words", "space")
    assert found.among == 100


def test_songs_of_equal_bits_are_in_the_order_of_the_parts_own_scores():
    found = ask(Told("words", {}), Told("space", {1: (0.1, 0), 2: (0.8, 0), 3: (-0.5, 0)}))
    assert [hit.song.id for hit in found.hits] == [2, 1, 3]


def test_a_part_that_cannot_answer_is_said_and_the_others_answer():
    found = ask(Told("words", {}, why="nobody listened", title="the words"), Told("space", {1: (0.1, 0)}))
    assert found.asked == ("space",)
    assert found.notes == ("the words: nobody listened",)
    assert [hit.song.id for hit in found.hits] == [1]
    nobody = ask(Told("words", {}, why="nobody listened"))
    assert (nobody.hits, nobody.asked) == ([], ())


def test_a_probability_is_shared_by_two_versions_and_small_without_evidence():
    (only,) = ask(Told("words", {1: (60, 60)})).hits
    assert only.probability > 0.97
    assert only.certainty == "sure"
    one, other = ask(Told("words", {1: (60, 60), 2: (60, 60)})).hits
    assert one.probability == pytest.approx(0.5, abs=0.01)
    assert one.certainty == other.certainty != "sure"
    (guess,) = ask(Told("space", {1: (0.9, 0)})).hits
    assert guess.certainty == "a guess"
    assert guess.probability < 0.05


def test_a_song_that_has_gone_leaves_its_place_to_the_next():
    found = ask(Told("words", {1: (9, 9), 2: (5, 5), 3: (4, 4)}), k=2, gone=(1,))
    assert [hit.song.id for hit in found.hits] == [2]
