"""Slow searches do not keep the server from answering everything else, and none waits without end."""

import http.client
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient
from tests.server.conftest import running

from alcca.errors import SlowQueryError
from alcca.server import events, lanes
from alcca.server.application import create_app

API = "/api/v1"
SECONDS = 60
WAITING = 4


@pytest.fixture
def slow(service, monkeypatch):
    """Lets searches of the service go on; until then they take their time."""
    monkeypatch.setattr(lanes, "WAITING", WAITING)
    go_on, started = threading.Event(), threading.Semaphore(0)
    search, songs = type(service).search_lyrics, type(service).songs

    def slowly(function):
        def call(*arguments):
            started.release()
            assert go_on.wait(SECONDS)
            return function(service, *arguments)

        return call

    monkeypatch.setattr(service, "search_lyrics", slowly(search))
    monkeypatch.setattr(service, "songs", slowly(songs))
    go_on.started = started
    yield go_on
    go_on.set()


@pytest.fixture
def port(service):
    with running(create_app(service)) as port:
        yield port


def ask(port, path, query=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    body = None if query is None else json.dumps(query)
    connection.request("POST" if query else "GET", f"{API}/{path}", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    told = answer.status, answer.headers["retry-after"], json.loads(answer.read())
    connection.close()
    return told


def test_the_status_is_told_while_searches_are_slow(port, slow):
    kinds = [("search/lyrics", {"lyrics": "river"}), ("songs?words=river", None)]
    with ThreadPoolExecutor(60) as threads:
        searches = [threads.submit(ask, port, *kinds[number % 2]) for number in range(50)]
        for _ in range(lanes.SEARCHES):
            assert slow.started.acquire(timeout=SECONDS)
        for _ in range(20):
            assert ask(port, "status")[0] == 200
        assert ask(port, "map")[0] == 200
        slow.set()
        answers = [search.result() for search in searches]
    statuses = [status for status, *_ in answers]
    # All that ran or waited were answered, and the others at once.
    assert statuses.count(200) == lanes.SEARCHES + WAITING
    assert statuses.count(503) == 50 - lanes.SEARCHES - WAITING
    for status, seconds, told in answers:
        if status == 503:
            assert f"try again in {seconds} s" in told["detail"]


def test_a_turn_is_given_back(port, slow):
    slow.set()
    for _ in range(3 * (lanes.SEARCHES + WAITING)):
        assert ask(port, "search/lyrics", {"lyrics": "river"})[0] == 200
        assert ask(port, "search/lyrics", {"lyrics": "river", "artist": "nobody"})[0] == 422


def test_a_query_that_takes_too_long_is_a_503(service, monkeypatch, problem_of):
    def search(*_):
        raise SlowQueryError("the search took longer than 30 s; give fewer words, or rarer ones")

    monkeypatch.setattr(service, "search_lyrics", search)
    monkeypatch.setattr(service, "songs", search)
    client = TestClient(create_app(service), base_url="http://127.0.0.1")
    for answer in (
        client.post(f"{API}/search/lyrics", json={"lyrics": "river"}),
        client.get(f"{API}/songs", params={"words": "river"}),
    ):
        assert "fewer words" in problem_of(answer, 503)


def test_a_stream_shows_that_it_lives(listening_port, ears, form, music_once, monkeypatch):
    """Proxies end a response after a minute without data, and a recording may take minutes."""
    monkeypatch.setattr(events, "SECONDS_BETWEEN_SIGNS", 0.05)
    ears.hears("crystal comet over the harbour")
    ears.may_answer.clear()
    body, kind = form((music_once / "song 04.flac").read_bytes(), "a.flac")
    connection = http.client.HTTPConnection("127.0.0.1", listening_port, timeout=SECONDS)
    connection.request("POST", f"{API}/search/audio/stream", body, {"Content-Type": kind})
    answer = connection.getresponse()
    assert answer.readline() == b"event: space\n"
    assert answer.readline().startswith(b"data: ")
    assert answer.readline() == b"\n"
    for _ in range(5):
        assert answer.readline().startswith(b":")
        assert answer.readline() == b"\n"
    ears.may_answer.set()
    rest = answer.read().split(b"\n\n")
    connection.close()
    assert [one.split(b"\n")[0] for one in rest if not one.startswith(b":")] == [
        b"event: words", b"event: result", b""
    ]  # fmt: skip


def test_whoever_goes_away_from_a_stream_that_waits_is_noticed(listening_port, ears, form, music_once, monkeypatch):
    monkeypatch.setattr(events, "SECONDS_BETWEEN_SIGNS", 0.05)
    ears.may_answer.clear()
    body, kind = form((music_once / "song 04.flac").read_bytes(), "a.flac")
    connection = http.client.HTTPConnection("127.0.0.1", listening_port, timeout=SECONDS)
    connection.request("POST", f"{API}/search/audio/stream", body, {"Content-Type": kind})
    assert connection.getresponse().readline() == b"event: space\n"
    assert ears.taken == 1
    connection.close()
    end = time.monotonic() + SECONDS
    while ears.taken and time.monotonic() < end:
        time.sleep(0.05)
    assert ears.taken == 0
