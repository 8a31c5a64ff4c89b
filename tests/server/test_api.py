"""What the API tells of songs and of the library, and what it tells nobody."""

import os
import re
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient
from tests.making import write_song

from alcca import Library, __version__
from alcca.server.application import create_app
from alcca.server.service import Service
from alcca.store.songs import Store

API = "/api/v1"
WORDS = "golden river in the morning"
KEYS = ("method", "components", "direction", "level", "measure")


@pytest.fixture
def untrained(tmp_path, music_once, inline):
    """Clients of a library without a model."""
    for name in ("song 00.wav", "song 00.txt"):
        shutil.copy(music_once / name, tmp_path / name)
    with Library(tmp_path / "new", progress=False) as library:
        library.add(tmp_path / "song 00.wav", jobs=1)
    with Service(tmp_path / "new", 10**6) as service:
        yield TestClient(create_app(service), base_url="http://127.0.0.1")


# Songs


def test_pages_of_songs_are_the_whole_list(client):
    pages = [client.get(f"{API}/songs", params={"k": 7, "offset": offset}).json() for offset in range(0, 42, 7)]
    assert [len(page["songs"]) for page in pages] == [7, 7, 7, 7, 4, 0]
    assert {page["total"] for page in pages} == {32}
    ids = [song["id"] for page in pages for song in page["songs"]]
    assert ids == sorted(set(ids))


WRONG_PAGES = [{"k": 0}, {"k": 101}, {"offset": -1}, {"offset": 10**10}, {"k": "x"}, {"k": "9" * 5000}]


@pytest.mark.parametrize("page", WRONG_PAGES, ids=lambda page: str(page)[:20])
def test_pages_that_cannot_be_are_refused(client, problem_of, page):
    (name,) = page
    assert problem_of(client.get(f"{API}/songs", params=page), 422).startswith(f"{name}: ")


def test_exact_words_are_found_as_in_the_library(client, library):
    for words in ("nothing hear", "RIVER", "river mountain", "sóng"):
        told = client.get(f"{API}/songs", params={"words": words, "k": 100}).json()
        assert [song["id"] for song in told["songs"]] == [hit.id for hit in library.find(words, k=100)]
        assert told["total"] == len(told["songs"])
    (song,) = client.get(f"{API}/songs", params={"words": "nothing hear"}).json()["songs"]
    assert "nothing to hear" in song["line"]


# What somebody types, and the plain words that it comes to; None when no song has them.
TYPED = {
    '"': None,
    '""""': None,
    "'; DROP TABLE songs; --": None,
    "!!! *** ((( )))": None,
    "NEAR(river mountain)": None,
    "river AND NOT OR": None,
    "title:river": None,
    "\U0001f3b5": None,
    "恋": None,
    "(" * 20_000: None,
    "river\0": "river",
    "^river*": "river",
    "river " * 3000: "river",
}


@pytest.mark.parametrize("words", TYPED, ids=lambda words: words[:20])
def test_any_words_are_searched_for_as_words(client, words):
    answer = client.get(f"{API}/songs", params={"words": words})
    assert answer.status_code == 200, answer.text
    plain = TYPED[words]
    expected = client.get(f"{API}/songs", params={"words": plain}).json()["total"] if plain else 0
    assert answer.json()["total"] == expected


@pytest.mark.parametrize("words", ["\0", " \0\0 "])
def test_words_that_are_none_are_no_error(client, words):
    assert client.get(f"{API}/songs", params={"words": words}).status_code == 200


def test_a_song_is_told_with_its_words_and_doubts(client, library, id_of, hostile):
    for song in library.songs():
        told = client.get(f"{API}/songs/{song.id}").json()
        assert (told["title"], told["artist"], told["label"]) == (song.title, song.artist, song.label)
        assert told["lyrics"] == song.lyrics
        assert told["file"] == Path(song.paths[0]).name
        assert told["reasons"] == list(song.reasons)
        assert (told["has_audio"], told["has_lyrics"]) == (song.audio is not None, song.lyrics is not None)
    assert client.get(f"{API}/songs/{id_of['no words']}").json()["reasons"]
    assert client.get(f"{API}/songs/{id_of['Song 02']}").json()["lyrics"].split("\n")[1:3] == list(hostile.lyrics)
    assert client.get(f"{API}/songs/{id_of[hostile.title]}").json()["seconds"] == 4.0


@pytest.mark.parametrize("what", ["", "/audio", "/neighbours?by=audio"])
def test_a_song_that_is_not_there_is_a_404(client, problem_of, what):
    for number in (10**6, 2**63 - 1):
        assert str(number) in problem_of(client.get(f"{API}/songs/{number}{what}"), 404)
    for number in (0, -1, 2**63, "x", "1e3", "%00"):
        problem_of(client.get(f"{API}/songs/{number}{what}"), 422)


@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/nothing", "/api/v2/songs", "/nothing", "/api/v1/songs/1/2"])
def test_an_address_that_is_not_there_is_a_404(client, problem_of, path):
    problem_of(client.get(path), 404)


def test_a_method_that_is_not_taken_is_a_405(client, problem_of):
    answer = client.delete(f"{API}/songs/1")
    problem_of(answer, 405)
    assert "GET" in answer.headers["allow"]
    problem_of(client.get(f"{API}/search/lyrics"), 405)


# The library


def test_status_tells_what_is_there(client, library, hostile):
    told, known = client.get(f"{API}/status").json(), library.status()
    for name in ("songs", "usable", "audio_only", "lyrics_only"):
        assert told[name] == known[name]
    assert (told["songs"], told["usable"], told["searchable"]) == (32, 30, 32)
    assert (told["name"], told["version"]) == ("shelf", __version__)
    assert {facet["name"]: facet["songs"] for facet in told["artists"]} == dict.fromkeys(
        ("Ada", "Bela", "Cleo", "Dora", hostile.artist), 6
    )
    assert {facet["name"]: facet["songs"] for facet in told["labels"]} == known["labels"]
    assert {facet["name"]: facet["songs"] for facet in told["languages"]} == {"en": 25, "de": 5}
    assert told["max_upload_bytes"] == 50_000_000
    for name in ("heard", "without_words", "not_heard", "doubtful"):
        assert told["hearing"][name] == known["hearing"][name]
    assert told["evaluated"] is True
    names = ("method", "components", "epochs", "songs", "audio_encoder", "lyrics_encoder")
    assert {name: told["model"][name] for name in names} == {
        "method": "kernel-cca", "components": 5, "epochs": None, "songs": 30, "audio_encoder": "mfcc",
        "lyrics_encoder": "doc2vec",
    }  # fmt: skip
    time.strptime(told["model"]["trained"], "%Y-%m-%dT%H:%M:%SZ")


def test_the_map_holds_every_song_that_can_be_searched(client, id_of):
    told = client.get(f"{API}/map").json()
    assert {point["id"] for point in told["points"]} == set(id_of.values())
    places = np.array([[point["x"], point["y"]] for point in told["points"]])
    assert np.abs(places).max() == pytest.approx(1, abs=1e-3)
    assert len(np.unique(places, axis=0)) == 32
    assert (told["explained"], told["note"]) == (None, None)
    for point in told["points"][::5]:
        label = None if point["label"] is None else told["labels"][point["label"]]
        assert label == client.get(f"{API}/songs/{point['id']}").json()["label"]


def test_the_last_evaluation_is_told_beside_chance(client, library):
    told = client.get(f"{API}/evaluation").json()
    assert (told["songs"], told["folds"], told["pool"], told["methods"]) == (30, 3, 10.0, ["cca", "alcca"])
    table = library.path / "evaluation" / "summary.csv"
    rows = {tuple(row[name] for name in KEYS): row for row in told["rows"]}
    assert len(rows) == len(told["rows"]) == 120
    head, *lines = [line.split(",") for line in table.read_text().splitlines()]
    for line in lines:
        kept = dict(zip(head, line, strict=True))
        row = rows[kept["method"], int(kept["components"]), kept["direction"], kept["level"], "MRR1"]
        assert (row["value"], row["low"], row["high"]) == tuple(
            pytest.approx(float(kept[name])) for name in ("MRR1", "MRR1_low", "MRR1_high")
        )
        assert 0 < row["chance"] < 1


def test_an_untrained_library_says_what_to_do(untrained, problem_of, tmp_path):
    data = (tmp_path / "song 00.wav").read_bytes()
    for answer in (
        untrained.post(f"{API}/search/lyrics", json={"lyrics": WORDS, "by": "space"}),
        untrained.post(f"{API}/search/audio", files={"file": ("a.wav", data)}),
        untrained.get(f"{API}/songs/1/neighbours", params={"by": "audio"}),
        untrained.post(f"{API}/passages", json={"query": "", "songs": [1]}),
        untrained.post(f"{API}/passages", json={"query": "AAAA", "songs": [1]}),
    ):
        assert "alcca train" in problem_of(answer, 409)
        assert str(tmp_path) not in answer.text
    assert untrained.post(f"{API}/search/lyrics", json={"lyrics": "only songa"}).json()["asked"] == ["words"]
    assert untrained.get(f"{API}/songs").json()["total"] == 1
    assert untrained.get(f"{API}/songs", params={"words": "songa"}).json()["total"] == 1
    assert untrained.get(f"{API}/songs/1").json()["file"] == "song 00.wav"
    assert untrained.get(f"{API}/map").json()["points"] == []
    told = untrained.get(f"{API}/status").json()
    assert (told["songs"], told["searchable"], told["model"], told["evaluated"]) == (1, 0, None, False)
    assert "alcca evaluate" in problem_of(untrained.get(f"{API}/evaluation"), 404)


def test_an_empty_library_answers(tmp_path, problem_of):
    Store(tmp_path / "empty").close()
    with Service(tmp_path / "empty", 10**6) as service:
        client = TestClient(create_app(service), base_url="http://127.0.0.1")
        assert client.get(f"{API}/songs").json() == {"total": 0, "offset": 0, "songs": []}
        assert client.get(f"{API}/status").json()["songs"] == 0
        problem_of(client.get(f"{API}/songs", params={"label": "Folk"}), 422)


def test_a_library_that_is_gone_answers_nothing_and_is_not_made_anew(shelf, problem_of):
    with Service(shelf, 10**6) as service:
        client = TestClient(create_app(service), base_url="http://127.0.0.1")
        asked = ["status", "songs", "songs?words=love", "songs/1", "songs/1/audio", "songs/1/neighbours?by=audio",
                 "map", "evaluation"]  # fmt: skip
        before = [client.get(f"{API}/{path}").status_code for path in asked]
        shelf.rename(shelf.parent / "away")
        for path in asked:
            told = problem_of(client.get(f"{API}/{path}"), 503)
            assert "shelf: the library is gone" in told
            assert str(shelf) not in told
        problem_of(client.post(f"{API}/search/lyrics", json={"lyrics": WORDS}), 503)
        problem_of(client.post(f"{API}/search/audio", files={"file": ("a.wav", b"x")}), 503)
        assert not shelf.exists()
        (shelf.parent / "away").rename(shelf)
        assert [client.get(f"{API}/{path}").status_code for path in asked] == before
        shutil.rmtree(shelf)
        Store(shelf).close()
        assert client.get(f"{API}/songs", params={"words": "love"}).json()["total"] == 0
        assert client.get(f"{API}/status").json()["songs"] == 0


def test_more_words_than_can_be_looked_up_are_refused(client, problem_of):
    words = " ".join(f"w{number}" for number in range(3000))
    assert "at most 500 different words" in problem_of(client.get(f"{API}/songs", params={"words": words}), 422)
    assert client.get(f"{API}/songs", params={"words": "a " * 9999}).status_code == 200


# What nobody learns


def test_no_answer_tells_where_files_are(client, shelf_once, music_once, id_of):
    number = id_of["no sound"]
    data = (music_once / "song 03.wav").read_bytes()
    query = client.post(f"{API}/search/lyrics", json={"lyrics": WORDS}).json()["query"]
    answers = [
        *(client.get(f"{API}/{path}") for path in ("songs?k=100", "map", "status", "evaluation", "songs/99999")),
        *(client.get(f"{API}/songs/{number}{path}") for path in ("", "/neighbours?by=lyrics", "/neighbours?by=audio")),
        *(client.get(f"{API}/songs/{one}") for one in id_of.values()),
        client.post(f"{API}/search/lyrics", json={"lyrics": WORDS, "k": 100}),
        client.post(f"{API}/search/lyrics", json={"lyrics": "qqqzzz"}),
        client.post(f"{API}/search/audio", files={"file": ("a.wav", data)}),
        client.post(f"{API}/search/audio", params={"by": "words"}, files={"file": ("a.wav", data)}),
        client.post(f"{API}/search/audio/stream", files={"file": ("a.wav", data)}),
        client.post(f"{API}/search/audio", files={"file": ("a.wav", data[:100])}),
        client.post(f"{API}/search/audio", files={"file": ("a.mp3", b"nothing")}),
        client.post(f"{API}/passages", json={"query": query, "songs": list(id_of.values())}),
        client.get("/openapi.json"),
        client.get("/static/nothing"),
    ]
    told = re.compile("|".join(map(re.escape, (str(shelf_once.parent), "/tmp/", "alcca-clip", str(Path.cwd())))))
    for answer in answers:
        assert not told.search(answer.text), answer.text
        assert not told.search(str(answer.headers)), answer.headers


def test_a_damaged_library_is_the_servers_fault_and_tells_no_path(shelf, problem_of):
    (shelf / "evaluation" / "settings.json").write_text("{")
    with Service(shelf, 10**6) as service:
        client = TestClient(create_app(service), base_url="http://127.0.0.1")
        answer = client.get(f"{API}/evaluation")
        assert "evaluat" in problem_of(answer, 500)
        assert str(shelf) not in answer.text


@pytest.mark.skipif(os.name != "posix", reason="file names of bytes are for systems that have them")
def test_a_file_name_that_is_no_text_does_no_harm(tmp_path):
    name = os.fsdecode(b"caf\xe9.wav")
    write_song(tmp_path / "plain.wav", 1, lyrics=False).rename(tmp_path / name)
    with Library(tmp_path / "new", progress=False) as library:
        library.add(tmp_path / name, jobs=1)
    with Service(tmp_path / "new", 10**6) as service:
        client = TestClient(create_app(service), base_url="http://127.0.0.1", raise_server_exceptions=False)
        told = client.get(f"{API}/songs/1")
        assert told.status_code == 200, told.text
        assert told.json()["file"].startswith("caf")
        answer = client.get(f"{API}/songs/1/audio")
        assert answer.status_code == 200
        assert answer.content == (tmp_path / name).read_bytes()
