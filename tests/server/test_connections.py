"""Clients that send and read slowly, or not at all, do not hold connections without end."""

import asyncio
import contextlib
import json
import logging
import socket
import threading
import time

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from tests.server.conftest import running

from alcca.server import connections

# Longer than the limits below; on a busy machine everything takes a while.
SECONDS = 30
BIG = b"x" * 65_536


class Port(int):
    """The port of a server; ``started`` counts the requests that take long."""

    def __new__(cls, number, started):
        port = super().__new__(cls, number)
        port.started = started
        return port


@pytest.fixture
def port(monkeypatch):
    """A server with short limits, without a library: it sends, receives and waits."""
    limits = {"SECONDS_BETWEEN_LOOKS": 0.05, "SECONDS_FOR_HEADERS": 0.5, "SECONDS_OF_A_WINDOW": 1.0,
              "BYTES_OF_A_WINDOW": 1000, "SECONDS_TO_READ": 1.0,
              "SECONDS_BEFORE_EVICTION": dict.fromkeys(("headers", "body", "response"), 0.2)}  # fmt: skip
    for name, value in limits.items():
        monkeypatch.setattr(connections, name, value)
    app = FastAPI()
    app.state.slow, app.state.started = threading.Event(), threading.Semaphore(0)

    @app.get("/")
    async def small():
        return {}

    @app.get("/slow")
    def slow():
        app.state.started.release()
        app.state.slow.wait(SECONDS)
        return {}

    @app.get("/big")
    async def big():
        async def pieces():
            while True:
                yield BIG
                await asyncio.sleep(0)

        return StreamingResponse(pieces())

    @app.post("/")
    async def receive(request: Request):
        return {"bytes": len(await request.body())}

    with running(app) as number:
        yield Port(number, app.state.started)
        app.state.slow.set()


@contextlib.contextmanager
def connected(port, *sent, small=False):
    with socket.socket() as connection:
        connection.settimeout(SECONDS)
        if small:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", port))
        for one in sent:
            connection.sendall(one)
        yield connection


def drip(connection, piece, pause=0.05):
    """Send a piece over and over, until the server has enough; what it says then."""
    end = time.monotonic() + SECONDS
    connection.settimeout(pause)
    told = b""
    while time.monotonic() < end:
        with contextlib.suppress(TimeoutError):
            received = connection.recv(65_536)
            if not received:
                return told
            told += received
            continue
        try:
            connection.sendall(piece)
        except OSError:
            return told
    pytest.fail("the server never had enough")


def read_all(connection):
    told = b""
    with contextlib.suppress(ConnectionResetError):
        while received := connection.recv(65_536):
            told += received
    return told


GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
START_OF_POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"


def test_a_client_that_says_nothing_is_left(port):
    with connected(port) as connection:
        assert read_all(connection) == b""


def test_headers_that_drip_are_too_late(port):
    with connected(port, b"GET / HTTP/1.1\r\nHost: a\r\n") as connection:
        told = drip(connection, b"X: y\r\n")
    assert told.startswith(b"HTTP/1.1 408 ")
    assert "headers" in json.loads(told.partition(b"\r\n\r\n")[2])["detail"]


def test_headers_that_drip_on_a_connection_that_was_used_are_too_late(port):
    with connected(port, GET) as connection:
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"GET / HTTP/1.1\r\n")
        assert b"HTTP/1.1 408 " in drip(connection, b"X: y\r\n")


def test_a_body_that_drips_is_too_late(port):
    with connected(port, START_OF_POST) as connection:
        told = drip(connection, b"x")
    assert told.startswith(b"HTTP/1.1 408 ")


def test_a_body_that_stops_is_too_late(port):
    with connected(port, START_OF_POST, b"x" * 50_000) as connection:
        assert b" 408 " in read_all(connection)


def test_a_slow_upload_that_goes_on_is_received(port):
    """Over four windows, each with enough: a telephone at the edge of its network."""
    with connected(port, START_OF_POST) as connection:
        for _ in range(40):
            connection.sendall(b"x" * 2500)
            time.sleep(0.1)
        told = connection.recv(65_536)
    assert told.startswith(b"HTTP/1.1 200 ")
    assert b'{"bytes":100000}' in told


def test_a_client_that_reads_nothing_is_left(port):
    with connected(port, b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n", small=True) as connection:
        # What the server notices; the client sees it when it reads.
        time.sleep(3)
        connection.settimeout(SECONDS)
        total = 0
        with contextlib.suppress(ConnectionResetError):
            while received := connection.recv(1 << 20):
                total += len(received)
                assert total < 50 * 2**20, "it still sends"


def test_a_client_that_reads_longer_than_that_is_served(port):
    with connected(port, b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n") as connection:
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            assert connection.recv(65_536)


def test_the_time_that_the_server_takes_is_its_own(port):
    with connected(port, b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n") as connection:
        time.sleep(1.5)
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)


def test_a_crowd_that_waits_makes_room(port, monkeypatch):
    """ "Slowloris": whoever has waited longest goes, and everybody else is answered."""
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 8)
    monkeypatch.setattr(connections, "SECONDS_FOR_HEADERS", SECONDS)
    with contextlib.ExitStack() as crowd:
        for _ in range(8):
            crowd.enter_context(connected(port, b"GET / HTTP/1.1\r\n"))
        time.sleep(0.5)
        for _ in range(4):
            with connected(port, GET) as connection:
                assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")


def test_a_crowd_that_waits_goes_before_one_that_sends(port, monkeypatch):
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 2)
    monkeypatch.setattr(connections, "SECONDS_FOR_HEADERS", SECONDS)
    monkeypatch.setattr(connections, "BYTES_OF_A_WINDOW", 0)
    with connected(port, START_OF_POST, b"x" * 1000) as upload:
        time.sleep(0.2)
        with connected(port, b"GET / HTTP/1.1\r\n") as waiting:
            time.sleep(0.6)
            with connected(port, GET) as connection:
                assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
            assert read_all(waiting) == b""
            upload.sendall(b"x" * 99_000)
            assert upload.recv(65_536).startswith(b"HTTP/1.1 200 ")


def test_a_crowd_that_works_is_not_disturbed(port, monkeypatch):
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 4)
    with contextlib.ExitStack() as crowd:
        busy = [crowd.enter_context(connected(port, b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")) for _ in range(4)]
        for _ in busy:
            assert port.started.acquire(timeout=SECONDS)
        with connected(port, GET) as connection:
            told = read_all(connection)
        assert told.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: " in told.lower()
        assert "too many connections" in json.loads(told.partition(b"\r\n\r\n")[2])["detail"]
        busy[0].settimeout(0.2)
        with pytest.raises(TimeoutError):
            busy[0].recv(1)


def test_a_response_that_is_still_sent_when_the_server_ends_is_cut_off_in_time():
    """Without an error in the log: the application learns that its client has gone, and cleans up."""
    cleaned, said = threading.Event(), []
    app = FastAPI()

    @app.get("/")
    async def endless():
        async def pieces():
            try:
                while True:
                    yield b"event"
                    await asyncio.sleep(0.05)
            finally:
                cleaned.set()

        return StreamingResponse(pieces())

    class Said(logging.Handler):
        def emit(self, record):
            said.append(record.getMessage())

    server = connections.server_of(app, 2, port=0)
    # uvicorn has set its loggers up by now.
    logging.getLogger("uvicorn.error").addHandler(handler := Said(logging.ERROR))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        with connected(server.servers[0].sockets[0].getsockname()[1], GET) as connection:
            assert connection.recv(65_536)
            server.should_exit = True
            thread.join(SECONDS)
            assert not thread.is_alive()
    finally:
        logging.getLogger("uvicorn.error").removeHandler(handler)
    assert cleaned.is_set()
    assert said == []


def test_an_upgrade_is_a_request_like_any_other(port):
    with connected(
        port, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    ) as connection:
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
