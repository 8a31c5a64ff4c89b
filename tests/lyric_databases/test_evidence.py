"""Evidence of names and lengths: likelihoods that add up, titles as people write them."""

import math

import numpy as np
import pytest

from alcca.lyric_databases import evidence
from alcca.lyric_databases.evidence import MOST, NameEvidence, length_bits, name_bits
from alcca.lyric_databases.row import Row
from alcca.lyric_databases.song_table import letters_of
from alcca.lyric_databases.titles import Claim, artist_letters, claims_of, title_key, title_letters
from alcca.matching.folding import fold_letters
from alcca.matching.posterior import SCALE, posterior


def row(title="", artist="", duration=None, lyrics=""):
    return Row(title, artist, "", duration, lyrics, None, False)


def test_the_shares_of_right_songs_are_probabilities():
    assert math.isclose(evidence.TITLE_EQUAL + evidence.TITLE_ALIKE + evidence.TITLE_OTHER, 1)
    assert math.isclose(evidence.ARTIST_EQUAL + evidence.ARTIST_OTHER, 1)
    seconds = np.arange(0, 2000, 0.1)
    near, far = (np.exp(-np.abs(seconds - 1000) / scale) / (2 * scale) for scale in (evidence.LENGTH_TOLERANCE, 15))
    assert math.isclose(0.1 * (evidence._NEAR * near + evidence._FAR * far).sum(), 0.85, abs_tol=0.01)


@pytest.mark.parametrize("others", [1e-6, 1e-3, 0.05])
def test_an_equal_title_counts_as_much_as_it_is_rare(others):
    assert math.isclose(name_bits("harbour", "harbour", others), math.log2(0.8 / others))


def test_a_common_title_says_less_in_a_database_that_has_it_often():
    claim = [Claim("home", "")]
    rare, common = (NameEvidence(claim, lambda title, n=n: n, 100_000).bits(row("Home")) for n in (1, 900))
    assert math.isclose(rare, math.log2(0.8 * 100_001 / 2) / SCALE)
    assert rare > common > 0


def test_all_names_together_are_less_than_sure_among_a_million_songs():
    assert posterior([MOST], 1_000_000)[0] < 0.1
    # A clear verse, about the least that is sure among a million, beside a song with all names of the recording.
    assert posterior([50.0, MOST], 1_000_000)[0] > 0.97


@pytest.mark.parametrize(("apart", "least"), [(0.0, 5.0), (2.0, 3.0), (20.0, -2.0)])
def test_equal_lengths_are_evidence_and_others_are_not(apart, least):
    assert length_bits(180.0, 180.0 + apart) * SCALE > least
    assert length_bits(180.0, 180.0 + apart) > length_bits(180.0, 181.0 + 2 * apart)
    assert length_bits(30.0, 200.0) * SCALE >= -3
    assert length_bits(None, 200.0) == length_bits(200.0, None) == length_bits(0.0, 3.0) == 0.0


@pytest.mark.parametrize(
    ("written", "title"),
    [("Heroes (2017 Remaster)", "heroes"), ("Song [feat. Someone]", "song"), ("Song - Live at the Hall", "song"),
     ("Song feat. Other", "song"), ("Été – Radio Edit", "ete"), ("(You)", "you"), ("Live Forever", "liveforever"),
     ("Anti-Hero", "antihero")],
)  # fmt: skip
def test_titles_without_what_is_of_the_recording(written, title):
    assert title_letters(written) == title


@pytest.mark.parametrize(
    ("file_name", "claim"),
    [
        ("Nobody - Harbour.mp3", ("harbour", "nobody")),
        ("/music/x/03 - Nobody - Harbour (Live).flac", ("harbour", "nobody")),
        ("Harbour_-_Nobody.ogg", ("harbour", "nobody")),
        ("1-07 Harbour.mp3", ("harbour", "")),
        ("Nobody - Album - 02 - Harbour.m4a", ("harbour", "nobody")),
        ("Nobody – Harbour [Official Video].opus", ("harbour", "nobody")),
    ],
)
def test_names_of_files_in_many_orders(file_name, claim):
    assert claim in [(one.title, fold_letters(one.artist)) for one in claims_of(None, None, file_name)]


def test_the_artist_of_a_tag_belongs_to_the_title_of_a_file():
    assert Claim("harbour", "Nobody") in claims_of(None, "Nobody", "03 Harbour.mp3")
    assert claims_of(None, "Nobody", None) == [Claim("", "Nobody")]


def test_artists_who_sing_together_are_each_one():
    assert artist_letters("The Band & Nina feat. X-Ray") == ("band", "nina", "xray")
    both = [Claim("harbour", "Nina")]
    together = NameEvidence(both, lambda title: 1, 100).bits(row("Harbour", "The Band & Nina"))
    assert together > NameEvidence(both, lambda title: 1, 100).bits(row("Harbour", "The Band"))


def test_no_names_are_no_evidence():
    assert claims_of(None, "", " ") == []
    assert NameEvidence([], lambda title: 0, 10).bits(row("Harbour", "Nobody")) == 0.0
    assert title_key("harbour") != title_key("harbours")


@pytest.mark.parametrize(
    "text", ["Straße — Привет ﬁ", "夜里的河水流过旧桥", "ｶﾞﾗｽ", "don’t “stop” — 12", "שלום עולם", "a\0b\ud7ffc"]
)
def test_letters_are_those_of_folding(text):
    assert letters_of(row(lyrics=text)).decode() == fold_letters(text)
    assert letters_of(row(lyrics=f"[00:12.34] <00:12.34>{text}")).decode() == fold_letters(text)
