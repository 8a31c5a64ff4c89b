"""Searching through the server in a space that was learned from other encoders than the first ones."""

import json

import pytest
from starlette.testclient import TestClient

from alcca import Library
from alcca.server.application import create_app
from alcca.server.run import MAX_UPLOAD
from alcca.server.service import Service

API = "/api/v1"


@pytest.fixture
def other_shelf(shelf):
    with Library(shelf, progress=False) as library:
        library.train(method="cca", audio_encoder="mfcc-stats", lyrics_encoder="tfidf", components=4)
    return shelf


def scores(hits):
    return {hit["song"]["title"]: hit["score"] for hit in hits}


def test_clips_and_words_are_described_as_the_songs_are(other_shelf, music_once):
    clip = music_once / "song 03.wav"
    with Library(other_shelf, progress=False) as library:
        lyrics = next(song.lyrics for song in library.songs() if song.title == "Song 03")
        by_sound = {hit.title: hit.score for hit in library.search(audio=clip, by="space", k=40)}
        by_words = {hit.title: hit.score for hit in library.search(lyrics=lyrics, by="space", k=40)}
    with Service(other_shelf, MAX_UPLOAD) as service:
        client = TestClient(create_app(service), base_url="http://127.0.0.1")
        model = client.get(f"{API}/status").json()["model"]
        assert (model["method"], model["audio_encoder"], model["lyrics_encoder"]) == ("cca", "mfcc-stats", "tfidf")
        file = {"file": (clip.name, clip.read_bytes())}
        told = client.post(f"{API}/search/audio", params={"k": 40, "by": "space"}, files=file).json()
        assert scores(told["hits"]) == pytest.approx(by_sound, abs=1e-5)
        told = client.post(f"{API}/search/lyrics", json={"lyrics": lyrics, "k": 40, "by": "space"}).json()
        assert scores(told["hits"]) == pytest.approx(by_words, abs=1e-5)
        found = {"query": told["query"], "lyrics": "velvet river", "songs": [told["hits"][0]["song"]["id"]]}
        assert client.post(f"{API}/passages", json=found).status_code == 200
        # A part that takes no sound asks for none.
        assert client.post(f"{API}/search/audio", params={"by": "words"}, files=file).status_code == 422


def test_a_model_that_was_trained_before_there_was_a_choice(shelf, serving):
    with Library(shelf, progress=False) as library:
        model = library._store.setting("model")
        with library._store.transaction():
            library._store.set_setting(
                "model", {name: value for name, value in model.items() if not name.endswith("_encoder")}
            )
    folder = shelf / "models" / model["name"]
    (folder / "lyrics" / "state").rename(folder / "doc2vec")
    for part in ("audio", "lyrics"):
        for path in sorted((folder / part).rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        (folder / part).rmdir()
    with serving(shelf) as server:
        told = server.json("GET", "/status")["model"]
        assert (told["audio_encoder"], told["lyrics_encoder"]) == ("mfcc", "doc2vec")
        hits = server.json("POST", "/search/lyrics", {"lyrics": "river mountain", "by": "space"})["hits"]
        assert hits, json.dumps(told)
