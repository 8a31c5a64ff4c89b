"""HEAD is answered wherever GET is, with the same headers; OPTIONS tells what a path takes."""

import asyncio
import http.client
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.server.conftest import running

from alcca.server.application import create_app
from alcca.server.methods import AnswerHead

API = "/api/v1"


@pytest.fixture(scope="module")
def song(client):
    songs = client.get(f"{API}/songs", params={"k": 100}).json()["songs"]
    return next(song["id"] for song in songs if song["has_audio"] and song["has_lyrics"])


@pytest.fixture(scope="module")
def port(service):
    """A real server: what a test client gets has another way."""
    with running(create_app(service)) as port:
        yield port


def ask(port, method, path, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    body = answer.read()
    told = {name.lower(): value for name, value in answer.getheaders() if name.lower() != "date"}
    connection.close()
    return answer.status, told, body


PATHS = ["/", "/docs", "/docs/start.js", "/docs/swagger/swagger-ui.css", "/openapi.json", "/static/icon.svg",
         f"{API}/status", f"{API}/map", f"{API}/songs?words=river", f"{API}/songs/SONG", f"{API}/songs/SONG/audio",
         f"{API}/songs/SONG/neighbours?by=audio", f"{API}/songs/999999", f"{API}/nothing"]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_head_is_answered_like_get_without_the_body(port, song, path):
    path = path.replace("SONG", str(song))
    status, headers, body = ask(port, "GET", path)
    assert body
    assert int(headers["content-length"]) == len(body)
    # What a search took differs, and with it the length.
    if "neighbours" in path:
        del headers["content-length"]
    answer = ask(port, "HEAD", path)
    assert answer[0] == status
    assert headers.items() <= answer[1].items()
    assert answer[2] == b""


def test_head_leaves_the_connection_as_it_was(port, song):
    """The next request on the same connection is answered: the length announced is not waited for."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for _ in range(3):
        for method in ("HEAD", "GET"):
            connection.request(method, f"{API}/songs/{song}/audio")
            answer = connection.getresponse()
            assert answer.status == 200
            assert answer.headers["accept-ranges"] == "bytes"
            assert bool(answer.read()) is (method == "GET")
    connection.close()


def test_head_does_not_wait_for_the_body():
    """A recording is not read to its end, of which nothing is sent."""
    sent = []

    async def endless(scope, receive, send):
        assert scope["method"] == "GET"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1000):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        pytest.fail("it was not stopped")

    async def send(message):
        sent.append(message["type"])

    answer = AnswerHead(endless)({"type": "http", "method": "HEAD", "headers": []}, None, send)
    # In a thread of its own, for another test's browser may have left a running loop in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, answer).result()
    assert sent == ["http.response.start", "http.response.body"]


def test_a_range_is_of_no_importance_to_head(port, song):
    """RFC 9110, section 14.2: ranges are defined for GET alone."""
    whole = ask(port, "HEAD", f"{API}/songs/{song}/audio")
    assert ask(port, "HEAD", f"{API}/songs/{song}/audio", Range="bytes=0-1") == whole
    assert ask(port, "HEAD", f"{API}/songs/{song}/audio", Range="bytes=999999999-") == whole


def test_head_of_what_is_not_for_get_is_refused(port):
    status, headers, _ = ask(port, "HEAD", f"{API}/search/lyrics")
    assert (status, headers["allow"]) == (405, "OPTIONS, POST")


@pytest.mark.parametrize(
    ("path", "methods"),
    [(f"{API}/status", "GET, HEAD, OPTIONS"), (f"{API}/search/lyrics", "OPTIONS, POST"), ("/", "GET, HEAD, OPTIONS"),
     ("/login", "OPTIONS, POST"), ("/static/icon.svg", "GET, HEAD, OPTIONS")],
)  # fmt: skip
def test_options_tells_what_a_path_takes(port, path, methods):
    status, headers, body = ask(port, "OPTIONS", path)
    assert (status, headers["allow"], body) == (204, methods, b"")
    assert not [name for name in headers if name.startswith("access-control")]
    status, headers, _ = ask(port, "DELETE", path)
    assert (status, headers["allow"]) == (405, methods)


def test_options_of_nothing_is_a_404(port):
    assert ask(port, "OPTIONS", f"{API}/nothing")[0] == 404


def test_a_browser_that_asks_before_it_sends_from_elsewhere_is_refused(port):
    asked = {"Origin": "https://evil.example", "Access_Control_Request_Method": "POST"}
    status, headers, _ = ask(port, "OPTIONS", f"{API}/search/lyrics", **asked)
    assert status == 403
    assert not [name for name in headers if name.startswith("access-control")]
