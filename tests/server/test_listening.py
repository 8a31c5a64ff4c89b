"""Recordings that somebody listens to: what is told of their words, and what happens when nobody can listen."""

import http.client
import json
import os
import shutil
import signal
import socket
import time
from http import HTTPStatus

import pytest
from starlette.testclient import TestClient
from tests.processes import family

from alcca import Library
from alcca.matching.second_listening import EXCERPTS
from alcca.sandbox.transcriber import TranscriptionQueue
from alcca.search.snapshot import Snapshot
from alcca.server.application import create_app
from alcca.server.service import Service

API = "/api/v1"
SECONDS_BEFORE_IT_HANGS = 60
OTHER_SONGS = 5


def events(text):
    """Names and data of Server-Sent Events; a slow machine has comments between them."""
    assert text.endswith("\n\n")
    told = []
    for one in text.split("\n\n")[:-1]:
        if one.startswith(":"):
            continue
        name, data = one.split("\n")
        assert name.startswith("event: ")
        assert data.startswith("data: ")
        told.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return told


def until(holds):
    deadline = time.monotonic() + SECONDS_BEFORE_IT_HANGS
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


@pytest.fixture
def upload(music_once):
    return {"file": ("clip.flac", (music_once / "song 04.flac").read_bytes())}


@pytest.fixture
def lines(client, id_of):
    """Three lines of Song 09's lyrics."""
    return client.get(f"{API}/songs/{id_of['Song 09']}").json()["lyrics"].splitlines()[2:5]


# What is found


def test_the_words_of_a_recording_find_its_song(listening, ears, upload, lines, id_of):
    ears.hears(*lines)
    told = listening.post(f"{API}/search/audio", params={"k": 5}, files=upload).json()
    first, *rest = told["hits"]
    assert (first["song"]["title"], first["certainty"]) == ("Song 09", "sure")
    assert first["probability"] > 0.95 > rest[0]["probability"]
    assert [hit["bits"] for hit in told["hits"]] == sorted((hit["bits"] for hit in told["hits"]), reverse=True)
    assert told["asked"] == ["words", "space"]
    assert told["heard"]["text"] == "\n".join(lines)
    assert (told["heard"]["language"], told["heard"]["model"]) == ("en", "base")
    assert [one["start"] for one in told["heard"]["segments"]] == [0, 2, 4]
    passages = {one["line"]: one for one in first["passages"]}
    assert set(passages) == set(lines)
    for number, line in enumerate(lines):
        assert passages[line]["words"] == line.split()
        assert passages[line]["start"] == pytest.approx(2 * number, abs=0.1)
        assert passages[line]["end"] == pytest.approx(2 * number + 2, abs=0.1)


def test_a_song_without_lyrics_is_found_by_what_was_heard_in_it(listening, ears, upload):
    ears.hears("velvet thunder in a lantern meadow")
    first = listening.post(f"{API}/search/audio", files=upload).json()["hits"][0]
    assert (first["song"]["title"], first["song"]["has_lyrics"], first["certainty"]) == ("no words", False, "sure")
    assert first["passages"][0]["line"] == "velvet thunder in a lantern meadow"


def test_lyrics_find_the_recording_in_which_they_are_sung_and_when(listening):
    asked = {"lyrics": "velvet thunder in a lantern meadow"}
    told = listening.post(f"{API}/search/lyrics", json=asked).json()
    first = told["hits"][0]
    assert (first["song"]["title"], first["certainty"]) == ("no words", "sure")
    assert first["passages"][0]["start"] == pytest.approx(3.0, abs=0.1)
    assert told["heard"] is None


@pytest.mark.parametrize("by", ["words", "space"])
def test_a_search_by_one_part_asks_no_other(listening, ears, upload, lines, by):
    ears.hears(*lines)
    found = [
        listening.post(f"{API}/search/audio", params={"by": by, "explain": True}, files=upload).json(),
        listening.post(f"{API}/search/lyrics", json={"lyrics": lines[0], "by": by, "explain": True}).json(),
    ]
    for told in found:
        assert told["asked"] == [by]
        assert {one["part"] for hit in told["hits"] for one in hit["evidence"]} == {by}
        assert (told["query"] is None) == (by == "words")
        assert all((hit["score"] is None) == (hit["closer_than"] is None) == (by == "words") for hit in told["hits"])
    assert (found[0]["heard"] is None) == (by == "space")


def test_each_part_is_explained_to_those_who_ask(listening, ears, upload, lines):
    ears.hears(*lines)
    plain = listening.post(f"{API}/search/audio", files=upload).json()["hits"]
    assert {hit["evidence"] for hit in plain} == {None}
    for hit in listening.post(f"{API}/search/audio", params={"explain": "true"}, files=upload).json()["hits"]:
        assert hit["bits"] == pytest.approx(sum(one["bits"] for one in hit["evidence"]))
        evidence = sorted(hit["evidence"], key=lambda one: -one["bits"])
        assert [passage for one in evidence for passage in one["passages"]] == hit["passages"]
        space = {one["part"]: one for one in hit["evidence"]}.get("space", dict.fromkeys(("score", "closer_than")))
        assert (space["score"], space["closer_than"]) == (hit["score"], hit["closer_than"])
        assert (hit["score"] is None) == (not hit["song"]["has_lyrics"])


def test_a_part_that_is_not_there_is_named(listening, upload, problem_of):
    for answer in (
        listening.post(f"{API}/search/audio", params={"by": "smell"}, files=upload),
        listening.post(f"{API}/search/audio/stream", params={"by": "smell"}, files=upload),
        listening.post(f"{API}/search/lyrics", json={"lyrics": "river", "by": "smell"}),
    ):
        assert problem_of(answer, 422) == "by is 'smell'; expected words, space, or both"


def test_a_song_tells_what_was_heard_in_it(listening, id_of, lines):
    heard = listening.get(f"{API}/songs/{id_of['Song 09']}").json()["heard"]
    assert (heard["has_words"], heard["language"], heard["extent"], heard["text"]) == (
        True,
        "en",
        "slice",
        "\n".join(lines),
    )
    timed = {line["text"]: line["start"] for line in heard["lines"]}
    assert [timed[line] for line in lines] == pytest.approx([1, 3, 5], abs=0.1)
    assert len(heard["lines"]) == 9
    without = listening.get(f"{API}/songs/{id_of['no words']}").json()["heard"]
    assert (without["extent"], without["lines"], len(without["segments"])) == ("song", [], 2)
    silent = listening.get(f"{API}/songs/{id_of['Song 10']}").json()["heard"]
    assert (silent["has_words"], silent["language"], silent["segments"], silent["lines"]) == (False, None, [], [])
    assert listening.get(f"{API}/songs/{id_of['Song 11']}").json()["heard"] is None


def test_status_tells_to_how_many_somebody_has_listened(listening, ears):
    told = listening.get(f"{API}/status").json()
    assert told["hearing"] == {
        "heard": 3, "without_words": 1, "not_heard": 28, "doubtful": 0, "lacks": None,
        "languages": [{"name": "en", "songs": 2}], "models": [{"name": "base", "songs": 3}],
    }  # fmt: skip
    assert [(part["name"], part["hears"]) for part in told["parts"]] == [("words", True), ("space", False)]
    ears.lacks = "no weights"
    assert listening.get(f"{API}/status").json()["hearing"]["lacks"] == "no weights"


# When there are no words


@pytest.mark.parametrize(("words", "said"), [(None, "there are no weights"), ((), "no words were recognised")])
def test_without_words_the_space_answers_and_a_note_says_why(listening, ears, upload, problem_of, words, said):
    if words is None:
        ears.fails(said)
    else:
        ears.hears(*words)
    told = listening.post(f"{API}/search/audio", files=upload).json()
    # A recording that was transcribed is listened to again, even if no words were recognised.
    again = [] if words is None else ["listening"]
    assert (told["asked"], len(told["hits"])) == (["space", *again], 10)
    assert any(said in note and note.startswith("the words: ") for note in told["notes"])
    assert (told["heard"] is None) == (words is None)
    answer = listening.post(f"{API}/search/audio", params={"by": "words"}, files=upload)
    assert said in problem_of(answer, 422)
    only_space = listening.post(f"{API}/search/audio", params={"by": "space"}, files=upload).json()
    assert not any(said in note for note in only_space["notes"])


def test_words_that_nobody_sings_find_nothing_by_the_words(listening, ears, upload):
    ears.hears("xylem quixotic zzyzx vuvuzela")
    told = listening.post(f"{API}/search/audio", params={"by": "words"}, files=upload).json()
    assert all(hit["certainty"] == "a guess" for hit in told["hits"])


@pytest.fixture
def untrained(tmp_path, music_once, ears, inline):
    """A library that nobody has trained, with three songs."""
    for number in ("00", "09", "10"):
        for suffix in ("wav", "flac", "ogg", "txt"):
            path = music_once / f"song {number}.{suffix}"
            if path.exists():
                (tmp_path / "music").mkdir(exist_ok=True)
                shutil.copy(path, tmp_path / "music")
    with Library(tmp_path / "new", progress=False) as library:
        library.add(tmp_path / "music", jobs=1)
    with Service(tmp_path / "new", 10**6, ears) as service:
        yield TestClient(create_app(service), base_url="http://127.0.0.1")


def test_words_are_searched_for_before_anything_is_learned(untrained, ears, upload, lines, problem_of, tmp_path):
    ears.hears(*lines)
    answers = [
        untrained.post(f"{API}/search/audio", files=upload),
        untrained.post(f"{API}/search/lyrics", json={"lyrics": lines[1]}),
    ]
    for answer in answers:
        told = answer.json()
        assert told["hits"][0]["song"]["title"] == "song 09"
        assert (told["asked"], told["query"]) == (["words"], None)
        assert any("alcca train" in note for note in told["notes"])
        assert str(tmp_path) not in answer.text
    assert "alcca train" in problem_of(untrained.post(f"{API}/search/audio?by=space", files=upload), 409)
    ears.hears()
    assert "no words were recognised" in problem_of(untrained.post(f"{API}/search/audio", files=upload), 409)


# A second listening


@pytest.fixture
def unread(ears, lines):
    """Of a recording nothing can be read, but given the words of Song 09 a second listening recognises them."""
    ears.hears()
    ears.recognises(lines[1])


def test_given_words_are_recognised_of_which_nothing_was_read(listening, ears, unread, upload, lines):
    told = listening.post(f"{API}/search/audio", params={"k": 5, "explain": True}, files=upload).json()
    first = told["hits"][0]
    assert (first["song"]["title"], first["certainty"]) == ("Song 09", "sure")
    (evidence,) = [one for one in first["evidence"] if one["part"] == "listening"]
    assert (evidence["title"], evidence["score"], evidence["closer_than"]) == ("the second listening", 120.0, None)
    assert evidence["bits"] > 10
    # When they are sung is not known.
    assert [(one["line"], one["start"]) for one in first["passages"]] == [(lines[1], None)]
    assert any("no words were recognised" in note for note in told["notes"])


def test_nothing_is_listened_for_in_a_sure_search_or_without_a_transcript(listening, ears, upload, lines):
    ears.hears(*lines)
    for by in ("both", "words", "space"):
        told = events(listening.post(f"{API}/search/audio/stream", params={"by": by}, files=upload).text)
        assert "hits" not in dict(told)
        assert "listening" not in dict(told)["result"]["asked"]
    ears.fails("there are no weights")
    assert listening.post(f"{API}/search/audio", files=upload).status_code == 200
    assert ears.asked == []


def test_a_stream_tells_the_hits_before_a_second_listening(listening_port, ears, unread, upload, form):
    ears.may_listen.clear()
    body, kind = form(*reversed(upload["file"]))
    connection = http.client.HTTPConnection("127.0.0.1", listening_port, timeout=SECONDS_BEFORE_IT_HANGS)
    connection.request("POST", f"{API}/search/audio/stream?k=4", body, {"Content-Type": kind})
    answer = connection.getresponse()
    begun = events("".join(answer.readline().decode() for _ in range(9)))
    assert [name for name, _ in begun] == ["space", "words", "hits"]
    hits = begun[2][1]
    assert (hits["asked"], len(hits["hits"]), hits["heard"]) == (["space"], 4, begun[1][1])
    assert hits["hits"] == begun[0][1]["hits"]
    assert ears.taken == 1
    ears.may_listen.set()
    ((name, result),) = events(answer.read().decode())
    assert (name, result["asked"], result["hits"][0]["song"]["title"]) == ("result", ["space", "listening"], "Song 09")
    connection.close()
    until(lambda: ears.taken == 0)


def test_both_answers_have_the_same_result(listening, ears, unread, upload):
    told = dict(events(listening.post(f"{API}/search/audio/stream", files=upload).text))
    assert {**told["result"], "took_ms": 0} == {
        **listening.post(f"{API}/search/audio", files=upload).json(), "took_ms": 0,
    }  # fmt: skip


def test_where_nothing_can_search_a_careful_search_still_can(untrained, ears, unread, upload):
    told = events(untrained.post(f"{API}/search/audio/stream", params={"careful": True}, files=upload).text)
    assert [(name, data.get("hits") == []) for name, data in told] == [
        ("space", True), ("words", False), ("hits", True), ("result", False),
    ]  # fmt: skip
    assert told[-1][1]["hits"][0]["song"]["title"] == "song 09"
    assert told[-1][1]["asked"] == ["listening"]


def test_a_second_listening_that_fails_leaves_the_hits_and_a_note(listening, ears, upload):
    ears.hears()
    ears.recognises(None)
    told = dict(events(listening.post(f"{API}/search/audio/stream", files=upload).text))
    assert told["result"]["hits"] == told["hits"]["hits"]
    assert told["result"]["asked"] == ["space"]
    assert told["result"]["notes"][-1] == "no second listening: the recogniser stopped during transcription"


def test_a_careful_search_listens_for_all_lyrics(listening, ears, upload):
    ears.hears()
    listened = []
    for careful in (False, True):
        ears.asked.clear()
        listening.post(f"{API}/search/audio", params={"careful": careful}, files=upload)
        listened.append([len(texts) for batch in ears.asked for texts in batch])
    some, all_ = listened
    # All but one of 32 songs have lyrics, of one or two excerpts.
    assert sum(some) == EXCERPTS
    assert len(all_) == 31
    assert sum(all_) > 50


@pytest.mark.parametrize("path", ["search/audio", "search/audio/stream"])
def test_who_goes_away_during_a_second_listening_frees_the_place(listening_port, ears, unread, upload, form, path):
    ears.may_listen.clear()
    connection = ask(listening_port, path, upload["file"][1], form)
    until(lambda: ears.asked)
    assert ears.taken == 1
    connection.close()
    until(lambda: ears.taken == 0)
    # Nothing more is listened for.
    assert len(ears.asked) == 1


# As it is found


def test_a_stream_tells_the_space_the_words_and_the_result(listening, ears, upload, lines):
    ears.hears(*lines)
    answer = listening.post(f"{API}/search/audio/stream", params={"k": 4}, files=upload)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    (space, first), (words, heard), (result, last) = events(answer.text)
    assert (space, words, result) == ("space", "words", "result")
    plain = listening.post(f"{API}/search/audio", params={"k": 4}, files=upload).json()
    alone = listening.post(f"{API}/search/audio", params={"k": 4, "by": "space"}, files=upload).json()
    assert {**last, "took_ms": 0} == {**plain, "took_ms": 0}
    assert heard == plain["heard"]
    assert [hit["song"] for hit in first["hits"]] == [hit["song"] for hit in alone["hits"]]
    assert first["heard"] is None


def test_a_first_reading_in_doubt_is_told_while_another_is_made(listening_port, ears, upload, lines, form):
    ears.doubts("oh oh oh")
    ears.hears(*lines)
    ears.may_answer.clear()
    body, kind = form(*reversed(upload["file"]))
    connection = http.client.HTTPConnection("127.0.0.1", listening_port, timeout=SECONDS_BEFORE_IT_HANGS)
    connection.request("POST", f"{API}/search/audio/stream", body, {"Content-Type": kind})
    answer = connection.getresponse()
    begun = [answer.readline().decode() for _ in range(6)]
    (_, _), (name, first) = events("".join(begun))
    assert (name, first["text"], first["doubtful"]) == ("words", "oh oh oh", True)
    ears.may_answer.set()
    (name, heard), (last, result) = events(answer.read().decode())
    assert (name, heard["text"], heard["doubtful"]) == ("words", "\n".join(lines), None)
    assert (last, result["heard"]) == ("result", heard)
    connection.close()
    until(lambda: ears.taken == 0)


def test_a_stream_without_words_has_no_such_event(listening, ears, untrained, upload, lines):
    ears.fails("there are no weights")
    told = events(listening.post(f"{API}/search/audio/stream", files=upload).text)
    assert [name for name, _ in told] == ["space", "result"]
    assert any("no weights" in note for note in told[1][1]["notes"])
    # What cannot be found at once is found when there are words.
    ears.hears(*lines)
    told = events(untrained.post(f"{API}/search/audio/stream", files=upload).text)
    assert [(name, len(data.get("hits", "x"))) for name, data in told] == [("space", 0), ("words", 1), ("result", 3)]


def test_what_goes_wrong_in_a_stream_is_a_problem(listening, ears, upload, monkeypatch):
    ears.fails("there are no weights")
    told = events(listening.post(f"{API}/search/audio/stream", params={"by": "words"}, files=upload).text)
    assert [name for name, _ in told] == ["space", "problem"]
    assert told[1][1] == {
        "type": "about:blank", "title": HTTPStatus(422).phrase, "status": 422,
        "detail": "the words: there are no weights", "instance": f"{API}/search/audio/stream",
    }  # fmt: skip
    search, asked = Snapshot.search, []

    def breaks(*given):
        asked.append(given)
        if len(asked) == 2:
            raise KeyError("a secret")
        return search(*given)

    monkeypatch.setattr(Snapshot, "search", breaks)
    told = events(listening.post(f"{API}/search/audio/stream", files=upload).text)
    assert [(name, data.get("status")) for name, data in told] == [("space", None), ("problem", 500)]
    assert "secret" not in told[1][1]["detail"]


def test_a_recording_that_is_none_is_refused_before_the_stream_begins(listening, ears, problem_of):
    for path in ("search/audio", "search/audio/stream"):
        answer = listening.post(f"{API}/{path}", files={"file": ("a.mp3", b"Dear reader, this is a letter.")})
        assert "a.mp3: is a text file" in problem_of(answer, 422)
        answer = listening.post(f"{API}/{path}", params={"label": "Polka"}, files={"file": ("a.mp3", b"")})
        assert "Polka" in problem_of(answer, 422)
    assert ears.taken == 0


def ask(port, path, data, form):
    """A connection on which a recording has been sent."""
    body, kind = form(data, "clip.flac")
    connection = socket.create_connection(("127.0.0.1", port), timeout=SECONDS_BEFORE_IT_HANGS)
    head = (
        f"POST {API}/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection.sendall(head.encode() + body)
    return connection


def test_the_space_answers_while_somebody_listens(listening_port, ears, upload, lines, form):
    ears.hears(*lines)
    ears.may_answer.clear()
    body, kind = form(*reversed(upload["file"]))
    connection = http.client.HTTPConnection("127.0.0.1", listening_port, timeout=SECONDS_BEFORE_IT_HANGS)
    connection.request("POST", f"{API}/search/audio/stream", body, {"Content-Type": kind})
    answer = connection.getresponse()
    assert answer.readline() == b"event: space\n"
    assert len(json.loads(answer.readline().removeprefix(b"data: "))["hits"]) == 10
    assert answer.readline() == b"\n"
    assert ears.taken == 1
    ears.may_answer.set()
    rest = answer.read().decode()
    assert [name for name, _ in events(rest)] == ["words", "result"]
    connection.close()
    until(lambda: ears.taken == 0)


@pytest.mark.parametrize("path", ["search/audio", "search/audio/stream"])
def test_who_goes_away_frees_the_place(listening_port, ears, upload, form, path):
    ears.may_answer.clear()
    asking = [ask(listening_port, path, upload["file"][1], form) for _ in range(3)]
    until(lambda: ears.taken == 3)
    for connection in asking:
        connection.close()
    until(lambda: ears.taken == 0)


@pytest.mark.parametrize("path", ["search/audio", "search/audio/stream"])
def test_when_too_many_wait_the_next_is_told_when_to_come_again(listening, ears, upload, problem_of, path):
    places = [ears.place() for _ in range(3)]
    answer = listening.post(f"{API}/{path}", files=upload)
    assert "wait already" in problem_of(answer, 503)
    assert answer.headers["retry-after"] == "7"
    # Whoever wants no words waits for nobody.
    assert listening.post(f"{API}/{path}", params={"by": "space"}, files=upload).status_code == 200
    places[0].leave()
    assert listening.post(f"{API}/{path}", files=upload).status_code == 200


# With real ears


@pytest.mark.slow
@pytest.mark.data
def test_a_sung_recording_finds_its_lyrics_and_survives_a_kill(tmp_path, data_folder, inline):
    pytest.importorskip("faster_whisper")
    songs = tmp_path / "songs"
    shutil.copytree(data_folder / "cc_songs", songs)
    (recording,) = (songs / "audio").glob("*fantasma*")
    # Few are read, because nothing is asked of their sound.
    others = [path for path in sorted((songs / "audio").iterdir()) if path != recording]
    for path in others[OTHER_SONGS:]:
        path.unlink()
    with Library(tmp_path / "cc", progress=False) as library:
        library.add(songs, hear="off")
    with Service(tmp_path / "cc", 10**7, TranscriptionQueue("base")) as service:
        client = TestClient(create_app(service), base_url="http://127.0.0.1")
        sent = {"file": ("clip.ogg", recording.read_bytes())}
        told = events(client.post(f"{API}/search/audio/stream", files=sent).text)
        names = [name for name, _ in told]
        # Whether the first reading is doubtful depends on the processor: a second one is a second event.
        assert names in (["space", "words", "result"], ["space", "words", "words", "result"])
        assert told[1][1]["language"] == "es"
        first = told[-1][1]["hits"][0]
        assert (first["song"]["title"], first["certainty"]) == ("Fantasma", "sure")
        assert 0 <= first["passages"][0]["start"] < first["passages"][0]["end"] <= 30.5
        # One process listens; whatever ends it, the next search is heard by another.
        ears = service.transcriber._child._process
        assert ears.pid in family(os.getpid())
        os.kill(ears.pid, signal.SIGKILL)
        ears.join()
        told = client.post(f"{API}/search/audio", files=sent).json()
        assert (told["hits"][0]["song"]["title"], told["asked"]) == ("Fantasma", ["words"])
