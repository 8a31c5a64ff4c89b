"""What a data set accepts and what it says about the rest."""

import numpy as np
import pytest

from alcca.errors import DataError
from alcca.experiments import Dataset
from alcca.transcripts import Segment, Transcript

HEARD = Transcript((Segment(0.0, 1.0, "la la"),), "en", 0.9, "base")


def test_missing_labels_and_groups_become_none():
    songs = Dataset(np.ones((4, 2)), np.ones((4, 3)), label=["sad", "", float("nan"), None], group=[1, " ", 0, None])
    assert songs.label == ("sad", None, None, None)
    assert songs.group == (1, None, 0, None)
    assert songs.ids == ("0", "1", "2", "3")
    assert songs.texts is None


def test_an_array_of_texts_is_texts():
    assert Dataset(np.ones((2, 2)), np.array(["la", "do"])).texts == ("la", "do")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lyrics": ["a", "b"]}, "lyrics: expected one for each of the 3 songs of audio, got 2"),
        ({"lyrics": ["a", None, "b"]}, "got NoneType for song 1"),
        ({"lyrics": np.array([[1.0], [np.nan], [2.0]])}, "lyrics: song 1 holds NaN"),
        ({"audio": np.array([[1.0], [2.0], [np.inf]])}, "audio: song 2 holds NaN"),
        ({"audio": np.ones(3)}, r"audio: .* got float64 of shape \(3,\)"),
        ({"audio": np.array([["a"], ["b"], ["c"]])}, "audio: expected a non-empty numeric array"),
        ({"audio": np.ones((0, 3))}, "audio: expected a non-empty"),
        ({"label": ["a"]}, "label: expected one for each of the 3 songs of audio, got 1"),
        ({"group": []}, "group: .*got 0"),
        ({"ids": ["a", "b"]}, "ids: .*got 2"),
        ({"audio_frames": np.ones((2, 4, 4))}, "audio_frames: .*got 2"),
        ({"audio_descriptors": np.array([[1.0], [np.nan], [2.0]])}, "audio_descriptors: song 1 holds NaN"),
        ({"transcripts": ["a", None]}, "transcripts: .*3 songs of audio, got 2"),
        ({"transcripts": ["a", 5, None]}, "transcripts: expected Transcript, text or None, got int for song 1"),
        ({"audio": None}, "no song has any sound; expected at least one of audio, audio_frames"),
        ({"audio": None, "transcripts": ["a"]}, "transcripts: .*3 songs of lyrics, got 1"),
        ({"audio": None, "lyrics": [], "transcripts": []}, "at least one song"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    good = {"audio": np.ones((3, 2)), "lyrics": ["a", "b", "c"]}
    with pytest.raises(DataError, match=message):
        Dataset(**{**good, **change})


def test_views_of_audio_are_found_by_name():
    frames, descriptors = np.ones((2, 20, 161)), np.zeros((2, 65))
    songs = Dataset(np.ones((2, 5)), ["a", "b"], audio_frames=frames, audio_descriptors=descriptors)
    assert songs.audio_view("audio") is songs.audio
    assert songs.audio_view("audio_frames") is songs.audio_frames
    assert songs.audio_view("audio_descriptors").shape == (2, 65)
    assert Dataset(frames, ["a", "b"]).audio_view("audio_frames").shape == (2, 20, 161)
    with pytest.raises(DataError, match=r"songs has no audio_frames.*give MFCC of shape \(n, 20, 161\)"):
        Dataset(np.ones((2, 5)), ["a", "b"]).audio_view("audio_frames")
    with pytest.raises(DataError, match="songs has no audio_descriptors"):
        Dataset(frames, ["a", "b"]).audio_view("audio_descriptors")
    with pytest.raises(DataError, match="got 'video'"):
        songs.audio_view("video")


def test_transcripts_are_a_view_of_audio():
    songs = Dataset(np.ones((4, 2)), list("abcd"), transcripts=[HEARD, "words", None, " ♪ … "])
    assert songs.audio_view("transcripts") == (HEARD, "words", None, " ♪ … ")
    assert songs.words_heard == (True, True, False, False)
    assert Dataset(np.ones((1, 2)), ["a"], transcripts=[Transcript()]).words_heard == (False,)
    assert Dataset(np.ones((1, 2)), ["a"]).words_heard is None
    with pytest.raises(DataError, match="songs has no transcripts, which this method learns from; run alcca hear"):
        Dataset(np.ones((1, 2)), ["a"]).audio_view("transcripts")


def test_songs_may_have_been_heard_and_nothing_else():
    songs = Dataset(None, ["a", "b"], transcripts=np.array(["la", ""]))
    assert len(songs) == 2
    assert songs.ids == ("0", "1")
    with pytest.raises(DataError, match="songs has no audio, which this method learns from; give features"):
        songs.audio_view("audio")
    with pytest.raises(DataError, match="songs has no audio_frames"):
        songs.audio_view("audio_frames")
    assert songs.fingerprint != Dataset(None, ["a", "c"], transcripts=["la", ""]).fingerprint


def test_whatever_was_heard_otherwise_gives_another_fingerprint_of_the_view():
    def of(*heard):
        return Dataset(np.ones((2, 2)), ["a", "b"], transcripts=heard)

    other = Transcript((Segment(0.0, 1.0, "la la", -0.5),), "en", 0.9, "base")
    cases = [of("la", None), of("la", "None"), of("la", ""), of(HEARD, None), of(other, None), of(HEARD, "")]
    assert len({songs.view_fingerprint("transcripts") for songs in cases}) == len(cases)
    assert len({songs.fingerprint for songs in cases}) == 1
    assert of(HEARD, None).view_fingerprint("transcripts") == of(HEARD, None).view_fingerprint("transcripts")


def test_every_change_gives_another_fingerprint():
    whole = {
        "audio": np.ones((2, 3)), "lyrics": ["a", "b"], "label": ["x", "y"], "group": [1, 2], "ids": ["s", "t"],
    }  # fmt: skip
    changes = [
        {}, {"audio": np.zeros((2, 3))}, {"audio": np.ones((2, 3), np.float32)}, {"audio": np.ones((2, 3, 1))},
        {"lyrics": ["a", "c"]}, {"lyrics": np.ones((2, 1))}, {"label": None}, {"group": [1, 1]}, {"ids": ["s", "u"]},
    ]  # fmt: skip
    prints = [Dataset(**{**whole, **change}).fingerprint for change in changes]
    assert len(set(prints)) == len(changes)
    assert Dataset(**whole).fingerprint == prints[0]
    assert Dataset(**whole, audio_frames=np.ones((2, 4, 4))).fingerprint == prints[0]
    views = [Dataset(**whole, audio_frames=np.full((2, 4, 4), x)).view_fingerprint("audio_frames") for x in (1, 1, 2)]
    assert views[0] == views[1] != views[2]
    assert Dataset(**whole).view_fingerprint("audio_frames") == ""
