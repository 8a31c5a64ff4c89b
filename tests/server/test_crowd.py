"""Many at once: clients that ask a server, while another process adds songs and trains."""

import random
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.making import write_song
from tests.processes import family
from tests.songs.encoding import encode, tune

from alcca import Library

CLIENTS = 32
ANSWERS_TO_WARM_UP = 6 * CLIENTS
# Between two looks at the memory.
ANSWERS_BETWEEN = CLIENTS
LOOKS = 16
# Between two calls of whoever only has to notice that nothing breaks off.
SECONDS_BETWEEN = 0.1
# The server looks for a change each second; what takes this long was missed.
SECONDS_BEFORE_IT_IS_MISSED = 60
API = "/api/v1"


@pytest.fixture
def asking():
    """``asking(function, times, pause)``: call it over and over in threads until the test ends; see `Asking`."""
    started = []

    def start(call, clients=1, pause=SECONDS_BETWEEN):
        started.append(Asking(call, clients, pause))
        return started[-1]

    yield start
    for one in started:
        one.stop()


class Asking:
    """Threads that each call a function with a random generator of their own, until one fails or all are stopped."""

    def __init__(self, call, clients, pause):
        self.errors, self._answers = [], []
        self._stop, self._pause = threading.Event(), pause
        self._threads = [threading.Thread(target=self._ask, args=(call, number)) for number in range(clients)]
        for thread in self._threads:
            thread.start()

    def _ask(self, call, number):
        chance = random.Random(number)
        while not self._stop.wait(self._pause):
            try:
                self._answers.append(call(chance))
            except Exception as error:  # noqa: BLE001 - told by the test
                self.errors.append(error)
                return

    @property
    def answered(self):
        """How many calls were made."""
        return len(self._answers)

    def stop(self):
        """End the threads; how many calls were made."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        return self.answered


def wait_until(holds):
    for _ in range(10 * SECONDS_BEFORE_IT_IS_MISSED):
        if holds():
            return
        time.sleep(0.1)
    pytest.fail("it never came")


def test_songs_that_are_added_are_found_without_a_restart(shelf, serving, asking, inline, tmp_path):
    for number in range(5):
        path = write_song(tmp_path / "more" / f"new song {number}.flac", 100 + number)
        path.with_suffix(".txt").write_text(f"brandnew river mountain morning {'abcde'[number] * 9}\n" * 3)
    with serving(shelf) as server:
        words = {"lyrics": "river mountain morning", "k": 100}

        def ask(chance):
            found = server.json("POST", "/search/lyrics", words)
            assert len(found["hits"]) == found["among"] in range(31, 38)
            assert server.json("GET", "/status")["songs"] >= 32
            assert server.json("GET", "/songs?words=river")["total"] > 20

        assert server.json("GET", "/songs?words=brandnew")["total"] == 0
        busy = asking(ask)
        wait_until(lambda: busy.answered or busy.errors)
        with Library(shelf, progress=False) as library:
            library.add(tmp_path / "more")
        wait_until(lambda: server.json("GET", "/status")["searchable"] == 37)
        assert busy.stop() > 1
        assert busy.errors == []

        added = {song["id"] for song in server.json("GET", "/songs?words=brandnew")["songs"]}
        assert len(added) == 5
        hits = server.json("POST", "/search/lyrics", words)["hits"]
        assert added < {hit["song"]["id"] for hit in hits}
        # One song has no lyrics and nobody has listened to it; another has no sound.
        assert len(hits) == 37
        status, *_ = server.upload((tmp_path / "more" / "new song 3.flac").read_bytes(), "a.flac")
        assert status == 200
        assert added <= {point["id"] for point in server.json("GET", "/map")["points"]}
        number = min(added)
        assert len(server.json("GET", f"/songs/{number}/neighbours?by=audio")["hits"]) == 10
        data = server.ask("GET", f"{API}/songs/{number}/audio")[2]
        assert data[:4] == b"fLaC"


def test_searches_go_on_while_the_library_is_trained(shelf, serving, asking, music_once):
    clip = (music_once / "song 04.flac").read_bytes()
    with serving(shelf) as server:

        def ask(chance):
            found = server.json("POST", "/search/lyrics", {"lyrics": "river mountain morning", "k": 100})
            assert len(found["hits"]) == 32
            hit = chance.choice([hit for hit in found["hits"] if hit["song"]["has_audio"]])["song"]["id"]
            assert len(server.json("GET", f"/songs/{hit}/neighbours?by=audio&k=30")["hits"]) == 30
            status, _, heard = server.upload(clip, "a.flac")
            assert (status, len(heard["hits"])) == (200, 10), heard

        before = server.json("GET", "/status")["model"]
        busy = asking(ask, 2)
        wait_until(lambda: busy.answered or busy.errors)
        with Library(shelf, progress=False) as library:
            library.train(method="alcca", components=6, epochs=3, random_state=5)
        wait_until(lambda: server.json("GET", "/status")["model"]["components"] == 6)
        ask(random.Random(0))
        assert busy.stop() > 1
        assert busy.errors == []
        after = server.json("GET", "/status")["model"]
        assert after["trained"] > before["trained"]
        assert (before["method"], before["components"], before["epochs"]) == ("kernel-cca", 5, None)
        assert (after["method"], after["components"], after["epochs"]) == ("alcca", 6, 3)
        # Two more models: the one in use is always there, the old ones go.
        with Library(shelf, progress=False) as library:
            library.train(components=5)
        wait_until(lambda: server.json("GET", "/status")["model"]["components"] == 5)
        ask(random.Random(0))


def memory(pids):
    """Bytes that processes hold together, each shared page counted once."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += 1024 * int(line.split()[1])
    return total


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells what processes hold together")
def test_many_clients_at_once_are_answered_and_take_no_more_memory(shelf, serving, asking, tmp_path):
    recording = encode(tune(180), tmp_path / "three minutes.mp3").read_bytes()
    with serving(shelf) as server:
        ids = [song["id"] for song in server.json("GET", "/songs?words=only&k=100")["songs"]]
        whole = {number: server.ask("GET", f"{API}/songs/{number}/audio")[2] for number in ids}

        def upload(chance):
            status, _, told = server.upload(recording, "three minutes.mp3")
            assert (status, len(told["hits"])) == (200, 10), told

        def lyrics(chance):
            words = " ".join(chance.choices(["river", "mountain", "golden", "winter", "ember"], k=4))
            told = server.json("POST", "/search/lyrics", {"lyrics": words})
            assert len(told["hits"]) == 10
            lines = {"query": told["query"], "songs": [hit["song"]["id"] for hit in told["hits"]], "lyrics": words}
            assert len(server.json("POST", "/passages", lines)["passages"]) == 10

        def neighbours(chance):
            by = chance.choice(["audio", "lyrics"])
            assert len(server.json("GET", f"/songs/{chance.choice(ids)}/neighbours?by={by}")["hits"]) == 10

        def around(chance):
            assert len(server.json("GET", "/map")["points"]) == 32
            assert server.json("GET", "/status")["songs"] == 32
            assert server.json("GET", f"/songs?k=20&offset={chance.randrange(12)}")["total"] == 32
            assert server.json("GET", "/songs?words=river")["total"] > 20

        def listen(chance):
            number = chance.choice(ids)
            begin = chance.randrange(len(whole[number]) - 100)
            asked = {"Range": f"bytes={begin}-{begin + 5_000}"}
            status, _, data = server.ask("GET", f"{API}/songs/{number}/audio", headers=asked)
            assert (status, data) == (206, whole[number][begin : begin + 5_001])

        kinds = (upload, lyrics, neighbours, around, listen)
        busy = asking(lambda chance: chance.choice(kinds)(chance), CLIENTS, pause=0)
        held = []
        for look in range(LOOKS):
            enough = ANSWERS_TO_WARM_UP + look * ANSWERS_BETWEEN
            wait_until(lambda enough=enough: busy.errors or busy.answered >= enough)
            held.append(memory(family(server.process.pid)))
        busy.stop()
        assert busy.errors == []
        assert 0.93 * held[0] < min(held)
        assert max(held) < 1.07 * held[0]
