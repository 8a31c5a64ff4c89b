"""Hearing what strangers send: one process for all, a line before it, and a reason whatever a recording does to it."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tests.sandbox.test_clip_reader import SECONDS_BEFORE_IT_HANGS, limits_memory, running, until

from alcca.errors import LyricsError, SpeechModelError
from alcca.sandbox import transcriber as hearing
from alcca.sandbox.transcriber import (
    BusyError,
    NoTranscription,
    TranscriptionError,
    TranscriptionQueue,
    transcription_queue_for,
)
from alcca.store.songs import Store
from alcca.transcripts import Listened, Segment, Transcript

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 2.0
MEMORY = 2**29


class Obeying:
    """Stands in for a recogniser: does what the samples spell."""

    name = "obeying"

    def hear(self, samples, *, start=0.0, at_first=lambda first: None):
        self.obey(samples, start, at_first)
        return Transcript((Segment(start, start + 1, str(os.getpid())),), "en", 0.5, self.name, start, 1.0)

    def listen(self, samples, texts):
        self.obey(samples)
        command, _, folder = spelled(samples).partition(" ")
        if command == "wait":
            with (Path(folder) / "turns").open("a") as turns:
                turns.write(f"{len(texts)}\n")
        return [Listened(float(len(excerpts)), str(os.getpid())) for excerpts in texts]

    def obey(self, samples, start=0.0, at_first=lambda first: None):
        order, _, rest = spelled(samples).partition(" ")
        match order:
            case "hang":
                Path(rest).touch()
                time.sleep(1000)
            case "segfault":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "exit":
                os._exit(0)
            case "raise":
                raise RuntimeError(rest)
            case "memory":
                np.ones(2 * MEMORY, np.uint8)
            case "refuse":
                raise LyricsError("this is what the recogniser says")
            case "wait":
                folder = Path(rest)
                (folder / "begun").touch()
                until((folder / "go").exists)
            case "touch":
                Path(rest).touch()
            case "append":
                heard, name = rest.rsplit(" ", 1)
                with Path(heard).open("a") as file:
                    file.write(name)
            case "doubt":
                at_first(Transcript((Segment(start, start + 1, rest),), doubtful=True))


def spelled(samples):
    try:
        return bytes(samples.astype(np.uint8)).decode()
    except UnicodeDecodeError:
        return ""


def order(words):
    return np.frombuffer(words.encode(), np.uint8).astype(np.float32)


def open_recogniser(model):
    if model == "missing":
        raise SpeechModelError("there are no weights; get them")
    if model.startswith("later") and not Path(model.removeprefix("later ")).exists():
        raise SpeechModelError("there are no weights yet")
    if model == "broken":
        os._exit(3)
    return Obeying()


@pytest.fixture(autouse=True)
def obeying(monkeypatch):
    # Processes import it by its name, also those that come later in the place of a killed one.
    monkeypatch.setattr(hearing, "open_recogniser", open_recogniser)


@pytest.fixture
def transcriber(obeying):
    with TranscriptionQueue("base", waiting=2, seconds=SECONDS, memory=MEMORY) as transcriber:
        yield transcriber


def hear(transcriber, words="", start=0.0):
    with transcriber.place() as place:
        return place.hear(order(words or "say"), start)


def reason(transcriber, words):
    with pytest.raises(TranscriptionError) as caught:
        hear(transcriber, words)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def pid_of(transcriber):
    return int(hear(transcriber).text)


def test_what_is_heard_comes_back_whole(transcriber):
    heard = hear(transcriber, "say", 12.5)
    assert heard == Transcript((Segment(12.5, 13.5, heard.text),), "en", 0.5, "obeying", 12.5, 1.0)
    assert int(heard.text) != os.getpid()
    assert transcriber.lacks is None


def test_a_first_reading_in_doubt_is_told_before_the_last(transcriber):
    told = []
    with transcriber.place() as place:
        heard = place.hear(order("doubt oh oh oh"), 12.5, told.append)
    assert [(one.text, one.doubtful) for one in told] == [("oh oh oh", True)]
    assert heard.text.isdigit()
    # Whoever does not ask is not told, and the process goes on.
    with transcriber.place() as place:
        assert place.hear(order("doubt oh oh oh"), 12.5) == heard


def test_one_process_hears_all(transcriber):
    first = pid_of(transcriber)
    with ThreadPoolExecutor(3) as pool:
        assert {heard.text for heard in pool.map(lambda _: hear(transcriber), range(3))} == {str(first)}


@pytest.mark.parametrize(
    ("order_", "told", "survives"),
    [
        ("hang", "more than 2 s", False),
        ("segfault", "stopped during transcription", False),
        ("exit", "stopped during transcription", False),
        ("raise", "failed on it (RuntimeError)", False),
        pytest.param("memory", "failed on it (MemoryError)", False, marks=limits_memory),
        ("refuse", "this is what the recogniser says", True),
    ],
)
def test_a_hostile_recording_gives_a_reason_and_the_next_is_heard(transcriber, tmp_path, order_, told, survives):
    before = pid_of(transcriber)
    assert told in reason(transcriber, f"{order_} {tmp_path / 'begun'}")
    after = pid_of(transcriber)
    assert (after == before) is survives
    assert running(before) is survives


@pytest.mark.parametrize("when", ["idle", "in the middle"])
def test_a_process_that_is_killed_is_started_again(transcriber, tmp_path, when):
    before = pid_of(transcriber)
    if when == "idle":
        os.kill(before, signal.SIGKILL)
        transcriber._child._process.join()
    else:
        with ThreadPoolExecutor(1) as pool:
            hanging = pool.submit(reason, transcriber, f"wait {tmp_path}")
            until((tmp_path / "begun").exists)
            os.kill(before, signal.SIGKILL)
            assert "stopped during transcription" in hanging.result(SECONDS_BEFORE_IT_HANGS)
    assert pid_of(transcriber) != before


def test_the_line_has_an_end(transcriber, tmp_path):
    with ThreadPoolExecutor(3) as pool:
        begun = pool.submit(hear, transcriber, f"wait {tmp_path}")
        until((tmp_path / "begun").exists)
        places = [transcriber.place(), transcriber.place()]
        with pytest.raises(BusyError) as caught:
            transcriber.place()
        assert caught.value.seconds >= 1
        assert f"{caught.value.seconds} s" in str(caught.value)
        places[0].leave()
        places[0].leave()
        with transcriber.place(), pytest.raises(BusyError):
            transcriber.place()
        (tmp_path / "go").touch()
        assert begun.result(SECONDS_BEFORE_IT_HANGS).has_words
        # Who was heard has left too.
        with transcriber.place(), transcriber.place():
            pass


def test_they_are_heard_in_the_order_of_the_line(transcriber, tmp_path):
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(hear, transcriber, f"wait {tmp_path}")
        until((tmp_path / "begun").exists)
        rest = []
        for name in "ab":
            rest.append(pool.submit(hear, transcriber, f"append {tmp_path / 'heard'} {name}"))
            until(lambda: len(transcriber._line) == len(rest))
        (tmp_path / "go").touch()
        first.result(SECONDS_BEFORE_IT_HANGS)
        for one in rest:
            one.result(SECONDS_BEFORE_IT_HANGS)
    assert (tmp_path / "heard").read_text() == "ab"


@pytest.mark.parametrize("when", ["waits", "is heard"])
def test_who_leaves_is_told_at_once_and_holds_up_nobody(transcriber, tmp_path, when):
    with ThreadPoolExecutor(2) as pool:
        begun = transcriber.place()
        hanging = pool.submit(begun.hear, order(f"wait {tmp_path}"))
        until((tmp_path / "begun").exists)
        leaving, waiting = (begun, hanging) if when == "is heard" else (transcriber.place(), None)
        if waiting is None:
            waiting = pool.submit(leaving.hear, order(f"touch {tmp_path / 'heard'}"))
            until(lambda: transcriber._line)
        leaving.leave()
        with pytest.raises(TranscriptionError, match="has disconnected"):
            waiting.result(SECONDS_BEFORE_IT_HANGS)
        (tmp_path / "go").touch()
        assert hear(transcriber).has_words
    assert not (tmp_path / "heard").exists()


def test_closing_ends_the_process_and_tells_who_waits(tmp_path):
    transcriber = TranscriptionQueue("base", seconds=1000)
    pid = pid_of(transcriber)
    with ThreadPoolExecutor(2) as pool:
        hanging = pool.submit(reason, transcriber, f"hang {tmp_path / 'begun'}")
        until((tmp_path / "begun").exists)
        waiting = pool.submit(reason, transcriber, "say")
        until(lambda: transcriber._line)
        transcriber.close()
        transcriber.close()
        assert "stopped during transcription" in hanging.result(SECONDS_BEFORE_IT_HANGS)
        assert "stopping" in waiting.result(SECONDS_BEFORE_IT_HANGS)
    assert not running(pid)
    assert "stopping" in reason(transcriber, "say")


@pytest.mark.parametrize(("model", "told"), [("missing", "there are no weights"), ("broken", "could not be loaded")])
def test_without_weights_it_says_why(model, told):
    with TranscriptionQueue(model) as transcriber:
        assert told in reason(transcriber, "say")
        assert told in transcriber.lacks
        assert told in reason(transcriber, "say")


def test_weights_that_come_later_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr(hearing, "SECONDS_BETWEEN_LOOKS", 0.0)
    with TranscriptionQueue(f"later {tmp_path / 'weights'}") as transcriber:
        assert "no weights yet" in reason(transcriber, "say")
        (tmp_path / "weights").touch()
        assert hear(transcriber).has_words
        assert transcriber.lacks is None


def test_no_process_left_to_start_gives_a_reason(monkeypatch):
    def refuse(*_, **__):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    with monkeypatch.context() as patch:
        patch.setattr(hearing, "Child", refuse)
        transcriber = TranscriptionQueue("base")
        assert "temporarily unavailable" in reason(transcriber, "say")
    with transcriber:
        assert hear(transcriber).has_words


def test_the_environment_can_switch_it_off(tmp_path, monkeypatch):
    store = Store(tmp_path)
    monkeypatch.setenv("ALCCA_HEAR", "off")
    deaf = transcription_queue_for(store)
    assert isinstance(deaf, NoTranscription)
    assert "ALCCA_HEAR" in deaf.lacks
    with pytest.raises(TranscriptionError, match="ALCCA_HEAR"):
        deaf.place().hear(order("say"))
    deaf.place().leave()
    deaf.close()
    monkeypatch.setenv("ALCCA_HEAR", "slice")
    with transcription_queue_for(store) as transcriber:
        assert hear(transcriber).has_words
    store.close()


PARENT = """
import sys
from tests.sandbox import test_transcriber as test_hearer
from alcca.sandbox import transcriber as hearing

hearing.open_recogniser = test_hearer.open_recogniser
transcriber = hearing.TranscriptionQueue("base", seconds=1000)
test_hearer.hear(transcriber)
print("ready", flush=True)
test_hearer.hear(transcriber, "hang " + sys.argv[1])
"""


def test_it_ends_with_a_parent_that_is_killed(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "begun")], stdout=subprocess.PIPE, cwd=ROOT
    ) as parent:
        assert parent.stdout.readline() == b"ready\n"
        until((tmp_path / "begun").exists)
        parent.kill()
        # The process shares its standard output, which ends with the last of them.
        assert parent.communicate(timeout=SECONDS_BEFORE_IT_HANGS) == (b"", None)


def test_a_crowd_gets_its_own_answers(transcriber):
    begin = threading.Barrier(12)

    def ask(number):
        begin.wait()
        try:
            return hear(transcriber, "say", float(number)).start
        except BusyError:
            return None

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(ask, range(12)))
    assert all(answer in (None, number) for number, answer in enumerate(answers))
    assert any(answer is not None for answer in answers)


# A second listening


def listen(transcriber, words="say", texts=(("one", "two"), ("three",))):
    with transcriber.place() as place:
        return place.listen(order(words), texts)


def test_what_is_listened_for_comes_back_text_by_text(transcriber):
    before = pid_of(transcriber)
    assert listen(transcriber) == [Listened(2.0, str(before)), Listened(1.0, str(before))]
    assert listen(transcriber, texts=()) == []


@pytest.mark.parametrize(
    ("order_", "told", "survives"),
    [
        ("hang", "more than 2 s", False),
        ("segfault", "stopped during transcription", False),
        ("raise", "failed on it (RuntimeError)", False),
        pytest.param("memory", "failed on it (MemoryError)", False, marks=limits_memory),
        ("refuse", "this is what the recogniser says", True),
    ],
)
def test_a_recording_that_is_hostile_to_a_second_listening_gives_a_reason(
    transcriber, tmp_path, order_, told, survives
):
    with transcriber.place() as place:
        before = place.hear(order("say"))
        with pytest.raises(TranscriptionError) as caught:
            place.listen(order(f"{order_} {tmp_path / 'begun'}"), [["one"]])
        assert told in str(caught.value)
        # The same place may ask again.
        assert (place.listen(order("say"), [["one"]])[0].words == before.text) is survives


def test_a_process_that_is_killed_while_it_listens_is_started_again(transcriber, tmp_path):
    before = pid_of(transcriber)
    with ThreadPoolExecutor(1) as pool:
        listening = pool.submit(listen, transcriber, f"wait {tmp_path}")
        until((tmp_path / "begun").exists)
        os.kill(before, signal.SIGKILL)
        with pytest.raises(TranscriptionError, match="stopped during transcription"):
            listening.result(SECONDS_BEFORE_IT_HANGS)
    assert pid_of(transcriber) != before


def test_many_texts_are_listened_for_in_turns_with_other_recordings(transcriber, tmp_path):
    texts = [["one"] * size for size in (30, 10, 1, 90, 40)]
    with ThreadPoolExecutor(2) as pool, transcriber.place() as place:
        listening = pool.submit(place.listen, order(f"wait {tmp_path}"), texts)
        until((tmp_path / "begun").exists)
        other = pool.submit(hear, transcriber, f"touch {tmp_path / 'heard'}")
        until(lambda: transcriber._line)
        (tmp_path / "go").touch()
        assert other.result(SECONDS_BEFORE_IT_HANGS).has_words
        found = listening.result(SECONDS_BEFORE_IT_HANGS)
    assert [one.bits for one in found] == [30, 10, 1, 90, 40]
    # How many texts had been asked for when each was answered: 30 and 10 excerpts are a turn, 90 are one alone.
    asked = [int(line) for line in (tmp_path / "turns").read_text().split()]
    assert asked == [2, 1, 1, 1]
    assert (tmp_path / "heard").stat().st_mtime_ns < (tmp_path / "turns").stat().st_mtime_ns


@pytest.mark.parametrize("when", ["before", "during", "between"])
def test_who_leaves_a_second_listening_is_told_at_once(transcriber, tmp_path, when):
    with ThreadPoolExecutor(1) as pool:
        place = transcriber.place()
        if when == "before":
            place.leave()
            with pytest.raises(TranscriptionError, match="has disconnected"):
                place.listen(order(f"touch {tmp_path / 'begun'}"), [["one"]])
            assert not (tmp_path / "begun").exists()
            return
        texts = [["one"] * 40] * (2 if when == "between" else 1)
        listening = pool.submit(place.listen, order(f"wait {tmp_path}"), texts)
        until((tmp_path / "begun").exists)
        place.leave()
        with pytest.raises(TranscriptionError, match="has disconnected"):
            listening.result(SECONDS_BEFORE_IT_HANGS)
        (tmp_path / "go").touch()
        assert hear(transcriber).has_words
    # The turn that had begun is the last.
    assert (tmp_path / "turns").read_text().split() == ["1"]


def test_without_a_model_there_is_no_second_listening():
    with TranscriptionQueue("missing") as transcriber, pytest.raises(TranscriptionError, match="no weights"):
        listen(transcriber)
    with pytest.raises(TranscriptionError, match="not here"):
        NoTranscription("not here").place().listen(order("say"), [["one"]])
