"""Two processes on one library: two that write, and a server or searches that read while another writes."""

import json
import re
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from campaign.commands import Done, Running, run, unclear
from campaign.outcomes import Offence, Outcome
from campaign.settings import Settings
from campaign.stages import Stages
from campaign.state import line

__all__ = ["trials"]

# A stage, what runs beside it, and the stages after which everything is there, in order.
PAIRS = [
    ("add", "add", ["add"]),
    ("hear", "add", ["hear"]),
    ("hear", "train", ["hear", "train"]),
    ("hear", "hear", ["hear"]),
    ("train", "train", ["train"]),
    ("index", "index", ["index"]),
    ("hear", "server", ["hear"]),
    ("train", "server", ["train"]),
    ("hear", "searches", ["hear"]),
    ("train", "searches", ["train"]),
    ("add", "searches", ["add"]),
]
IN_USE = ("another process",)
NOTHING_YET = ("no library here", "no song of the library has")
SECONDS_TO_SERVE = 120.0
LINE = line(5)
SEARCHES = (["status"], ["search", "--words", LINE.split()[0]], ["search", "--lyrics", LINE])


def trials(settings: Settings, place: Path, outcome: Outcome) -> Iterator[int]:
    """Run each pair in turn."""
    stages = Stages(place)
    for number in settings.trials(range(settings.disks)):
        random = settings.random("writers", number)
        stage, beside, after = PAIRS[number % len(PAIRS)]
        seconds = stages.reset(stage).seconds
        stages.undisturbed(after[-1])
        stages.reset(stage)
        if beside == "server":
            offences = _served(stages, stage, outcome)
        elif beside == "searches":
            offences = _searched(stages, stage, outcome)
        else:
            offences = _both(stages, stage, beside, seconds * random.random() ** 2, outcome)
        for one in after[:-1]:
            offences += unclear(stages.run(one))
        offences += stages.offences(after[-1])
        outcome.facts[f"{stage} beside {beside}"] += 1
        outcome.count(settings.repeated("writers", number, offences))
        yield outcome.tried


def _both(stages: Stages, stage: str, beside: str, seconds: float, outcome: Outcome) -> list[Offence]:
    """Two that write: one of them may say that the other does."""
    first = Running(stages.arguments(stage))
    first.until(lambda: False, seconds)
    second = Running(stages.arguments(beside))
    both = [second.done(), first.done()]
    outcome.facts["told to wait"] += sum(done.code == 1 for done in both)
    # A training needs transcripts and songs that the other may not have written yet.
    return [one for done in both for one in unclear(done, codes=(0, 1), says=IN_USE)]


def _searched(stages: Stages, stage: str, outcome: Outcome) -> list[Offence]:
    """Commands that read, one after the other, while another writes."""
    writer = Running(stages.arguments(stage))
    done: list[Done] = []
    while not writer.poll():
        command = SEARCHES[len(done) % len(SEARCHES)]
        done.append(run(*command, "--library", stages.library, "--quiet"))
    outcome.facts["searches while something was written"] += len(done)
    codes = (0, 1, 2) if stage == "add" else (0,)
    found = [one for each in done for one in unclear(each, codes=codes, says=NOTHING_YET)]
    return found + unclear(writer.done())


def _served(stages: Stages, stage: str, outcome: Outcome) -> list[Offence]:
    """A server that answers while another process writes."""
    server = Running(["serve", "--library", stages.library, "--port", "0"])
    try:
        server.until(lambda: "http://" in server.said(), SECONDS_TO_SERVE)
        found = re.search(r"http://[\d.:]+", server.said())
        if found is None:
            return unclear(server.done(0.0)) or [Offence("wrong", "the server has no address")]
        offences, songs, asked = [], 0, 0
        writer = Running(stages.arguments(stage))
        while not writer.poll() or asked < 3:
            try:
                status = _get(f"{found[0]}/api/v1/status")
                _get(f"{found[0]}/api/v1/songs?words={quote(LINE.split()[0])}")
                _get(f"{found[0]}/api/v1/search/lyrics", {"lyrics": LINE})
            except (OSError, ValueError) as error:
                offences.append(Offence("wrong", f"the server while {stage} writes: {error}"))
                break
            asked += 3
            if status["songs"] < songs:
                offences.append(Offence("lost", f"the server has {status['songs']} songs instead of {songs}"))
            songs = status["songs"]
        outcome.facts["requests while something was written"] += asked
        offences += unclear(writer.done())
    finally:
        server.end(signal.SIGTERM)
        ended = server.done(60.0)
    return offences + unclear(ended, codes=(0, 1, 2)) if ended.code != 130 else offences


def _get(address: str, body: object = None) -> dict[str, int]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, int] = json.load(answer)
    return found
