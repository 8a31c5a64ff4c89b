"""Damage to the files of a library, and the judgement of what alcca then says: right results, or one clear line.

The campaign and the tests of a library share these functions. All choices come from a seeded generator.
"""

import contextlib
import io
import json
import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from tests.making import write_song

from alcca import Library
from alcca.cli.main import main
from alcca.store.transcripts import SLICE, Transcripts
from alcca.transcripts import Segment, Transcript

SONGS = 12
LINE = "only songb"
# Nothing is said of these: they hold nothing.
EMPTY = {".lock", "songs.sqlite-shm"}


def make_library(place: Path) -> Path:
    """A library of a dozen songs in ``place/library``: with transcripts, model, map, faiss files and an evaluation."""
    for number in range(SONGS):
        write_song(place / "music" / f"song {number:02d}.wav", number)
    with Library(place / "library", progress=False) as library:
        library.add(place / "music", jobs=1)
        with library._opened.writing() as store, store.transaction():
            for song in store.songs()[: SONGS // 2]:
                text = (song.lyrics or "").splitlines()[0]
                heard = Transcript((Segment(0.0, 4.0, text),), "en", 1.0, "base", 0.0, 4.0)
                store.tables(Transcripts).put(song.id, heard, SLICE)
        library.train(components=2)
        library.evaluate("cca", folds=2, components=2, shuffled_control=False, n_jobs=1)
    # Files that are searched though there are few songs.
    with Library(place / "library", progress=False, index=FAISS) as library:
        library.search(lyrics=LINE, by="space")
    return place / "library"


FAISS = "faiss:least=4:lists=2"
COMMANDS = {
    "status": ["status", "--json"],
    "exact words": ["search", "--words", "river", "-k", "20", "--json"],
    "words": ["search", "--lyrics", LINE, "--by", "words", "--json"],
    "space": ["search", "--lyrics", LINE, "--by", "space", "--json"],
    "both": ["search", "--lyrics", LINE, "--json"],
    "faiss": ["search", "--lyrics", LINE, "--by", "space", "--index", FAISS, "--json"],
    "check": ["check", "--json"],
}


@dataclass(frozen=True)
class Answer:
    """What a command said: its exit code, results, errors and warnings."""

    code: int
    out: str
    errors: str
    warnings: tuple[str, ...]


def answer(library: Path, command: list[str]) -> Answer:
    """Run a command in this process."""
    out, errors, warned = io.StringIO(), io.StringIO(), Warned()
    log = logging.getLogger("alcca")
    log.addHandler(warned)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
            code = main([*command, "--quiet", "--library", str(library)])
    finally:
        log.removeHandler(warned)
    return Answer(
        code, _comparable(out.getvalue()).replace(str(library), "LIBRARY"), errors.getvalue(), tuple(warned.lines)
    )


def _comparable(results: str) -> str:
    """Results without what ``status`` says of files that are there: for faster search, and with checksums."""
    with contextlib.suppress(ValueError):
        told = json.loads(results)
        told.pop("indexes", None)
        if isinstance(told.get("model"), dict):
            told["model"].pop("checksums", None)
        return json.dumps(told, indent=1)
    return results


class Warned(logging.Handler):
    """Collects warnings."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def wrong(before: Answer, now: Answer, told: bool = False) -> str | None:
    """What is wrong with an answer of a damaged library; None for right results and for one clear line.

    Parameters
    ----------
    before : Answer
        Of the library before it was damaged.
    now : Answer
    told : bool
        Other results are right where a warning tells of the damage, or the command is ``check``.
    """
    if now.code == 0:
        same = now.out == before.out
        return None if same or now.warnings or told else f"other results in silence: {now.out[:500]}"
    if now.code not in (1, 2):
        return f"exit code {now.code}"
    if told and now.code == 1 and now.out and not now.errors:
        return None
    lines = now.errors.splitlines()
    if len(lines) != 1 or not lines[0].startswith("alcca: ") or "unexpected" in lines[0] or now.out:
        return f"not one clear line: {now.errors[:500]}"
    return None


# Damage


def flip(data: bytes, random: Random, others: list[Path]) -> bytes:
    """One flipped bit."""
    damaged = bytearray(data)
    damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)
    return bytes(damaged)


def flips(data: bytes, random: Random, others: list[Path]) -> bytes:
    """Sixteen flipped bits."""
    for _ in range(16):
        data = flip(data, random, others)
    return data


def cut(data: bytes, random: Random, others: list[Path]) -> bytes:
    """The end is missing."""
    return data[: random.randrange(len(data))]


def emptied(data: bytes, random: Random, others: list[Path]) -> bytes:
    """Nothing is left."""
    return b""


def zeros(data: bytes, random: Random, others: list[Path]) -> bytes:
    """A piece is zeros, as a file system leaves it after a power cut."""
    begin = random.randrange(len(data))
    end = min(len(data), begin + random.choice([16, 512, 4096, 1 << 20]))
    return data[:begin] + bytes(end - begin) + data[end:]


def noise(data: bytes, random: Random, others: list[Path]) -> bytes:
    """A piece is random."""
    begin = random.randrange(len(data))
    end = min(len(data), begin + random.choice([1, 16, 512, 4096]))
    return data[:begin] + random.randbytes(end - begin) + data[end:]


def another(data: bytes, random: Random, others: list[Path]) -> bytes:
    """The content of another file."""
    return random.choice(others).read_bytes()


def longer(data: bytes, random: Random, others: list[Path]) -> bytes:
    """Something is appended."""
    return data + random.randbytes(random.choice([1, 100, 5000]))


Damage = Callable[[bytes, Random, list[Path]], bytes]
DAMAGES: list[Damage] = [flip, flips, cut, emptied, zeros, noise, another, longer]


@dataclass(frozen=True)
class Trial:
    """A file that was damaged, how, and what is wrong with the answers, by command."""

    file: str
    damage: str
    wrong: dict[str, str]


def answers(library: Path) -> dict[str, Answer]:
    """What each command says of a whole library."""
    before = {name: answer(library, command) for name, command in COMMANDS.items()}
    unwell = {name: one for name, one in before.items() if one.code or one.errors or one.warnings}
    assert not unwell, unwell
    return before


def damage(library: Path, copy: Path, random: Random, among: Callable[[str], bool] = lambda name: True) -> Trial:
    """Copy a library, and damage one file of the copy, of those with a name below the library that is ``among``."""
    files = sorted(path for path in library.rglob("*") if path.is_file() and path.name not in EMPTY)
    chosen = [path for path in files if among(path.relative_to(library).as_posix())]
    database = library / "songs.sqlite"
    # The database has more to damage than any other file.
    path = database if database in chosen and random.random() < 0.3 else random.choice(chosen)
    how = random.choice(DAMAGES)
    shutil.copytree(library, copy)
    data = path.read_bytes()
    damaged = how(data, random, files) if data else random.randbytes(10)
    target = copy / path.relative_to(library)
    if how is emptied and random.random() < 0.3:
        target.unlink()
    else:
        target.write_bytes(damaged)
    return Trial(str(path.relative_to(library)), how.__name__, {})


def trials(library: Path, work: Path, count: int, seed: int = 0) -> Iterator[Trial]:
    """Damage one file of a copy of the library at a time, and judge the answers; the first ``count`` of a seed."""
    before = answers(library)
    for number in range(count):
        copy = work / "library"
        made = damage(library, copy, Random(f"{seed} {number}"))
        bad = judged(before, copy)
        if problem := added(before, copy, library.parent / "music"):
            bad["add"] = problem
        yield replace(made, wrong=bad)
        shutil.rmtree(copy)


def judged(before: dict[str, Answer], copy: Path) -> dict[str, str]:
    """What is wrong with the answers of a damaged library, by command."""
    bad = {}
    for name, command in COMMANDS.items():
        try:
            now = answer(copy, command)
        except Exception as error:  # noqa: BLE001 - which is what must not come
            bad[name] = f"{type(error).__name__}: {error}"
            continue
        problem = wrong(before[name], now, told=name == "check")
        if problem:
            bad[name] = problem
    return bad


def added(before: dict[str, Answer], copy: Path, music: Path) -> str | None:
    """What is wrong with ``add`` on a damaged library, and with a search after it."""
    try:
        now = answer(copy, ["add", str(music), "--hear", "off", "--jobs", "1"])
    except Exception as error:  # noqa: BLE001 - which is what must not come
        return f"{type(error).__name__}: {error}"
    if now.code != 0:
        return wrong(before["status"], now)
    if "unexpected" in now.out + now.errors:
        return f"not a clear line: {now.out[:500]} {now.errors[:500]}"
    found = answer(copy, COMMANDS["exact words"])
    if found.code == 0 and _found(found) == _found(before["exact words"]):
        return None
    problem = wrong(before["exact words"], found)
    return f"a search after it: {problem}" if problem else None


def _found(of: Answer) -> list[tuple[str, str]]:
    """The songs of an answer: those that were read again have other ids, and so another place among their like."""
    return sorted((hit["title"], hit["line"]) for hit in json.loads(of.out)["hits"])
