"""Training on what encoders make of songs: by any of them, each song once, kept with the model, found by both sides."""

import json
import sqlite3

import numpy as np
import pytest
from tests.making import write_song
from tests.networks import write_clap_model, write_sentence_model

from alcca import Library
from alcca.cli.main import main
from alcca.encoders import pretrained
from alcca.encoders.encoder import AudioEncoder
from alcca.encoders.mfcc import MfccStatsEncoder
from alcca.encoders.tfidf import TfidfEncoder
from alcca.errors import AlccaError, LibraryError, MissingExtraError, UsageError
from alcca.songs.audio import read_slice
from alcca.space.embedder import Embedder
from alcca.store.embeddings import Embeddings
from alcca.training import selection
from alcca.training.candidates import COMPARED

SONGS = 15


class Peaks(AudioEncoder):
    """The loudest samples of each third of the slice; counts what it is asked."""

    name, shape, sample_rate = "peaks", (3,), 8_000
    asked = 0

    def encode(self, recordings):
        Peaks.asked += len(recordings)
        return np.abs(recordings).reshape(len(recordings), 3, -1).max(axis=2)


@pytest.fixture(autouse=True)
def _inline(inline, monkeypatch):
    monkeypatch.setattr(Peaks, "asked", 0)


def found(library, **query):
    return {hit.title: hit.score for hit in library.search(**query, by="space", k=100)}


def vectors(library, view):
    model = library._store.setting("model")["name"]
    return dict(zip(*library._store.tables(Embeddings).vectors(model, view), strict=True)) if model else {}


def test_a_library_is_searched_by_what_its_encoders_make(added, added_music):
    report = added.train(method="cca", audio_encoder="mfcc-stats", lyrics_encoder="tfidf", components=4)
    assert (report.audio_encoder, report.lyrics_encoder, report.songs) == ("mfcc-stats", "tfidf", SONGS)
    song = added.songs()[3]
    with Library(added.path, progress=False) as opened:
        model = opened.status()["model"]
        assert (model["audio_encoder"], model["lyrics_encoder"]) == ("mfcc-stats", "tfidf")
        embedder = opened._snapshot.space.embedder
        frames = opened._store.features("mfcc", [song.id])
        place = embedder.model.transform((MfccStatsEncoder().encode(frames), None))[0][0]
        np.testing.assert_allclose(vectors(opened, "audio")[song.id], place, rtol=1e-4, atol=1e-5)
        texts = TfidfEncoder().fit([one.lyrics for one in opened.songs()])
        place = embedder.model.transform((None, texts.encode([song.lyrics])))[1][0]
        np.testing.assert_allclose(vectors(opened, "lyrics")[song.id], place, rtol=1e-4, atol=1e-5)
        by_sound, by_words = found(opened, audio=song.paths[0]), found(opened, lyrics=song.lyrics)
        assert len(by_sound) == len(by_words) == SONGS
        # The query is the song itself, so it lies where the song lies.
        cosines = {
            other: float(place_of @ vectors(opened, "audio")[song.id])
            / np.linalg.norm(place_of) / np.linalg.norm(vectors(opened, "audio")[song.id])
            for other, place_of in vectors(opened, "lyrics").items()
        }  # fmt: skip
        for other in opened.songs():
            assert by_sound[other.title] == pytest.approx(cosines[other.id], abs=1e-4)
        write_song(added_music / "late.wav", 17)
        opened.add(added_music)
        assert "late" in found(opened, audio=song.paths[0])
        assert "late" in found(opened, lyrics=song.lyrics)


def test_the_command_line_trains_and_searches(added, capsys):
    at = ["--library", str(added.path), "--quiet"]
    asked = ["--method", "kernel-cca", "--audio-encoder", "mfcc-stats", "--lyrics-encoder", "tfidf:max_features=20"]
    assert main(["train", *asked, "--components", "3", *at]) == 0
    assert "Trained kernel-cca of mfcc-stats and tfidf:max_features=20 on 15 songs" in capsys.readouterr().out
    assert main(["status", *at]) == 0
    assert "kernel-cca of mfcc-stats and tfidf:max_features=20, 3 components" in capsys.readouterr().out
    song = added.songs()[5]
    for query in (["--audio", song.paths[0]], ["--lyrics", song.lyrics]):
        assert main(["search", *query, "--by", "space", "-k", "15", "--json", *at]) == 0
        assert {hit["title"] for hit in json.loads(capsys.readouterr().out)["hits"]} == {
            one.title for one in added.songs()
        }
    assert main(["train", "--audio-encoder", "tfidf", *at]) == 2
    assert "audio encoder 'tfidf' is unknown; tfidf is a lyrics encoder" in capsys.readouterr().err


def test_each_song_is_encoded_once_and_new_ones_when_they_come(added, added_music):
    added.train(method="cca", audio_encoder=Peaks(), components=2)
    assert Peaks.asked == SONGS
    added.train(method="rcca", audio_encoder=Peaks(), components=2)
    assert Peaks.asked == SONGS
    write_song(added_music / "late.wav", 17)
    added.add(added_music)
    added.add(added_music)
    assert Peaks.asked == SONGS + 1
    song = next(song for song in added.songs() if song.title == "late")
    place = added._snapshot.space.embedder.embed_audio(
        Peaks().encode(read_slice(song.paths[0], rate=8_000).samples[None])
    )[0]
    np.testing.assert_allclose(vectors(added, "audio")[song.id], place, rtol=1e-5, atol=1e-6)
    # A clip is read at the encoder's rate too.
    lyrics = vectors(added, "lyrics")[song.id]
    cosine = float(place @ lyrics / np.linalg.norm(place) / np.linalg.norm(lyrics))
    assert found(added, audio=song.paths[0])["late"] == pytest.approx(cosine, abs=1e-4)


def test_a_clip_is_described_as_the_songs_are(added):
    added.train(method="spotify-dcca", components=2, epochs=1)
    assert added.status()["model"]["audio_encoder"] == "descriptors", "the method insists on them"
    song = added.songs()[2]
    rows = added._store.features("descriptors", [song.id])
    by_sound = found(added, audio=song.paths[0])
    audio = added._snapshot.space.embedder.embed_audio(rows)[0]
    lyrics = vectors(added, "lyrics")[song.id]
    cosine = float(audio @ lyrics / np.linalg.norm(audio) / np.linalg.norm(lyrics))
    assert by_sound[song.title] == pytest.approx(cosine, abs=1e-4)


def test_networks_of_others_learn_a_space(added, added_music, tmp_path_factory):
    networks = tmp_path_factory.mktemp("networks")
    sentence, clap = write_sentence_model(networks / "text"), write_clap_model(networks / "sound")
    added.train(method="cca", audio_encoder=f"clap:{clap}", lyrics_encoder=f"sentence:{sentence}", components=2)
    model = added.status()["model"]
    assert (model["audio_encoder"], model["lyrics_encoder"]) == ("clap:sound", "sentence:model")
    (folder,) = (added.path / "models").iterdir()
    assert sum(path.stat().st_size for path in folder.joinpath("lyrics").rglob("*") if path.is_file()) < 2_000
    with sqlite3.connect(added.path / "songs.sqlite") as other:
        kinds = dict(other.execute("SELECT kind, count(*) FROM features GROUP BY kind").fetchall())
    assert sorted(kinds.values()) == [SONGS] * 3
    with Library(added.path, progress=False) as opened:
        song = opened.songs()[4]
        assert len(found(opened, audio=song.paths[0])) == len(found(opened, lyrics="hello old friend")) == SONGS
    weights = next(sentence.rglob("model.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\1")
    write_song(added_music / "late.wav", 17)
    with Library(added.path, progress=False) as opened:
        with pytest.raises(LibraryError, match=r"was saved with other weights .*train again"):
            opened.search(lyrics="hello")
        report = opened.add(added_music)
        assert report.added == 1
        assert any("cannot be put into the learned space: " in note for _, note in report.notes)


def test_a_package_that_is_gone_costs_the_space_and_names_its_extra(added, tmp_path, monkeypatch):
    sentence = write_sentence_model(tmp_path / "text")
    added.train(method="cca", lyrics_encoder=f"sentence:{sentence}", components=2)
    monkeypatch.setattr(pretrained, "find_spec", lambda name: None)
    with Library(added.path, progress=False) as opened:
        song = opened.songs()[4]
        for query in ({"audio": song.paths[0]}, {"lyrics": song.lyrics}):
            with pytest.raises(AlccaError, match=r"alcca\[text\]"):
                opened.search(**query, by="space")
        hits = opened.search(lyrics=song.lyrics)
        assert hits[0].title == song.title
        assert any("alcca[text]" in note for note in hits.notes)
    with pytest.raises(MissingExtraError, match=r"alcca\[text\]"):
        added.train(lyrics_encoder=f"sentence:{sentence}")


def test_an_encoder_of_another_version_is_told(added, monkeypatch):
    added.train(method="cca", audio_encoder="mfcc-stats", components=2)
    monkeypatch.setattr(MfccStatsEncoder, "version", "2")
    with (
        Library(added.path, progress=False) as opened,
        pytest.raises(LibraryError, match="version 1 of the encoder mfcc-stats, which now has version 2"),
    ):
        opened.search(lyrics="river", by="space")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"audio_encoder": "nonsense"}, "audio encoder 'nonsense' is unknown"),
        ({"lyrics_encoder": "mfcc"}, "lyrics encoder 'mfcc' is unknown; mfcc is an audio encoder"),
        ({"lyrics_encoder": "tfidf:size=3"}, "tfidf:size=3"),
        ({"audio_encoder": "mfcc-stats", "method": "joint-train-dcca"}, "learns from audio_frames, .* or take mfcc"),
        ({"audio_encoder": "mfcc", "method": "spotify-dcca"}, "learns from audio_descriptors, .* or take descriptors"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(added, asked, message):
    with pytest.raises(UsageError, match=message):
        added.train(**asked)
    assert added.status()["model"] is None


def test_nothing_learns_from_songs_kept_out(added, monkeypatch):
    monkeypatch.setattr(selection, "MIN_TO_CHOOSE", SONGS)
    read, learn = [], TfidfEncoder.fit
    monkeypatch.setattr(TfidfEncoder, "fit", lambda self, texts: read.append(set(texts)) or learn(self, texts))
    report = added.train(method="best", audio_encoder="mfcc-stats", lyrics_encoder="tfidf", epochs=1)
    assert set(report.compared) == set(COMPARED)
    assert [len(texts) for texts in read] == [SONGS - report.chosen_on, SONGS]
    assert read[0] < read[1]


def test_no_more_components_than_the_encoders_can_give(added, monkeypatch):
    assert added.train(method="cca", audio_encoder=Peaks()).components == 3
    assert added.train(method="cca", lyrics_encoder="tfidf:max_features=2").components == 2
    monkeypatch.setattr(selection, "MIN_TO_CHOOSE", SONGS)
    report = added.train(method="cca", audio_encoder=Peaks())
    assert (report.components, report.chosen_on > 0) == (3, True)


def test_songs_that_cannot_be_encoded_are_left_out_and_told(added, added_music, capsys):
    gone = added_music / "song 1.wav"
    away = gone.rename(added_music.parent / "away.wav")
    report = added.train(method="cca", audio_encoder=Peaks(), components=2)
    assert report.songs == SONGS - 1
    ((file, reason),) = report.left_out
    assert file == str(gone)
    assert "cannot be read" in reason
    song = next(song for song in added.songs() if song.title == "song 1")
    assert song.id not in vectors(added, "audio")
    assert song.id in vectors(added, "lyrics"), "its words are there"
    assert report.embedded == SONGS
    away.rename(gone)
    added.add(added_music)
    assert song.id in vectors(added, "audio")


def test_a_library_in_which_nothing_can_be_encoded_keeps_its_model(added, added_music):
    added.train(method="cca", components=2)
    before = added.status()["model"]
    for path in added_music.glob("*.wav"):
        path.unlink()
    with pytest.raises(LibraryError, match="no song can be encoded with peaks, the first: "):
        added.train(audio_encoder=Peaks())
    assert added.status()["model"] == before


def test_the_seed_is_that_of_the_encoder_too(added):
    added.train(method="cca", components=2, random_state=3)
    assert added._snapshot.space.embedder.lyrics.random_state == 3


def test_without_a_choice_the_encoders_are_the_first_ones(added):
    added.train(method="cca", components=2)
    (folder,) = (added.path / "models").iterdir()
    embedder = Embedder.load(folder)
    assert (embedder.audio.name, embedder.lyrics.name) == ("mfcc", "doc2vec")
    added._snapshot.space.warm()
    assert added._snapshot.space.sound_encoder_folder is None
