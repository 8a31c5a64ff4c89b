"""A small library with hostile words in it, and servers over it."""

import contextlib
import csv
import http
import http.client
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from starlette.testclient import TestClient
from tests.libraries import Inline
from tests.making import write_song
from tests.processes import SECONDS_TO_END, family, still_running
from tests.server.visiting import OPTIONS

from alcca import ALCCA, CCA, Library
from alcca.sandbox.transcriber import BusyError, TranscriptionError
from alcca.server.application import create_app
from alcca.server.connections import server_of
from alcca.server.run import MAX_UPLOAD, SECONDS_TO_FINISH
from alcca.server.service import Service
from alcca.store.songs import Store
from alcca.store.transcripts import Transcripts
from alcca.transcripts import Listened, Segment, Transcript
from alcca.workers import local

ARTISTS = ("Ada", "Bela", "Cleo", "Dora")
LABELS = ("Praise", "Ballad", "R&B", "Folk")
HOSTILE_TITLE = "<script>window.pwned=1</script>"
HOSTILE_ARTIST = '"><img src=x onerror=window.pwned=1>'
# Cleaning cuts the first line down to "bold"; the other two stay as they are, because no page of lyrics has such tags.
HOSTILE_LYRICS = (
    "<b>bold</b><script>window.pwned=2</script>",
    "<img/src=x/onerror=window.pwned=3> morning",
    "<xss autofocus tabindex=1 onfocus=window.pwned=4>garden</xss>",
)
SECONDS_BEFORE_IT_HANGS = 120
# Playwright gives Chromium half a minute to end, then ends it.
SECONDS_TO_CLOSE = 60


def write_shelf(music: Path) -> None:
    """Thirty songs by five artists with four labels, one without words, one without sound, and their table."""
    rows = []
    for number in range(30):
        suffix = ("wav", "flac", "ogg")[number % 3]
        path = write_song(music / f"song {number:02d}.{suffix}", number)
        rows.append(
            {
                "file_name": path.name,
                "title": HOSTILE_TITLE if number == 0 else f"Song {number:02d}",
                "artist": HOSTILE_ARTIST if number % 5 == 4 else ARTISTS[number % 5],
                "album": "Shelf",
                "label": LABELS[number % 4],
                "language": "de" if number % 7 == 0 else "en",
            }
        )
    (music / "song 02.txt").write_text("\n".join(HOSTILE_LYRICS) + "\nriver mountain silver winter\n" * 4)
    write_song(music / "no words.wav", 60, lyrics=False)
    (music / "no sound.mp3").touch()
    (music / "no sound.txt").write_text("river mountain morning silver and nothing to hear")
    with (music / "songs.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


@pytest.fixture(scope="session", autouse=True)
def no_settings() -> Iterator[None]:
    """No token and no library of the person who runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("ALCCA_TOKEN", "ALCCA_LIBRARY"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def shelf_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a trained and evaluated library of 32 songs, whose files are in ``music`` beside it.

    Nobody writes to it; who wants to takes `shelf`.
    """
    place = tmp_path_factory.mktemp("shelves")
    write_shelf(place / "music")
    with pytest.MonkeyPatch.context() as patch, Library(place / "shelf", progress=False) as library:
        # In this process; other tests are about the worker processes.
        patch.setattr(local, "process_pool", Inline().pool)
        library.add(place / "music", jobs=2)
        library.train(method="kernel-cca", components=5)
        library.evaluate({"cca": CCA(ridge=0.1), "alcca": ALCCA(epochs=1)}, folds=3, components=[3, 5, 6], n_jobs=1)
    return place / "shelf"


@pytest.fixture(scope="session")
def music_once(shelf_once: Path) -> Path:
    """The folder with the files of `shelf_once`; to be read."""
    return shelf_once.parent / "music"


@pytest.fixture
def shelf(shelf_once: Path, tmp_path: Path) -> Path:
    """A library of one's own, like `shelf_once`; its songs' files are those of `music_once`."""
    shutil.copytree(shelf_once, tmp_path / "shelf")
    return tmp_path / "shelf"


@pytest.fixture(scope="session")
def hostile() -> SimpleNamespace:
    """What would run in a page that writes it as HTML: a title, an artist, and the lines of lyrics that are left."""
    return SimpleNamespace(title=HOSTILE_TITLE, artist=HOSTILE_ARTIST, lyrics=HOSTILE_LYRICS[1:])


@pytest.fixture(scope="session")
def service(shelf_once: Path) -> Iterator[Service]:
    """What answers, without HTTP."""
    with Service(shelf_once, MAX_UPLOAD) as service:
        yield service


@pytest.fixture(scope="session")
def client(service: Service) -> Iterator[TestClient]:
    """The application, without a network."""
    with TestClient(create_app(service), base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture(scope="session")
def library(shelf_once: Path) -> Iterator[Library]:
    """The library itself, to compare with."""
    with Library(shelf_once, progress=False) as library:
        yield library


@pytest.fixture(scope="session")
def id_of(client: TestClient) -> dict[str, int]:
    """Ids of its songs by title."""
    songs = client.get("/api/v1/songs", params={"k": 100}).json()["songs"]
    return {song["title"]: song["id"] for song in songs}


SUNG_WITHOUT_LYRICS = ("crystal comet over the harbour", "velvet thunder in a lantern meadow")


def transcript(lines: tuple[str, ...], start: float = 0.0) -> Transcript:
    """Lines that are heard one after the other, two seconds each."""
    segments = (Segment(start + 2 * i, start + 2 * i + 2, line, -0.3, 0.1) for i, line in enumerate(lines))
    return Transcript(tuple(segments), "en" if lines else None, 0.9, "base", start, 2.0 * len(lines))


@pytest.fixture(scope="session", name="transcript")
def transcript_fixture() -> Callable[..., Transcript]:
    """`transcript`, for tests that say what is heard."""
    return transcript


@pytest.fixture(scope="session")
def heard_shelf(shelf_once: Path, tmp_path_factory: pytest.TempPathFactory, id_of: dict[str, int]) -> Path:
    """A library like `shelf_once`, in three songs of which somebody has heard words, other words, or none."""
    folder = tmp_path_factory.mktemp("heard") / "shelf"
    shutil.copytree(shelf_once, folder)
    store = Store(folder)
    (song,) = store.songs([id_of["Song 09"]])
    assert song.lyrics is not None
    with store.transaction():
        kept = store.tables(Transcripts)
        kept.put(id_of["Song 09"], transcript(tuple(song.lyrics.splitlines()[2:5]), 1.0), "slice")
        kept.put(id_of["no words"], transcript(SUNG_WITHOUT_LYRICS, 1.0), "song")
        kept.put(id_of["Song 10"], transcript(()), "slice")
    store.close()
    return folder


class Ears:
    """Stands in for a `TranscriptionQueue`: hears what it is told to, when it is told to."""

    def __init__(self) -> None:
        self.may_answer, self.may_listen = threading.Event(), threading.Event()
        self.reset()

    def reset(self) -> None:
        """Hear nothing, at once, for at most three."""
        self.lacks: str | None = None
        self.most, self.places = 3, set[_EarsPlace]()
        self.heard: Transcript | str = Transcript()
        self.first: Transcript | None = None
        # What a second listening finds, and what it was asked to listen for.
        self.sung: str | None = ""
        self.asked: list[list[list[str]]] = []
        self.may_answer.set()
        self.may_listen.set()

    @property
    def taken(self) -> int:
        """How many have a place."""
        return len(self.places)

    def hears(self, *lines: str) -> None:
        """From now on, these lines."""
        self.heard = transcript(lines)

    def doubts(self, *lines: str) -> None:
        """From now on, these lines at first, and then what it hears."""
        self.first = replace(transcript(lines), doubtful=True)

    def recognises(self, words: str | None) -> None:
        """From now on, these words are found by a second listening, or none; it fails if they are None."""
        self.sung = words

    def fails(self, reason: str) -> None:
        """From now on, nothing, for a reason."""
        self.heard = reason

    def place(self) -> "_EarsPlace":
        """As of a `TranscriptionQueue`."""
        if self.taken >= self.most:
            raise BusyError("too many recordings wait already; try again in 7 s", 7)
        place = _EarsPlace(self)
        self.places.add(place)
        return place

    def close(self) -> None:
        """Nothing is open."""


class _EarsPlace:
    def __init__(self, ears: Ears) -> None:
        self.ears, self.left = ears, threading.Event()

    def hear(
        self, samples: Any, start: float = 0.0, at_first: Callable[[Transcript], object] = lambda first: None
    ) -> Transcript:
        assert samples.shape == (len(samples),)
        if self.ears.first is not None:
            at_first(self.ears.first)
        self._wait(self.ears.may_answer)
        if isinstance(self.ears.heard, str):
            raise TranscriptionError(self.ears.heard)
        return self.ears.heard

    def listen(self, samples: Any, texts: list[list[str]]) -> list[Listened]:
        assert samples.shape == (len(samples),)
        self.ears.asked.append(texts)
        self._wait(self.ears.may_listen)
        sung = self.ears.sung
        if sung is None:
            raise TranscriptionError("the recogniser stopped during transcription")
        found = [bool(sung) and any(sung in " ".join(text.split()) for text in of_song) for of_song in texts]
        return [Listened(120.0, sung) if one else Listened(16.0, "") for one in found]

    def _wait(self, event: threading.Event) -> None:
        while not event.wait(0.01):
            if self.left.is_set():
                raise TranscriptionError("the sender has disconnected")

    def leave(self) -> None:
        self.left.set()
        self.ears.places.discard(self)


@pytest.fixture(scope="session")
def _ears() -> Ears:
    return Ears()


@pytest.fixture
def ears(_ears: Ears) -> Iterator[Ears]:
    """Who listens in `listening`, as if for the first time."""
    _ears.reset()
    yield _ears
    _ears.may_answer.set()
    _ears.may_listen.set()


@pytest.fixture(scope="session")
def _listening(heard_shelf: Path, _ears: Ears) -> Iterator[FastAPI]:
    with Service(heard_shelf, MAX_UPLOAD, _ears) as service:  # type: ignore[arg-type]
        yield create_app(service)


@pytest.fixture
def listening(_listening: FastAPI, ears: Ears) -> TestClient:
    """The application over `heard_shelf`, with `ears`, without a network."""
    return TestClient(_listening, base_url="http://127.0.0.1", raise_server_exceptions=False)


@contextlib.contextmanager
def running(app: FastAPI, listener: socket.socket | None = None) -> Iterator[int]:
    """The port of a server in a thread of this process, or of one at a socket that is given."""
    server = server_of(app, SECONDS_TO_FINISH, port=0)
    thread = threading.Thread(target=server.run, args=([listener] if listener else None,), daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(SECONDS_TO_FINISH / 2)
        if thread.is_alive():
            warnings.warn(f"a server does not end by itself, {_doing(server, thread)}", stacklevel=2)
            thread.join(SECONDS_TO_END)


def _doing(server: uvicorn.Server, thread: threading.Thread) -> str:
    """What keeps a server from ending."""
    state, told = server.server_state, io.StringIO()
    for task in list(state.tasks):
        task.print_stack(file=told)
    connections = [(one.client, one.scope and one.scope["path"], one.cycle) for one in list(state.connections)]
    frame = sys._current_frames().get(thread.ident or 0)
    stack = "".join(traceback.format_stack(frame)) if frame else ""
    return f"connections: {connections}, tasks: {told.getvalue()}, thread:\n{stack}"


@pytest.fixture(scope="session")
def _port(_listening: FastAPI) -> Iterator[int]:
    with running(_listening) as port:
        yield port


@pytest.fixture
def listening_port(_port: int, ears: Ears) -> int:
    """The port of a real server over `heard_shelf`, with `ears`."""
    return _port


def form(data: bytes, name: str | bytes) -> tuple[bytes, str]:
    """A file as the body of a form, byte for byte, and the body's content type."""
    name = name if isinstance(name, bytes) else name.encode()
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="' + name + b'"\r\n\r\n'
    return head + data + b"\r\n--edge--\r\n", "multipart/form-data; boundary=edge"


@pytest.fixture(scope="session", name="form")
def form_fixture() -> Callable[[bytes, str | bytes], tuple[bytes, str]]:
    """`form`, for tests that send bytes of their own."""
    return form


@pytest.fixture(scope="session")
def problem_of() -> Callable[..., str]:
    """``problem_of(answer, 422)``: checks that a response is a problem of that status, and gives its detail."""

    def check(answer: Any, status: int) -> str:
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        told = answer.json()
        assert set(told) == {"type", "title", "status", "detail", "instance"}
        assert told["status"] == status
        assert told["instance"] == answer.request.url.path
        assert told["title"] == http.HTTPStatus(status).phrase
        return str(told["detail"])

    return check


@dataclass(frozen=True)
class Server:
    """A server in a process of its own."""

    address: str
    port: int
    process: "subprocess.Popen[bytes]"

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers (by their names in small letters) and body of one answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS_BEFORE_IT_HANGS)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def json(self, method: str, path: str, query: object = None) -> Any:
        """The answer to a request that must succeed."""
        body = None if query is None else json.dumps(query).encode()
        status, _, answer = self.ask(method, f"/api/v1{path}", body, {"Content-Type": "application/json"})
        assert status == 200, answer
        return json.loads(answer)

    def upload(self, data: bytes, name: str, **headers: str) -> tuple[int, Mapping[str, str], Any]:
        """What the server answers to a recording."""
        body, kind = form(data, name)
        status, told, answer = self.ask("POST", "/api/v1/search/audio", body, {"Content-Type": kind, **headers})
        return status, told, json.loads(answer)


@contextlib.contextmanager
def serve(folder: Path, *options: str, log: Path) -> Iterator[Server]:
    """A server over a library until the end of the block; it ends in time, cleanly, with all its workers."""
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "alcca", "serve", "--library", str(folder), "--port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
    try:
        assert process.stdout is not None
        # Ends with the first line, or when the process does.
        line = process.stdout.readline().decode()
        found = re.search(r"(http://\S+:(\d+))/", line)
        assert found, f"expected an address, got {line!r}: {log.read_text()}"
        server = Server(found[1], int(found[2]), process)
        yield server
        assert process.poll() is None, f"ended with {process.returncode}: {log.read_text()}"
        started = family(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS_TO_END) == 0, log.read_text()
        assert still_running(started) == []
        assert "Traceback" not in log.read_text()
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


Serving = Callable[..., contextlib.AbstractContextManager[Server]]


@pytest.fixture(scope="session")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Serving:
    """``with serving(library, "--token", "secret") as server``: a real server, checked to end well."""
    return lambda folder, *options: serve(folder, *options, log=tmp_path_factory.mktemp("served") / "log")


@pytest.fixture(scope="session")
def served(shelf_once: Path, serving: Serving) -> Iterator[str]:
    """The address of a real server over `shelf_once`, without a slash at its end."""
    with serving(shelf_once) as server:
        yield server.address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; the test skips without it, and fails without it where CI is set."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        reason = "no Chromium is installed; Debian's package is called chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    others = set(family(os.getpid()))
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=OPTIONS)
        started = set(family(os.getpid())) - others
        yield chromium
        # Playwright waits for its own process without end.
        late = threading.Timer(SECONDS_TO_CLOSE, _kill, [started])
        late.start()
        with contextlib.suppress(PlaywrightError):
            chromium.close()
    late.cancel()


def _kill(pids: set[int]) -> None:
    """End those of the processes that have not ended."""
    for pid in pids & set(family(os.getpid())):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
