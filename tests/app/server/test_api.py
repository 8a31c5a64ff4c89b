"""What the API answers: the same as the library, typed, and a reason where there is nothing to answer."""

import os
import re
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient
from tests.making import write_song
from tests.songs.encoding import FORMATS, encode, tune

from alcca import Library, __version__
from alcca.app.server.application import create_app
from alcca.app.server.service import Service
from alcca.library import live
from alcca.library.store import Store

API = "/api/v1"
WORDS = "golden river in the morning"


@pytest.fixture(scope="module")
def library(shelf_once):
    with Library(shelf_once, progress=False) as library:
        yield library


@pytest.fixture(scope="module")
def id_of(client):
    songs = client.get(f"{API}/songs", params={"k": 100}).json()["songs"]
    return {song["title"]: song["id"] for song in songs}


@pytest.fixture
def untrained(tmp_path, music_once):
    """Clients of a library without a model."""
    for name in ("song 00.wav", "song 00.txt"):
        shutil.copy(music_once / name, tmp_path / name)
    with Library(tmp_path / "new", progress=False) as library:
        library.add(tmp_path / "song 00.wav", jobs=1)
    with Service(tmp_path / "new", 10**6) as service:
        yield TestClient(create_app(service), base_url="http://127.0.0.1")


def vectors(library, view):
    ids, places = library._store.embeddings(library._store.setting("model")["name"], view)
    return np.array(ids), places / np.linalg.norm(places.astype(float), axis=1, keepdims=True)


def share_of_less_alike_pairs(library, one, other, score):
    """By brute force: of all pairs of two different songs."""
    (left, a), (right, b) = vectors(library, one), vectors(library, other)
    pairs = [a[i] @ b[j] for i in range(len(left)) for j in range(len(right)) if left[i] != right[j]]
    return np.mean(np.array(pairs) < score), 1 / len(pairs)


def same(hits, expected):
    assert [hit["song"]["id"] for hit in hits] == [hit.id for hit in expected]
    assert [hit["score"] for hit in hits] == pytest.approx([hit.score for hit in expected], abs=1e-5)
    assert [hit["rank"] for hit in hits] == [hit.rank for hit in expected] == list(range(1, len(hits) + 1))


# Searching


def test_words_find_what_the_library_finds(client, library):
    told = client.post(f"{API}/search/lyrics", json={"lyrics": WORDS, "k": 31}).json()
    same(told["hits"], library.search(lyrics=WORDS, k=31))
    assert (told["compared"], told["among"], told["notes"], len(told["hits"])) == ("audio", 31, [], 31)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_recording_finds_what_the_library_finds(client, library, tmp_path, suffix):
    path = encode(tune(12), tmp_path / f"clip.{suffix}")
    answer = client.post(f"{API}/search/audio", params={"k": 31}, files={"file": (path.name, path.read_bytes())})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    same(told["hits"], library.search(audio=path, k=31))
    assert (told["compared"], told["among"]) == ("lyrics", 31)
    # The clip is shorter than what is heard of a song.
    assert any("padded" in note for note in told["notes"])


def test_it_is_told_among_how_many_a_search_has_found(shelf, music_once):
    store = Store(shelf)
    name = store.setting("model")["name"]
    places = dict(zip(*store.embeddings(name, "audio"), strict=True))
    chosen = [number for number in store.embeddings(name, "lyrics")[0] if number in places][:3]
    with store.transaction():
        # Their words have no place now.
        store.put_embeddings(name, chosen, [places[number] for number in chosen], [None] * 3)
    store.close()
    with Service(shelf, 10**6) as service:
        client = TestClient(create_app(service), base_url="http://127.0.0.1")
        heard = client.post(f"{API}/search/audio", files={"file": (music_once / "song 03.wav").open("rb")}).json()
        read = client.post(f"{API}/search/lyrics", json={"lyrics": WORDS}).json()
    assert (heard["among"], read["among"]) == (28, 31)


def test_a_song_that_has_just_gone_leaves_no_gap(shelf, monkeypatch):
    monkeypatch.setattr(live, "SECONDS_BETWEEN_LOOKS", 3600)
    with Service(shelf, 10**6) as service:
        client = TestClient(create_app(service), base_url="http://127.0.0.1")
        first, second, third, *_ = client.post(f"{API}/search/lyrics", json={"lyrics": WORDS}).json()["hits"]
        with service.library.store() as store, store.transaction():
            store.drop_songs([second["song"]["id"]])
        hits = client.post(f"{API}/search/lyrics", json={"lyrics": WORDS}).json()["hits"]
    assert hits[0] == first
    assert hits[1] == {**third, "rank": 2}
    assert [hit["rank"] for hit in hits] == list(range(1, 10))


def test_a_filter_leaves_only_songs_that_pass(client, library, hostile):
    for where in ({"label": "R&B"}, {"artist": hostile.artist}, {"label": "Folk", "artist": "Cleo"}):
        told = client.post(f"{API}/search/lyrics", json={"lyrics": WORDS, "k": 100, **where}).json()
        same(told["hits"], library.search(lyrics=WORDS, k=100, **where))
        songs = [hit["song"] for hit in told["hits"]]
        assert 0 < len(songs) == told["among"] < 31
        assert all(song[name] == value for song in songs for name, value in where.items())
        listed = client.get(f"{API}/songs", params={"k": 100, **where}).json()
        assert {song["id"] for song in listed["songs"]} == {song["id"] for song in songs}


def test_a_filter_holds_for_recordings_and_neighbours(client, music_once, id_of):
    data = (music_once / "song 03.wav").read_bytes()
    heard = client.post(f"{API}/search/audio", params={"label": "Folk"}, files={"file": ("a.wav", data)}).json()
    like = client.get(f"{API}/songs/{id_of['Song 03']}/neighbours", params={"by": "lyrics", "artist": "Bela"}).json()
    assert {hit["song"]["label"] for hit in heard["hits"]} == {"Folk"}
    assert {hit["song"]["artist"] for hit in like["hits"]} == {"Bela"}


@pytest.mark.parametrize("name", ["label", "artist"])
def test_an_unknown_filter_is_named(client, problem_of, music_once, id_of, name):
    data = (music_once / "song 03.wav").read_bytes()
    where = {name: "Polka <i>"}
    for answer in (
        client.post(f"{API}/search/lyrics", json={"lyrics": WORDS, **where}),
        client.post(f"{API}/search/audio", params=where, files={"file": ("a.wav", data)}),
        client.get(f"{API}/songs", params=where),
        client.get(f"{API}/songs/{id_of['Song 03']}/neighbours", params={"by": "audio", **where}),
    ):
        detail = problem_of(answer, 422)
        assert name in detail
        assert "Polka <i>" in detail
        assert {"label": "Praise", "artist": "Ada"}[name] in detail


@pytest.mark.parametrize(
    "query",
    [
        {"lyrics": "qqqzzz xxyyzz"},
        {"lyrics": "[Chorus]"},
        {"lyrics": "\0"},
        {"lyrics": ""},
        {"lyrics": "river", "k": 0},
        {"lyrics": "river", "k": 101},
        {"lyrics": "river" * 5000},
        {"lyrics": "river", "limit": 5},
        {"lyrics": None},
        {"lyrics": ["river"]},
        {},
    ],
)
def test_a_query_that_means_nothing_is_refused(client, problem_of, query):
    assert len(problem_of(client.post(f"{API}/search/lyrics", json=query), 422)) > 10


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[" * 100_000, b'{"lyrics": ' + b"9" * 5000 + b"}", b'{"lyrics": "\\ud800"}', b"\xff\xfe"]
)
def test_a_body_that_is_no_json_is_a_problem(client, problem_of, body):
    answer = client.post(f"{API}/search/lyrics", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    problem_of(answer, answer.status_code)


@pytest.mark.parametrize("by", ["audio", "lyrics"])
def test_neighbours_are_other_songs_by_cosine(client, library, by):
    ids, places = vectors(library, by)
    for number in ids.tolist():
        told = client.get(f"{API}/songs/{number}/neighbours", params={"by": by, "k": 30}).json()
        found = [hit["song"]["id"] for hit in told["hits"]]
        assert sorted([number, *found]) == ids.tolist()
        assert told["song"]["id"] == number
        scores = places @ places[ids == number][0]
        assert [hit["score"] for hit in told["hits"]] == pytest.approx(
            sorted(scores[ids != number], reverse=True), abs=1e-5
        )
        assert (told["compared"], told["among"]) == (by, 31)


def test_a_song_without_a_view_has_no_neighbours_by_it(client, problem_of, id_of):
    answer = client.get(f"{API}/songs/{id_of['no words']}/neighbours", params={"by": "lyrics"})
    assert "no words" in problem_of(answer, 422)
    assert client.get(f"{API}/songs/{id_of['no words']}/neighbours", params={"by": "audio"}).status_code == 200
    problem_of(client.get(f"{API}/songs/{id_of['no words']}/neighbours", params={"by": "smell"}), 422)
    problem_of(client.get(f"{API}/songs/{id_of['no words']}/neighbours"), 422)


def test_closer_than_is_the_share_of_pairs_that_are_less_alike(client, library, music_once, id_of):
    asked = [("lyrics", "audio", client.post(f"{API}/search/lyrics", json={"lyrics": WORDS, "k": 31}))]
    data = (music_once / "song 07.flac").read_bytes()
    clip = client.post(f"{API}/search/audio", params={"k": 31}, files={"file": ("a.flac", data)})
    asked.append(("audio", "lyrics", clip))
    for by in ("audio", "lyrics"):
        answer = client.get(f"{API}/songs/{id_of['Song 11']}/neighbours", params={"by": by, "k": 31})
        asked.append((by, by, answer))
    for one, other, answer in asked:
        hits = answer.json()["hits"]
        shares = [hit["closer_than"] for hit in hits]
        for hit in hits:
            expected, step = share_of_less_alike_pairs(library, one, other, hit["score"])
            # A pair of the library that is compared with itself may count or not: it is there once or twice.
            assert hit["closer_than"] == pytest.approx(expected, abs=2.5 * step), (one, other)
        assert shares == sorted(shares, reverse=True)
        assert shares[0] > shares[-1]


# Passages


def test_a_shared_word_wins_and_is_marked(client, id_of):
    query = client.post(f"{API}/search/lyrics", json={"lyrics": "Nothing to hear, mountain!"}).json()["query"]
    asked = {"query": query, "songs": [id_of["no sound"]], "lyrics": "Nothing to hear, mountain!"}
    (line,) = client.post(f"{API}/passages", json=asked).json()["passages"][str(id_of["no sound"])]
    assert line["text"] == "river mountain morning silver and nothing to hear"
    assert line["words"] == ["mountain", "nothing", "to", "hear"]


def test_of_many_lines_those_with_the_rarest_word_win(client, id_of):
    number = id_of["Song 09"]
    query = client.post(f"{API}/search/lyrics", json={"lyrics": "river"}).json()["query"]
    lines = client.post(f"{API}/passages", json={"query": query, "songs": [number], "lyrics": "songj"}).json()[
        "passages"
    ][str(number)]
    assert [line["words"] for line in lines] == [["songj"], [], []]


def test_passages_come_from_the_song_whatever_asks(client, id_of, music_once):
    data = (music_once / "song 07.flac").read_bytes()
    query = client.post(f"{API}/search/audio", files={"file": ("a.flac", data)}).json()["query"]
    numbers = [id_of["Song 09"], id_of["no words"], id_of["Song 10"], 10**6]
    found = client.post(f"{API}/passages", json={"query": query, "songs": numbers}).json()["passages"]
    assert set(found) == {str(number) for number in numbers[:3]}
    assert found[str(id_of["no words"])] == []
    for number in (id_of["Song 09"], id_of["Song 10"]):
        lyrics = client.get(f"{API}/songs/{number}").json()["lyrics"]
        lines = [line["text"] for line in found[str(number)]]
        assert len(lines) == 3
        assert "\n".join(lines) in lyrics
        assert [line["words"] for line in found[str(number)]] == [[], [], []]


@pytest.mark.parametrize("query", ["", "x", "é", "////", "A" * 4096, "A" * 4097, "AADAfwAAwH8AAMB_AADAfwAAwH8="])
def test_a_query_that_no_search_has_given_is_refused(client, problem_of, id_of, query):
    problem_of(client.post(f"{API}/passages", json={"query": query, "songs": [id_of["Song 09"]]}), 422)


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
    assert told["evaluated"] is True
    assert (told["model"]["components"], told["model"]["epochs"], told["model"]["songs"]) == (5, 2, 30)
    time.strptime(told["model"]["trained"], "%Y-%m-%dT%H:%M:%SZ")


def test_the_map_holds_every_song_that_can_be_searched(client, id_of):
    told = client.get(f"{API}/map").json()
    assert {point["id"] for point in told["points"]} == set(id_of.values())
    places = np.array([[point["x"], point["y"]] for point in told["points"]])
    assert np.abs(places).max() == pytest.approx(1, abs=1e-3)
    assert len(np.unique(places, axis=0)) == 32
    assert 0 < told["explained"] <= 1
    for point in told["points"][::5]:
        label = None if point["label"] is None else told["labels"][point["label"]]
        assert label == client.get(f"{API}/songs/{point['id']}").json()["label"]


def test_the_last_evaluation_is_told_beside_chance(client, library):
    told = client.get(f"{API}/evaluation").json()
    assert (told["songs"], told["folds"], told["pool"], told["methods"]) == (30, 3, 10.0, ["cca"])
    table = library.path / "evaluation" / "summary.csv"
    rows = {tuple(row[name] for name in ("direction", "level", "measure")): row for row in told["rows"]}
    assert len(rows) == len(told["rows"]) == 20
    head, *lines = [line.split(",") for line in table.read_text().splitlines()]
    for line in lines:
        kept = dict(zip(head, line, strict=True))
        row = rows[kept["direction"], kept["level"], "MRR1"]
        assert (row["value"], row["low"], row["high"]) == tuple(
            pytest.approx(float(kept[name])) for name in ("MRR1", "MRR1_low", "MRR1_high")
        )
        assert 0 < row["chance"] < 1


def test_an_untrained_library_says_what_to_do(untrained, problem_of, tmp_path):
    data = (tmp_path / "song 00.wav").read_bytes()
    for answer in (
        untrained.post(f"{API}/search/lyrics", json={"lyrics": WORDS}),
        untrained.post(f"{API}/search/audio", files={"file": ("a.wav", data)}),
        untrained.get(f"{API}/songs/1/neighbours", params={"by": "audio"}),
        untrained.post(f"{API}/passages", json={"query": "", "songs": [1]}),
        untrained.post(f"{API}/passages", json={"query": "AAAA", "songs": [1]}),
    ):
        assert "alcca train" in problem_of(answer, 409)
        assert str(tmp_path) not in answer.text
    assert untrained.get(f"{API}/songs").json()["total"] == 1
    assert untrained.get(f"{API}/songs", params={"words": "songa"}).json()["total"] == 1
    assert untrained.get(f"{API}/songs/1").json()["file"] == "song 00.wav"
    assert untrained.get(f"{API}/map").json()["points"] == []
    told = untrained.get(f"{API}/status").json()
    assert (told["songs"], told["searchable"], told["model"], told["evaluated"]) == (1, 0, None, False)
    assert "alcca evaluate" in problem_of(untrained.get(f"{API}/evaluation"), 404)


def test_an_empty_library_answers(tmp_path, problem_of):
    with Library(tmp_path / "empty", progress=False), Service(tmp_path / "empty", 10**6) as service:
        client = TestClient(create_app(service), base_url="http://127.0.0.1")
        assert client.get(f"{API}/songs").json() == {"total": 0, "offset": 0, "songs": []}
        assert client.get(f"{API}/status").json()["songs"] == 0
        problem_of(client.get(f"{API}/songs", params={"label": "Folk"}), 422)


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
