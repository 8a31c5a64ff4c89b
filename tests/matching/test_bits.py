"""Bits mean something: how rarely unrelated texts come so high, whatever their lengths."""

import csv
import random

import numpy as np
import pytest

from alcca.matching.bits import bits, signed_bits
from alcca.transcripts import Segment, Transcript


def babble(draw, letters):
    """Letters as often as English has them."""
    return "".join(
        draw.choices(
            "etaoinshrdlucmfwypvbgk", [12, 9, 8, 8, 7, 7, 6, 6, 6, 4, 4, 3, 3, 2, 2, 2, 2, 2, 1, 1, 2, 1], k=letters
        )
    )


@pytest.mark.parametrize(("short", "long"), [(20, 150), (60, 600), (250, 1500)])
def test_random_texts_exceed_bits_as_rarely_as_they_say(short, long):
    draw = random.Random(3)
    found = bits([babble(draw, short) for _ in range(60)], [babble(draw, long) for _ in range(60)])
    for limit in (2, 4, 6):
        assert (found > limit).mean() < 1.5 * 2.0**-limit


@pytest.mark.data
def test_unrelated_lyrics_of_a_language_exceed_bits_about_as_rarely_as_they_say(data_folder):
    with (data_folder / "songbook" / "songs.csv").open(encoding="utf-8") as table:
        names = [row["id"] for row in csv.DictReader(table) if row["language"] == "en"]
    draw = random.Random(4)
    paths = [data_folder / "songbook" / "lyrics" / f"{name}.txt" for name in draw.sample(names, 200)]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    found = bits([text[: draw.randint(30, 400)] for text in texts[:60]], texts[60:])
    for limit in (2, 4, 6):
        assert 2.0**-limit / 3 < (found > limit).mean() < 3 * 2.0**-limit


def test_scores_grow_with_what_is_shared_and_shrink_with_what_could_match_by_chance():
    line = "from fairest creatures we desire increase"
    draw = random.Random(0)
    found = bits([line, line[:20]], [line, line + babble(draw, 300), babble(draw, 300)])
    assert found[0, 0] > found[0, 1] > 30 > found[0, 2]
    assert found[0, 0] > found[1, 0]


def test_a_loop_is_no_evidence():
    other = "we went along the road to town la la la la la la la la la la la la la and home again"
    sung = bits(["la la la la la la la la la la la la"], [other])[0, 0]
    said = bits(["went along the road to town"], [other])[0, 0]
    assert sung < 8
    assert said > 20


def test_nothing_heard_or_written_is_exactly_0():
    texts = ["hello again", "", None, Transcript(), Transcript((Segment(0, 1, " … "),))]
    found = signed_bits(texts, texts)
    assert found[0, 0] > 0
    assert not found[1:].any()
    assert not found[:, 1:].any()


def test_no_texts_give_empty_arrays():
    assert bits([], ["a"]).shape == (0, 1)
    assert bits(["a"], []).shape == (1, 0)


def test_transcripts_count_as_their_text():
    heard = Transcript((Segment(0, 2, "rough winds do shake"), Segment(2, 4, "the darling buds of may")))
    assert np.array_equal(bits([heard], ["darling buds"]), bits([heard.text], ["darling buds"]))
