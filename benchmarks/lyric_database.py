"""Recordings told by what is sung in them, among the songs of a lyric database.

    python -m benchmarks lyric-database --data FOLDER [--songs 100000] [--kept FOLDER]
    python -m benchmarks lyric-database --data FOLDER --passages [--songs 20000]
    python -m benchmarks lyric-database --data FOLDER --names

FOLDER holds cc_songs (recordings of 30 s, with their lyrics) and songbook (lyrics as .txt). Songs are made in the
tables of an LRCLIB dump: verses and a chorus of lines of the songbook, and of lines of word pairs of the songbook and
of cc_songs, so that all n-grams of the right songs are common; one in five is a version of another song with other
words here and there, one in fifty an instrumental; some quote a line of a right song. Each recording is asked for
twice, first while its song is not in the database (whatever is "sure" then is wrong), then after all songs have been
added to it. File names and tags are not used but where a row says so. --kept keeps the transcripts for the
next run. --passages asks for misheard passages of all lengths instead, of songs that are there and of songs that are
not; --names prints the share of pairs of different songs that `alcca.lyric_databases.evidence` assumes.
"""

import argparse
import csv
import dataclasses
import json
import random
import resource
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from alcca import Transcript, transcribe
from alcca.lyric_databases.database import LyricDatabase
from alcca.lyric_databases.evidence import names_are_alike
from alcca.lyric_databases.titles import title_letters
from alcca.matching.folding import fold_letters
from benchmarks.measuring import Row, Table, make_parser, publish
from benchmarks.mishearing import PACE, Mishearing, songbook

TABLES = """
CREATE TABLE tracks (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, name_lower TEXT, artist_name TEXT,
    artist_name_lower TEXT, album_name TEXT, album_name_lower TEXT, duration FLOAT, last_lyrics_id INTEGER);
CREATE TABLE lyrics (id INTEGER PRIMARY KEY AUTOINCREMENT, plain_lyrics TEXT, synced_lyrics TEXT, track_id INTEGER,
    has_plain_lyrics BOOLEAN, has_synced_lyrics BOOLEAN, instrumental BOOLEAN, source TEXT);
"""
PAIRED_LINES, VERSIONS, SILENT, SYNCED = 200_000, 0.2, 0.02, 0.4
# How many made songs quote each of three lines of a right song.
QUOTES = (1, 3, 9)
# Passages of songs that are in the database, and of songs that are not.
THERE, AWAY = 250, 240
# Of each recording of cc_songs.
SECONDS = 30.0


class Known(NamedTuple):
    """A recording whose song is known."""

    name: str
    title: str
    artist: str
    lyrics: str
    heard: Transcript


# --- songs ------------------------------------------------------------------------------------------------------------


def recordings(data: Path, kept: Path) -> list[Known]:
    """The recordings of cc_songs with their transcripts, which are kept in a file."""
    found = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    known = []
    with (data / "cc_songs/metadata.csv").open(encoding="utf-8") as table:
        for row in csv.DictReader(table):
            name = row["id"]
            if name not in found:
                found[name] = transcribe(data / f"cc_songs/audio/{name}.ogg").to_dict()
                kept.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
            lyrics = (data / f"cc_songs/lyrics/{name}.txt").read_text(encoding="utf-8")
            known.append(Known(name, row["title"], row["artist"], lyrics, Transcript.from_dict(found[name])))
    return known


def lines_in(text: str) -> list[str]:
    """The lines of lyrics."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def paired_lines(texts: Sequence[str], count: int, rng: np.random.Generator) -> list[str]:
    """Lines in which each word follows the one before it somewhere in the texts."""
    words: list[str] = []
    for text in texts:
        for line in lines_in(text):
            words += ["", *line.split()]
    vocabulary, number = np.unique(np.array([*words, ""]), return_inverse=True)
    order = np.argsort(number[:-1], kind="stable")
    begins = np.searchsorted(number[:-1][order], np.arange(len(vocabulary) + 1))
    state = np.zeros(count, np.int64)
    lines: list[list[str]] = [[] for _ in range(count)]
    alive = np.arange(count)
    for _ in range(11):
        size = begins[state + 1] - begins[state]
        pick = order[begins[state] + (rng.random(len(state)) * size).astype(np.int64)]
        state = number[pick + 1]
        alive, state = alive[state > 0], state[state > 0]
        for line, word in zip(alive.tolist(), vocabulary[state].tolist(), strict=True):
            lines[line].append(word)
    return [" ".join(line) for line in lines if len(line) > 1]


class Made(NamedTuple):
    """A made song."""

    title: str
    artist: str
    lines: list[str]


def made_songs(data: Path, known: Sequence[Known], count: int) -> Iterator[tuple[str, str, float, str | None]]:
    """Titles, artists, durations and lyrics; None for an instrumental."""
    draw, rng = random.Random(0), np.random.default_rng(0)
    book = [path.read_text(encoding="utf-8") for path in sorted((data / "songbook/lyrics").glob("*.txt"))]
    lines = [line for text in book for line in lines_in(text)]
    lines += paired_lines([*book, *(one.lyrics for one in known)], PAIRED_LINES, rng)
    quoted = [
        line
        for one in known
        for line, times in zip(draw.sample(lines_in(one.lyrics), len(QUOTES)), QUOTES, strict=True)
        for _ in range(times)
    ]
    every = max(1, count // (len(quoted) + 1))
    artists = [" ".join(draw.choice(lines).split()[:2]) for _ in range(max(10, count // 12))]
    for text in book[: count // 10]:
        yield " ".join(lines_in(text)[0].split()[:5]), draw.choice(artists), draw.gauss(200, 50), text
    recent: list[Made] = []
    for number in range(min(len(book), count // 10), count):
        duration = min(max(draw.lognormvariate(5.37, 0.35), 40), 900)
        if recent and draw.random() < VERSIONS:
            title, artist, parts = draw.choice(recent)
            parts = [line if draw.random() > 0.05 else draw.choice(lines) for line in parts]
            yield f"{title} ({draw.choice(['Live', 'Remastered', 'Acoustic'])})", artist, duration, "\n".join(parts)
            continue
        first = draw.choice(lines)
        title, artist = " ".join(first.split()[: draw.randrange(1, 6)]).strip(",.;:!?"), draw.choice(artists)
        if draw.random() < SILENT:
            yield title, artist, duration, None
            continue
        chorus = [first, *draw.choices(lines, k=draw.randrange(2, 6))]
        parts = []
        for _ in range(draw.randrange(2, 5)):
            parts += [*draw.choices(lines, k=draw.randrange(4, 9)), *chorus]
        if quoted and number % every == 0:
            parts[draw.randrange(len(parts))] = quoted.pop()
        if len(recent) < 5000:
            recent.append(Made(title, artist, parts))
        else:
            recent[draw.randrange(5000)] = Made(title, artist, parts)
        yield title, artist, duration, "\n".join(parts)


def synced(lyrics: str, duration: float) -> str:
    """The lyrics as LRC, the lines evenly spread."""
    lines = lines_in(lyrics)
    step = duration / (len(lines) + 1)
    return "\n".join(
        f"[{int(at // 60):02d}:{at % 60:05.2f}] {line}"
        for at, line in ((step * (i + 1), line) for i, line in enumerate(lines))
    )


def write(path: Path, songs: Iterator[tuple[str, str, float, str | None]]) -> None:
    """Add songs to a dump as LRCLIB makes them."""
    db = sqlite3.connect(path)
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'tracks'").fetchone():
        db.executescript(TABLES)
    draw = random.Random(1)
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM tracks").fetchone()
    for number, (title, artist, duration, lyrics) in enumerate(songs, last + 1):
        timed = synced(lyrics, duration) if lyrics and draw.random() < SYNCED else None
        db.execute(
            "INSERT INTO tracks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (number, title, title.lower(), artist, artist.lower(), "", "", round(duration, 2), number),
        )
        db.execute(
            "INSERT INTO lyrics VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (number, lyrics, timed, number, lyrics is not None, timed is not None, lyrics is None, "made"),
        )
    db.commit()
    db.close()


def some_of(path: Path, known: Sequence[Known]) -> list[Known]:
    """Titles and artists of songs of a dump, as many as there are recordings."""
    with sqlite3.connect(path) as db:
        select = "SELECT name, artist_name FROM tracks JOIN lyrics ON track_id = tracks.id WHERE NOT instrumental"
        names = db.execute(f"{select} ORDER BY tracks.id * 7919 % 1000003 LIMIT ?", (len(known),)).fetchall()
    return [one._replace(title=title, artist=artist) for one, (title, artist) in zip(known, names, strict=True)]


# --- measuring --------------------------------------------------------------------------------------------------------


class Asked(NamedTuple):
    """What came of asking for all recordings in one way."""

    first: int
    sure: int
    sure_wrong: int
    likely_wrong: int
    seconds: list[float]


def ask(database: LyricDatabase, known: Sequence[Known], others: Sequence[Known] | None = None) -> Asked:
    """Ask for each recording; with ``others``, by their tags."""
    first = sure = sure_wrong = likely_wrong = 0
    seconds = []
    for number, one in enumerate(known):
        tags = {"title": others[number].title, "artist": others[number].artist} if others else {}
        started = time.perf_counter()
        found = database.identify(one.heard, k=5, **tags)
        seconds.append(time.perf_counter() - started)
        right = bool(found) and (found[0].title, found[0].artist) == (one.title, one.artist)
        first += right
        sure += bool(found) and found[0].certainty == "sure" and right
        sure_wrong += bool(found) and found[0].certainty == "sure" and not right
        likely_wrong += bool(found) and found[0].certainty == "likely" and not right
        if found and not right:
            print(f"  {one.name}: {found[0].title!r}, {found[0].certainty}, {found[0].bits:.0f} bits", flush=True)
    return Asked(first, sure, sure_wrong, likely_wrong, seconds)


def measure(data: Path, kept: Path, count: int) -> Table:
    """Build, ask without the songs, add them, ask again."""
    known = recordings(data, kept / "transcripts.json")
    table = Table(f"{count:,} songs", compared=False)
    path = kept / f"made-{count}.sqlite3"
    path.unlink(missing_ok=True)
    write(path, made_songs(data, known, count))
    table.facts["the database, MB"] = round(path.stat().st_size / 1e6)
    with tempfile.TemporaryDirectory(dir=kept) as index:
        before = _memory()
        started, busy = time.perf_counter(), time.process_time()
        database = LyricDatabase.open(path, index=index)
        table.rows.append(Row("building the index", [time.perf_counter() - started]))
        table.rows.append(Row("of it, the processor's time", [time.process_time() - busy]))
        table.facts["the index, MB"] = round(_size(Path(index)))
        table.facts["memory: before, and most while building, MB"] = f"{before}, {_memory()}"
        table.facts["different texts"] = database.texts
        without = ask(database, known)
        mistaken = ask(database, known, some_of(path, known))
        database.close()
        write(path, ((one.title, one.artist, 30.0, one.lyrics) for one in known))
        started = time.perf_counter()
        database = LyricDatabase.open(path, index=index)
        table.rows.append(Row("adding 20 songs to it", [time.perf_counter() - started]))
        found = ask(database, known)
        again = ask(database, known)
        tagged = ask(database, known, known)
        shifted = ask(database, known, [*known[7:], *known[:7]])
        shuffled = sum(
            bool(hits := database.identify(one.heard, k=1)) and hits[0].title == other.title
            for one, other in zip(known, [*known[1:], known[0]], strict=True)
        )
        table.facts["all recordings one after another as one"] = concert(database, known)
        database.close()
    table.rows += [
        Row("identifying a recording, first calls", found.seconds),
        Row("identifying a recording", again.seconds),
    ]
    told = {
        "songs not there": without,
        "songs not there, tags of others": mistaken,
        "no tags": found,
        "right tags": tagged,
        "tags of another": shifted,
    }
    for what, asked in told.items():
        table.facts[f"{what}: right first; sure; wrong but sure; wrong but likely"] = (
            f"{asked.first} of {len(known)}; {asked.sure}; {asked.sure_wrong}; {asked.likely_wrong}"
        )
    table.facts["control: the first is the song of the next recording"] = f"{shuffled} of {len(known)}"
    table.aim("right first, without tags", found.first, ">=", 19)
    table.aim("wrong but sure", sum(asked.sure_wrong for asked in told.values()), "<=", 0)
    table.aim("identifying a recording, s", max(again.seconds), "<=", 1.0)
    return table


def concert(database: LyricDatabase, known: Sequence[Known]) -> str:
    """How many songs of all recordings, heard one after another as one, are told apart."""
    segments = [
        dataclasses.replace(segment, start=segment.start + at, end=segment.end + at)
        for number, one in enumerate(known)
        for at in [SECONDS * number - one.heard.start]
        for segment in one.heard.segments
    ]
    found = [part for part in database.songs_in(Transcript(tuple(segments))) if part.candidates]
    right = sum(
        part.candidates[0].title == known[min(int((part.start + part.end) / 2 // SECONDS), len(known) - 1)].title
        for part in found
    )
    return f"{len(found)} of {len(known)} songs found, {right} right"


def measure_passages(data: Path, kept: Path, count: int) -> Table:
    """Ask for misheard passages of songs that are in a database, and of songs that are not, but are quoted there."""
    draw = random.Random(5)
    known = recordings(data, kept / "transcripts.json")
    book = {name: text for texts in songbook(data).values() for name, text in texts.items()}
    noise = Mishearing(list(book.values()))
    table = Table(f"misheard passages, {count:,} songs", compared=False)
    path = kept / f"made-{count}-without.sqlite3"
    path.unlink(missing_ok=True)
    write(path, made_songs(data, known, count))
    there, away = Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory(dir=kept) as index, LyricDatabase.open(path, index=index) as database:
        for name in draw.sample(sorted(book), THERE):
            passage = noise.passage(book[name], round(PACE * draw.uniform(3, 60)), draw.uniform(0.2, 0.9), draw)
            for one in database.identify(passage, k=1):
                # The songbook has poems in several settings, and hymns that share verses.
                same = len(_stretches(one.lyrics) & _stretches(book[name])) >= 0.05 * len(_stretches(book[name]))
                there[f"{one.certainty}, {'right' if same else 'wrong'}"] += 1
        for song in known:
            for _ in range(AWAY // len(known)):
                words = round(PACE * draw.uniform(3, 60))
                passage = noise.passage(song.lyrics, words, draw.uniform(0.05, 0.6), draw)
                away.update(one.certainty for one in database.identify(passage, k=1))
    table.facts[f"{THERE} passages of songs that are there"] = dict(sorted(there.items()))
    table.facts[f"{AWAY} passages of songs that are not"] = dict(sorted(away.items()))
    table.aim("wrong but sure", there["sure, wrong"] + away["sure"], "<=", 0)
    return table


def _stretches(text: str) -> set[str]:
    letters = fold_letters(text)
    return {letters[start : start + 12] for start in range(len(letters) - 11)}


def names(data: Path) -> None:
    """Print how often titles of different songs are nearly equal."""
    titles = set()
    for place in ("cc_songs/metadata.csv", "songbook/songs.csv"):
        with (data / place).open(encoding="utf-8") as file:
            titles |= {title_letters(row["title"]) for row in csv.DictReader(file)}
    chosen = random.Random(0).sample(sorted(titles), 1000)
    alike = sum(names_are_alike(one, other) for one, other in combinations(chosen, 2))
    print(f"nearly equal: {alike} of {len(chosen) * (len(chosen) - 1) // 2} pairs of different titles")


def _size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    """Print the table."""
    parser: argparse.ArgumentParser = make_parser(__doc__, rounds=1)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--songs", type=int, default=100_000)
    parser.add_argument("--kept", type=Path, metavar="FOLDER")
    parser.add_argument("--passages", action="store_true")
    parser.add_argument("--names", action="store_true")
    options = parser.parse_args()
    if options.names:
        names(options.data)
        return
    with tempfile.TemporaryDirectory() as made:
        kept = options.kept or Path(made)
        kept.mkdir(parents=True, exist_ok=True)
        measured = measure_passages if options.passages else measure
        publish([measured(options.data, kept, options.songs)], options)


if __name__ == "__main__":
    main()
