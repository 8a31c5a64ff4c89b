"""Bach's chorales as a music folder: real songs with their words that come with a package.

music21's corpus holds about 340 four-part chorales of J. S. Bach with their German text under the soprano. Each
is played on a small organ and written as a file like those of a person's own collection: six audio formats,
tags, and the words inside the tags, beside the file as NAME.txt, or as NAME.lrc with time stamps.
"""

import csv
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from alcca.datasets.render import AUDIO_FORMATS, Note, encode, synthesise
from alcca.errors import AlccaError, LyricsError, MissingExtraError, UsageError
from alcca.progress import Progress

__all__ = ["ChoralesReport", "make_chorales"]

COMPOSER = "Johann Sebastian Bach"
# The scores bear no tempo; chorales are sung at about this one.
QUARTERS_PER_MINUTE = 72
SECONDS = 42.0
# Two songs with the same words at the start, or the same steps of the melody, are versions of one chorale.
OPENING_WORDS = 4
OPENING_STEPS = 8
COLUMNS = ("file", "title", "artist", "label", "language", "group", "bwv", "melody")
# Formats whose tags hold lyrics when written by FFmpeg.
LYRICS_IN_TAGS = ("mp3", "flac", "m4a", "opus")


@dataclass(frozen=True)
class ChoralesReport:
    """What `make_chorales` did.

    Attributes
    ----------
    folder : Path
        The music folder; songs.csv in it lists every file with its title, label and group.
    songs : int
        Files that are there now.
    rendered : int
        Files made by this call; the others were there already.
    groups : int
        Different chorales: songs that share their opening words or melody are one.
    failed : tuple of (str, str)
        Scores that could not be read or rendered, with the reason.
    """

    folder: Path
    songs: int
    rendered: int
    groups: int
    failed: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        said = (
            f"{self.songs} chorales of {self.groups} different melodies or texts in {self.folder}, "
            f"{self.rendered} rendered now."
        )
        if self.failed:
            name, reason = self.failed[0]
            said += f" {len(self.failed)} could not be made; the first is {name}: {reason}."
        return said


def make_chorales(
    folder: Path | str, *, limit: int | None = None, jobs: int = 2, seed: int = 0, progress: bool = True
) -> ChoralesReport:
    """Render the Bach chorales that have words into a music folder.

    A file that is there already is not rendered again, and no file is ever half there, so a broken run goes on
    where it stopped.

    Parameters
    ----------
    folder : path
        Made when missing.
    limit : int, optional
        Only so many songs, chosen by the seed.
    jobs : int
        Processes that work at the same time.
    seed : int
        Decides the audio format of each song and where its words are kept.
    progress : bool
        Show how far it has come.

    Returns
    -------
    ChoralesReport

    Raises
    ------
    MissingExtraError
        music21 is not installed.
    UsageError
        ``limit`` or ``jobs`` below 1.
    """
    if jobs < 1 or (limit is not None and limit < 1):
        raise UsageError(f"expected limit and jobs of 1 or more, got limit={limit}, jobs={jobs}")
    from joblib import Parallel, delayed

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    scores = _scores_with_words()
    random.Random(seed).shuffle(scores)
    scores = scores[:limit]
    known = _known(folder)
    rows: list[dict[str, str]] = []
    failed: list[tuple[str, str]] = []
    rendered = 0
    with Progress("rendering chorales", total=len(scores), show=progress) as bar:
        run = Parallel(n_jobs=jobs, return_as="generator_unordered")
        for made in run(delayed(_render)(score, folder, seed, known.get(_bwv(score))) for score in scores):
            if isinstance(made, tuple):
                failed.append(made)
            else:
                rows.append(made[0])
                rendered += made[1]
            bar.update()
    rows.sort(key=lambda row: _by_number(row["bwv"]))
    _set_groups(rows)
    _write_table(folder / "songs.csv", rows)
    groups = len({row["group"] for row in rows})
    return ChoralesReport(folder, len(rows), rendered, groups, tuple(sorted(failed)))


def _scores_with_words() -> list[Path]:
    """Paths of the corpus' chorales whose score holds words."""
    import zipfile

    try:
        from music21 import corpus
    except ImportError as error:
        raise MissingExtraError(
            "the Bach chorales come with music21, which is not installed; run: pip install 'alcca[demo]'"
        ) from error
    found = []
    for path in sorted(corpus.getComposer("bach")):
        # Reading a score costs a tenth of a second, looking for its words a thousandth.
        if path.suffix == ".mxl":
            with zipfile.ZipFile(path) as archive:
                if any(b"<lyric" in archive.read(name) for name in archive.namelist() if name.endswith("xml")):
                    found.append(Path(path))
    return found


def _render(score: Path, folder: Path, seed: int, known: dict[str, str] | None) -> Any:
    """Make one song; return its row and whether it was rendered now, or the score's name and why not."""
    if known is not None and (folder / known["file"]).exists():
        return [known, False]
    try:
        song = _read_score(score)
        rng = random.Random(f"{seed} {song['bwv']}")
        suffix = rng.choice(AUDIO_FORMATS)
        keep = rng.choice(["tag", "txt", "lrc"] if suffix in LYRICS_IN_TAGS else ["txt", "lrc"])
        name = "".join(c for c in f"BWV {song['bwv']} {song['title']}" if c not in '/\\:*?"<>|').strip(". ")
        path = folder / COMPOSER / f"{name}.{suffix}"
        path.parent.mkdir(exist_ok=True)
        fresh = not path.exists()
        if fresh:
            tags = {"title": song["title"], "artist": COMPOSER, "genre": "Chorale"}
            if keep == "tag":
                tags["lyrics"] = song["lyrics"]
            elif keep == "txt":
                path.with_suffix(".txt").write_text(song["lyrics"] + "\n", encoding="utf-8")
            else:
                path.with_suffix(".lrc").write_text(_as_lrc(song["lyrics"]), encoding="utf-8")
            encode(synthesise(song["voices"], SECONDS), path, tags)
    except Exception as error:  # noqa: BLE001 - a score of the corpus may trip music21 anywhere
        return (score.name, str(error) if isinstance(error, AlccaError) else f"{type(error).__name__}: {error}")
    row = {"file": path.relative_to(folder).as_posix(), "artist": COMPOSER, "language": "de", "group": ""}
    return [row | {name: song[name] for name in ("title", "label", "bwv", "melody")}, fresh]


def _read_score(score: Path) -> dict[str, Any]:
    """Title, words, mode, melody and the notes of every voice."""
    from music21 import converter, text

    # Without its cache of pickles: that would be written once and read never.
    parsed: Any = converter.parse(score, forceSource=True, storePickle=False)
    parts = parsed.parts
    sung = next((part for part in parts if part.lyrics()), None)
    if sung is None:
        raise LyricsError("no part of the score has words")
    lyrics = _lines(text.assembleAllLyrics(sung))  # type: ignore[no-untyped-call]
    voices = [_voice(part) for part in parts]
    melody = [note.pitch for note in _voice(sung)]
    steps = [round(b - a) for a, b in pairwise(melody)]
    # A verse is sung again until the recording is full.
    length = max(note.start + note.seconds for voice in voices for note in voice) + 60 / QUARTERS_PER_MINUTE
    times = int(SECONDS // length) + 1
    return {
        "bwv": _bwv(score),
        "title": _title(lyrics),
        "lyrics": lyrics,
        "label": _mode(sung, parts[-1]),
        "melody": " ".join(map(str, steps[:OPENING_STEPS])),
        "voices": [
            [note._replace(start=note.start + length * verse) for verse in range(times) for note in voice]
            for voice in voices
        ],
    }


def _voice(part: Any) -> list[Note]:
    """Notes of a part in seconds, tied ones as one."""
    beat = 60 / QUARTERS_PER_MINUTE
    notes: list[Note] = []
    for found in part.flatten().notes:
        start, seconds = float(found.offset) * beat, float(found.duration.quarterLength) * beat
        tied = found.tie is not None and found.tie.type in ("stop", "continue")
        for pitch in found.pitches:
            last = next((i for i, note in enumerate(notes) if tied and _continues(note, pitch.midi, start)), None)
            if last is None:
                notes.append(Note(float(pitch.midi), start, seconds))
            else:
                notes[last] = notes[last]._replace(seconds=notes[last].seconds + seconds)
    return [note for note in notes if note.seconds > 0]


def _continues(note: Note, pitch: float, start: float) -> bool:
    return note.pitch == pitch and abs(note.start + note.seconds - start) < 1e-6


def _mode(sung: Any, lowest: Any) -> str:
    """Major or minor: as the key signature says, else by whether the last bass note is the major key's tonic."""
    signature = next(iter(sung.flatten().getElementsByClass("KeySignature")), None)
    mode = getattr(signature, "mode", None)
    if mode in ("major", "minor"):
        return str(mode)
    tonic = (signature.sharps * 7) % 12 if signature is not None else 0
    return "major" if round(_voice(lowest)[-1].pitch) % 12 == tonic else "minor"


def _lines(words: str) -> str:
    """Break verses into lines at their punctuation, without the numbers of verses."""
    verses = [re.sub(r"^\s*\d+\.\s*", "", verse) for verse in words.splitlines()]
    lines = [line.strip() for verse in verses for line in re.split(r"(?<=[,;.:?!])\s+", verse)]
    return "\n".join(line for line in lines if re.search(r"\w", line))


def _title(lyrics: str) -> str:
    """The opening words, as chorales are called: up to six, fewer where a phrase ends after the fourth or fifth."""
    words = lyrics.split()[:6]
    ends = (i for i, word in enumerate(words, 1) if i >= OPENING_WORDS and word[-1] in ",;.:?!")
    return " ".join(words[: next(ends, 6)]).strip(" ,;.:?!")


def _as_lrc(lyrics: str) -> str:
    lines = lyrics.splitlines()
    stamps = [SECONDS * i / len(lines) for i in range(len(lines))]
    return "".join(f"[{int(t // 60):02d}:{t % 60:05.2f}]{line}\n" for t, line in zip(stamps, lines, strict=True))


def _set_groups(rows: Sequence[dict[str, str]]) -> None:
    """Name each song's group after its first member: songs linked by opening words or by the melody's steps."""
    leader = list(range(len(rows)))

    def find(i: int) -> int:
        while leader[i] != i:
            i = leader[i]
        return i

    first: dict[tuple[str, str], int] = {}
    for i, row in enumerate(rows):
        opening = " ".join(re.sub(r"[^\w\s]", "", row["title"].casefold()).split()[:OPENING_WORDS])
        for link in (("words", opening), ("melody", row["melody"])):
            one, other = sorted((find(i), find(first.setdefault(link, i))))
            leader[other] = one
    for i, row in enumerate(rows):
        row["group"] = f"bwv{rows[find(i)]['bwv']}"


def _known(folder: Path) -> dict[str, dict[str, str]]:
    """Rows of an earlier run's songs.csv by their BWV number."""
    try:
        with (folder / "songs.csv").open(newline="", encoding="utf-8") as table:
            rows = list(csv.DictReader(table))
    except FileNotFoundError:
        return {}
    return {row["bwv"]: row for row in rows if all(row.get(name) for name in COLUMNS)}


def _write_table(path: Path, rows: Iterable[dict[str, str]]) -> None:
    part = path.with_name(f".{path.name}.part")
    with part.open("w", newline="", encoding="utf-8") as table:
        writer = csv.DictWriter(table, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    part.replace(path)


def _bwv(score: Path) -> str:
    return score.stem.removeprefix("bwv")


def _by_number(bwv: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", bwv) if part]
