"""What the API finds: the same as the library, and a reason where nothing can be found."""

import numpy as np
import pytest
from starlette.testclient import TestClient
from tests.songs.encoding import FORMATS, encode, tune

from alcca.search import live
from alcca.server.application import create_app
from alcca.server.service import Service
from alcca.store.embeddings import Embeddings
from alcca.store.songs import Store

API = "/api/v1"
WORDS = "golden river in the morning"


def vectors(library, view):
    ids, places = library._store.tables(Embeddings).vectors(library._store.setting("model")["name"], view)
    return np.array(ids), places / np.linalg.norm(places.astype(float), axis=1, keepdims=True)


def share_of_less_alike_pairs(library, one, other, score):
    """By brute force: of all pairs of two different songs."""
    (left, a), (right, b) = vectors(library, one), vectors(library, other)
    pairs = [a[i] @ b[j] for i in range(len(left)) for j in range(len(right)) if left[i] != right[j]]
    return np.mean(np.array(pairs) < score), 1 / len(pairs)


def same(hits, expected):
    assert [hit["song"]["id"] for hit in hits] == [hit.id for hit in expected]
    for name in ("score", "closer_than", "bits", "probability"):
        got, wanted = ([np.nan if one is None else one for one in ones] for ones in (
            [hit[name] for hit in hits], [getattr(hit, name) for hit in expected]))  # fmt: skip
        assert got == pytest.approx(wanted, abs=1e-5, nan_ok=True), name
    assert [hit["certainty"] for hit in hits] == [hit.certainty for hit in expected]
    assert [[one["line"] for one in hit["passages"]] for hit in hits] == [
        [one.line for one in hit.passages] for hit in expected
    ]
    assert [hit["rank"] for hit in hits] == [hit.rank for hit in expected] == list(range(1, len(hits) + 1))


def test_words_find_what_the_library_finds(client, library):
    told = client.post(f"{API}/search/lyrics", json={"lyrics": WORDS, "k": 31}).json()
    same(told["hits"], library.search(lyrics=WORDS, k=31))
    assert (told["compared"], told["notes"], len(told["hits"])) == ("audio", [], 31)
    alone = client.post(f"{API}/search/lyrics", json={"lyrics": WORDS, "k": 31, "by": "space"}).json()
    same(alone["hits"], library.search(lyrics=WORDS, k=31, by="space"))
    assert (told["among"], alone["among"]) == (32, 31)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_recording_finds_what_the_library_finds(client, library, tmp_path, suffix):
    path = encode(tune(12), tmp_path / f"clip.{suffix}")
    answer = client.post(f"{API}/search/audio", params={"k": 31}, files={"file": (path.name, path.read_bytes())})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    # Nobody listens here; see test_listening.py.
    same(told["hits"], library.search(audio=path, k=31, by="space"))
    assert (told["compared"], told["among"]) == ("lyrics", 31)
    # The clip is shorter than what is heard of a song.
    assert any("filled with silence" in note for note in told["notes"])


def test_it_is_told_among_how_many_a_search_has_found(shelf, music_once):
    store = Store(shelf)
    name = store.setting("model")["name"]
    places = dict(zip(*store.tables(Embeddings).vectors(name, "audio"), strict=True))
    chosen = [number for number in store.tables(Embeddings).vectors(name, "lyrics")[0] if number in places][:3]
    with store.transaction():
        # Their words have no place now.
        store.tables(Embeddings).put(name, chosen, [places[number] for number in chosen], [None] * 3)
    store.close()
    with Service(shelf, 10**6) as service:
        client = TestClient(create_app(service), base_url="http://127.0.0.1")
        heard = client.post(f"{API}/search/audio", files={"file": (music_once / "song 03.wav").open("rb")}).json()
        read = client.post(f"{API}/search/lyrics", json={"lyrics": WORDS, "by": "space"}).json()
    assert (heard["among"], read["among"]) == (28, 31)


def test_a_song_that_has_just_gone_leaves_no_gap(shelf, monkeypatch):
    monkeypatch.setattr(live, "SECONDS_BETWEEN_LOOKS", 3600)
    with Service(shelf, 10**6) as service:
        client = TestClient(create_app(service), base_url="http://127.0.0.1")
        first, second, third, *_ = client.post(f"{API}/search/lyrics", json={"lyrics": WORDS}).json()["hits"]
        with service.library.store() as store, store.transaction():
            store.drop_songs([second["song"]["id"]])
        hits = client.post(f"{API}/search/lyrics", json={"lyrics": WORDS}).json()["hits"]
    assert hits[0]["song"] == first["song"]
    # The others share what was the second's probability.
    assert hits[1] == {**third, "rank": 2, "probability": hits[1]["probability"]}
    assert hits[1]["probability"] >= third["probability"]
    assert [hit["rank"] for hit in hits] == list(range(1, len(hits) + 1))
    assert second["song"]["id"] not in [hit["song"]["id"] for hit in hits]


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


def test_words_that_no_song_holds_find_nothing_by_the_words(client):
    told = client.post(f"{API}/search/lyrics", json={"lyrics": "qqqzzz xxyyzz", "by": "words"}).json()
    assert (told["hits"], told["asked"], told["among"]) == ([], ["words"], 31)


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
    words = {"lyrics": WORDS, "k": 31, "by": "space"}
    asked = [("lyrics", "audio", client.post(f"{API}/search/lyrics", json=words))]
    data = (music_once / "song 07.flac").read_bytes()
    clip = client.post(f"{API}/search/audio", params={"k": 31, "by": "space"}, files={"file": ("a.flac", data)})
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
