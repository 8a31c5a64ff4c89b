"""Recordings from strangers: too large, damaged, badly named, cut off; the server goes on."""

import contextlib
import json
import select
import socket
import threading
from pathlib import Path

import numpy as np
import pytest
from tests.songs.encoding import FORMATS, encode, tune
from tests.test_damaged_audio import damaged

API = "/api/v1"
ADDRESS = f"{API}/search/audio"
LIMIT = 1_000_000
# What a form may add, and what the system keeps between two processes that one has sent and the other not read.
ON_THE_WAY = 12_000_000
SECONDS_BEFORE_IT_HANGS = 60
# Of each kind of damage that chance does, in each format.
TIMES = 4


@pytest.fixture(scope="module")
def temporary(tmp_path_factory):
    """Where the small server keeps files while it reads them."""
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def small(shelf_once, serving, temporary):
    """A server that takes a megabyte."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(temporary))
        server = serving(shelf_once, "--max-upload", "1")
        with server as running:
            yield running


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    return encode(tune(12), tmp_path_factory.mktemp("clips") / "song.mp3").read_bytes()


@contextlib.contextmanager
def connected(server, *headers, path="search/audio"):
    """A connection on which the head of a request has been sent."""
    head = [f"POST {API}/{path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", *headers]
    with socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS_BEFORE_IT_HANGS) as connection:
        connection.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
        yield connection


def answer_on(connection):
    """Status line and problem of the answer that comes."""
    data = b""
    while b"\r\n\r\n" not in data or not data.endswith(b"}"):
        piece = connection.recv(65_536)
        assert piece, data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    return int(head.split()[1]), json.loads(body)


# Size


def test_what_is_announced_as_too_large_is_refused_unread(small):
    with connected(small, "Content-Type: multipart/form-data; boundary=edge", "Content-Length: 2000000") as connection:
        status, told = answer_on(connection)
    assert (status, told["status"]) == (413, 413)
    assert "1 MB" in told["detail"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("search/audio", "multipart/form-data; boundary=edge"),
        ("search/lyrics", "multipart/form-data; boundary=edge"),
        ("search/lyrics", "application/json"),
        ("passages", "text/plain"),
    ],
)
def test_what_comes_without_a_length_is_counted(small, path, kind):
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    piece = b"x" * 65_536
    with connected(small, f"Content-Type: {kind}", "Transfer-Encoding: chunked", path=path) as connection:
        connection.sendall(b"%x\r\n%s\r\n" % (len(head), head))
        sent = 0
        while not select.select([connection], [], [], 0)[0] and sent < 100 * LIMIT:
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
            sent += len(piece)
        status, told = answer_on(connection)
    assert (status, told["status"]) == (413, 413)
    assert LIMIT - len(piece) < sent < LIMIT + ON_THE_WAY


def test_who_sends_all_before_listening_is_answered_too(small, temporary):
    status, headers, told = small.upload(bytes(40 * LIMIT), "large.wav")
    assert (status, headers["content-type"]) == (413, "application/problem+json")
    assert "1 MB" in told["detail"]
    assert list(temporary.iterdir()) == []


def test_a_recording_up_to_the_limit_is_taken(small, song):
    padded = song + bytes(LIMIT - len(song))
    assert small.upload(padded, "large.mp3")[0] == 200
    assert small.upload(padded + bytes(200_000), "larger.mp3")[0] == 413


def test_a_sender_that_goes_away_leaves_nothing(small, song, temporary):
    for _ in range(20):
        with connected(
            small, "Content-Type: multipart/form-data; boundary=edge", "Content-Length: 900000"
        ) as connection:
            connection.sendall(song[:50_000])
    assert small.upload(song, "song.mp3")[0] == 200
    assert [path.name for path in temporary.iterdir()] == []


# Names


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (b"../../etc/passwd", "passwd"),
        (b"/etc/passwd", "passwd"),
        (b"a/../../b.mp3", "b.mp3"),
        (b"<img src=x onerror=alert(1)>.mp3", "<img src=x onerror=alert(1)>.mp3"),
        ("мелодия.mp3".encode(), "мелодия.mp3"),
        (b"\xff\xfe.mp3", ".mp3"),
        (b"..", ""),
        (b"/", ""),
        (b".", ""),
        (b"a\0b.mp3", "b.mp3"),
        (b"x" * 4000 + b".mp3", "x.mp3"),
        (b"%2e%2e%2fpasswd", "%2e%2e%2fpasswd"),
        (b"..\\\\..\\\\passwd", "passwd"),
        (b"$(touch owned).mp3", "$(touch owned).mp3"),
    ],
    ids=lambda value: str(value)[:25],
)
def test_a_name_is_only_a_name(small, form, temporary, shelf_once, sent, shown):
    before = sorted(shelf_once.rglob("*"))
    body, kind = form(b"this is no music", sent)
    status, headers, answer = small.ask("POST", ADDRESS, body, {"Content-Type": kind})
    assert (status, headers["content-type"]) == (422, "application/problem+json")
    detail = json.loads(answer)["detail"]
    assert shown in detail
    assert "etc/" not in detail
    assert "../" not in detail
    assert str(temporary) not in detail
    assert detail.count("\n") == 0
    assert list(temporary.iterdir()) == []
    assert sorted(shelf_once.rglob("*")) == before
    assert not Path("owned").exists()


@pytest.mark.parametrize(
    ("charset", "name"),
    [("utf-7", b"+2AA-.mp3"), ("unicode_escape", b"\\ud800.mp3"), ("idna", b"xn--.mp3"), ("undefined", b"a.mp3"),
     ("punycode", b"\xff.mp3"), ("zlib", b"a.mp3"), ("utf-16", b"a.mp3"), ("nothing", b"a.mp3")],
)  # fmt: skip
def test_a_name_in_any_alphabet_is_no_error_of_the_server(small, form, charset, name):
    body, kind = form(b"this is no music", name)
    status, headers, _ = small.ask("POST", ADDRESS, body, {"Content-Type": f"{kind}; charset={charset}"})
    assert status in (400, 422)
    assert headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data; boundary=edge"),
        (b"x", "multipart/form-data"),
        (b"x", "multipart/form-data; boundary="),
        (b"x", "multipart/mixed; boundary=edge"),
        (b"--edge--\r\n", "multipart/form-data; boundary=edge"),
        (b"--edge\r\n\r\nx\r\n--edge--\r\n", "multipart/form-data; boundary=edge"),
        (b'--edge\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--edge--',
         "multipart/form-data; boundary=edge"),
        (b'--edge\r\nContent-Disposition: form-data; name="other"; filename="a"\r\n\r\nx\r\n--edge--\r\n',
         "multipart/form-data; boundary=edge"),
        (b'--edge\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--edge--\r\n',
         "multipart/form-data; boundary=edge"),
        (b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 1100 + b"--edge--\r\n",
         "multipart/form-data; boundary=edge"),
        (b"file=x", "application/x-www-form-urlencoded"),
        (b"RIFF", "audio/wav"),
        (b"{}", "application/json"),
    ],
)  # fmt: skip
def test_a_form_that_is_none_is_refused(small, body, kind):
    status, headers, answer = small.ask("POST", ADDRESS, body, {"Content-Type": kind})
    assert status in (400, 422)
    assert headers["content-type"] == "application/problem+json"
    assert len(json.loads(answer)["detail"]) > 10


# Damage


@pytest.mark.slow
def test_recordings_damaged_in_every_way_are_answered(shelf_once, serving, tmp_path):
    rng = np.random.default_rng(2020)
    sent = {}
    for suffix in FORMATS:
        whole = encode(tune(35), tmp_path / f"whole.{suffix}").read_bytes()
        sent |= {f"{what}.{suffix}": data for what, data in damaged(whole, rng, TIMES)}
    assert len(sent) == len(FORMATS) * (2 * TIMES + 8)
    names = list(sent)
    answers = {}

    with serving(shelf_once) as server:

        def send(part):
            for name in part:
                # A server that takes longer than its limit for one file makes this raise.
                answers[name] = server.upload(sent[name], name)

        threads = [threading.Thread(target=send, args=(names[start::4],)) for start in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(answers) == set(sent)
        status, _, told = server.upload(encode(tune(20), tmp_path / "good.mp3").read_bytes(), "good.mp3")
        assert (status, len(told["hits"])) == (200, 10)
    refused = []
    for name, (status, headers, told) in answers.items():
        if status == 200:
            assert len(told["hits"]) == 10, name
            continue
        assert status == 422, (name, status, told)
        assert headers["content-type"] == "application/problem+json"
        assert told["detail"].startswith(f"{name}: "), told
        assert "/tmp" not in told["detail"]
        refused.append(name)
    for suffix in FORMATS:
        assert {f"{what}.{suffix}" for what in ("empty", "zeros", "head", "page")} <= set(refused)
        assert len([name for name in answers if name.endswith(suffix) and name not in refused]) > TIMES / 2
    assert len(refused) > len(sent) / 3
