"""Distractors: accepted in several forms, and never the right answer for a song."""

import numpy as np
import pytest

from alcca.errors import DataError, UsageError
from alcca.experiments import Dataset, cross_validate
from alcca.experiments.distractors import Distractors, distractors_for

SONGS = Dataset(np.zeros((2, 3)), ["Hello darkness, my old friend", "Alouette"], transcripts=["hello", None])


def test_texts_a_data_set_and_distractors_are_accepted():
    assert distractors_for(SONGS, None) == (None, [])
    assert distractors_for(SONGS, ["la", "do"])[0].lyrics == ("la", "do")
    assert distractors_for(SONGS, np.array(["la", "do"]))[0].lyrics == ("la", "do")
    others = Dataset(np.ones((2, 3)), ["la", "do"], transcripts=["la", None], name="others")
    found, notes = distractors_for(SONGS, others)
    assert (found.lyrics, found.recordings, found.name, notes) == (("la", "do"), 2, "others", [])
    assert found.transcripts == ("la", None)
    assert found.audio.tolist() == [[1, 1, 1]] * 2
    given = Distractors(["la"], transcripts=["x", "y", "z"])
    assert distractors_for(SONGS, given)[0].transcripts == ("x", "y", "z")


def test_the_words_of_a_song_are_no_distractor():
    given = ["la", "HELLO darkness my old friend!", "alouette", " ", "..."]
    found, notes = distractors_for(SONGS, given)
    assert found.lyrics == ("la",)
    assert notes == ["Left out 2 distractors whose words are those of a song."]
    others = Dataset(np.arange(6.0).reshape(2, 3), ["Alouette!", "do"], transcripts=["a", "b"])
    found, _ = distractors_for(SONGS, others)
    assert (found.lyrics, found.transcripts, found.audio.tolist()) == (("do",), ("b",), [[3, 4, 5]])
    with pytest.raises(DataError, match="expected lyrics or transcripts that match no song, got none"):
        distractors_for(SONGS, ["Alouette"])


def test_lyrics_must_be_of_the_songs_kind():
    numeric = Dataset(np.zeros((2, 3)), np.zeros((2, 4)))
    assert distractors_for(numeric, Distractors(np.ones((3, 4))))[0].lyrics.shape == (3, 4)
    with pytest.raises(UsageError, match="the songs' lyrics are features, which texts cannot be compared with"):
        distractors_for(numeric, ["la"])
    with pytest.raises(UsageError, match="the songs' lyrics are texts"):
        distractors_for(SONGS, Distractors(np.ones((3, 4))))


def test_views_of_recordings_are_found_by_name():
    frames = np.ones((2, 20, 161))
    others = Distractors(audio=frames)
    assert others.audio_view("audio") is others.audio
    assert others.audio_view("audio_frames") is others.audio
    assert others.audio_view("transcripts") is None
    assert Distractors(audio=np.ones((2, 3))).audio_view("audio_frames") is None
    lyrics = Distractors(["la"], audio=frames).without_recordings()
    assert (lyrics.lyrics, lyrics.recordings) == (("la",), 0)


def test_every_change_gives_another_fingerprint():
    cases = [
        {"lyrics": ["la"]}, {"lyrics": ["la", "do"]}, {"transcripts": ["la"]},
        {"lyrics": ["la"], "transcripts": ["la"]}, {"audio": np.ones((1, 2))}, {"audio_descriptors": np.ones((1, 2))},
        {"lyrics": np.ones((1, 2))},
    ]  # fmt: skip
    assert len({Distractors(**case).fingerprint for case in cases}) == len(cases)
    assert Distractors(["la"], name="x").fingerprint == Distractors(["la"]).fingerprint


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "got none"),
        ({"lyrics": ["a", 3]}, "distractors: lyrics: expected texts or a numeric .*got int for song 1"),
        ({"audio": np.array([[np.nan]])}, "audio: song 0 holds NaN"),
        ({"transcripts": [3]}, "transcripts: expected Transcript"),
        ({"audio": np.ones((2, 2)), "transcripts": ["a"]}, "the same recordings in every view"),
    ],
)
def test_what_does_not_fit_is_refused(given, message):
    with pytest.raises(DataError, match=message):
        Distractors(**given)


def test_something_else_is_refused():
    for given in ("Alouette", 3, {"la"}):
        with pytest.raises(UsageError, match="distractors: expected texts, a Dataset or Distractors, got"):
            distractors_for(SONGS, given)


def test_distractors_of_another_shape_are_refused_before_the_work():
    songs = Dataset(np.ones((12, 3)), np.ones((12, 4)))
    with pytest.raises(UsageError, match=r"lyrics of distractors has the shape \(5,\) for each, .* has \(4,\)"):
        cross_validate("cca", songs, distractors=Distractors(np.ones((2, 5))))
    with pytest.raises(UsageError, match=r"audio of distractors has the shape \(2,\) for each, .* has \(3,\)"):
        cross_validate("cca", songs, distractors=Distractors(np.ones((2, 4)), audio=np.ones((2, 2))))
