"""Bach's chorales as a music folder: real songs with words, from the scores of a package.

music21's corpus has about 340 four-part chorales of J. S. Bach with their German text under the soprano. Each is sung
by a synthetic voice, accompanied by a small organ, and written to a file like those of a private collection: in one of
six audio formats, with tags, and with the words in the tags, beside the file as NAME.txt, or as NAME.lrc with time
stamps.
"""

import csv
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alcca.datasets.render import AUDIO_FORMATS, encode, mix, synthesise
from alcca.datasets.scores import OPENING_WORDS, Chorale, bwv, read_score, scores_with_words
from alcca.datasets.singing import check_voice, sing
from alcca.errors import AlccaError, UsageError
from alcca.progress import Progress

__all__ = ["ChoralesReport", "make_chorales"]

COMPOSER = "Johann Sebastian Bach"
LANGUAGE = "de"
VOICE = "synthetic: eSpeak NG and WORLD"
SECONDS = 32.0
# Level of the organ relative to the voice, in decibels.
ACCOMPANIMENT = -12.0
COLUMNS = ("file", "title", "artist", "label", "language", "group", "bwv", "melody", "voice")
# Formats in whose tags FFmpeg can write lyrics.
LYRICS_IN_TAGS = ("mp3", "flac", "m4a", "opus")


@dataclass(frozen=True)
class ChoralesReport:
    """The result of `make_chorales`.

    Attributes
    ----------
    folder : Path
        The music folder; its songs.csv lists every file with its title, label and group.
    songs : int
        Number of files in the folder.
    rendered : int
        Number of files rendered by this call; the others existed already.
    groups : int
        Number of different chorales: songs with the same opening words or melody count as one.
    failed : tuple of (str, str)
        Scores that could not be read or rendered, with the reason.
    """

    folder: Path
    songs: int
    rendered: int
    groups: int
    failed: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        text = (
            f"{self.songs} chorales of {self.groups} different melodies or texts in {self.folder}, "
            f"{self.rendered} rendered now. The voice is synthetic: eSpeak NG speaks, WORLD makes it sing."
        )
        if self.failed:
            name, reason = self.failed[0]
            text += f" {len(self.failed)} could not be made; the first is {name}: {reason}."
        return text


def make_chorales(
    folder: Path | str, *, limit: int | None = None, jobs: int = 2, seed: int = 0, progress: bool = True
) -> ChoralesReport:
    """Render the Bach chorales that have words into a music folder, sung by a synthetic voice.

    An existing file is not rendered again, and files are written atomically, so an interrupted run can be continued.
    Files of an earlier version without a voice are rendered again.

    Parameters
    ----------
    folder : path
        Created if missing.
    limit : int, optional
        The number of songs, which the seed selects; all by default.
    jobs : int
        Number of parallel processes.
    seed : int
        Determines the audio format of each song and where its words are written.
    progress : bool
        Show a progress bar.

    Returns
    -------
    ChoralesReport

    Raises
    ------
    MissingExtraError
        music21, espeakng-loader or pyworld is not installed.
    UsageError
        ``limit`` or ``jobs`` is below 1.
    """
    if jobs < 1 or (limit is not None and limit < 1):
        raise UsageError(f"expected limit and jobs of 1 or more, got limit={limit}, jobs={jobs}")
    from joblib import Parallel, delayed

    check_voice()
    scores = scores_with_words()
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    random.Random(seed).shuffle(scores)
    scores = scores[:limit]
    known, unsung = _known(folder)
    rows: list[dict[str, str]] = []
    failed: list[tuple[str, str]] = []
    rendered = 0
    with Progress("rendering chorales", total=len(scores), show=progress) as bar:
        run = Parallel(n_jobs=jobs, return_as="generator_unordered")
        for result in run(delayed(_render)(score, folder, seed, known.get(bwv(score)), unsung) for score in scores):
            if isinstance(result, tuple):
                failed.append(result)
            else:
                rows.append(result[0])
                rendered += result[1]
            bar.update()
    rows.sort(key=lambda row: _by_number(row["bwv"]))
    _set_groups(rows)
    _write_table(folder / "songs.csv", rows)
    groups = len({row["group"] for row in rows})
    return ChoralesReport(folder, len(rows), rendered, groups, tuple(sorted(failed)))


def _render(score: Path, folder: Path, seed: int, known: dict[str, str] | None, unsung: frozenset[str]) -> Any:
    """Render one song; return its row and whether it was rendered now, or the score's name and why it failed."""
    if known is not None and (folder / known["file"]).exists():
        return [known, False]
    try:
        chorale = read_score(score, SECONDS)
        rng = random.Random(f"{seed} {chorale.bwv}")
        suffix = rng.choice(AUDIO_FORMATS)
        keep = rng.choice(["tag", "txt", "lrc"] if suffix in LYRICS_IN_TAGS else ["txt", "lrc"])
        name = "".join(c for c in f"BWV {chorale.bwv} {chorale.title}" if c not in '/\\:*?"<>|').strip(". ")
        path = folder / COMPOSER / f"{name}.{suffix}"
        path.parent.mkdir(exist_ok=True)
        file = path.relative_to(folder).as_posix()
        fresh = file in unsung or not path.exists()
        if fresh:
            tags = {"title": chorale.title, "artist": COMPOSER, "genre": "Chorale"}
            if keep == "tag":
                tags["lyrics"] = chorale.lyrics
            elif keep == "txt":
                path.with_suffix(".txt").write_text(chorale.lyrics + "\n", encoding="utf-8")
            else:
                path.with_suffix(".lrc").write_text(_as_lrc(chorale), encoding="utf-8")
            voice = sing(chorale.words, SECONDS, LANGUAGE)
            encode(mix(voice, synthesise(chorale.voices, SECONDS), ACCOMPANIMENT), path, tags)
    except Exception as error:  # noqa: BLE001 - music21 can raise anything on a score
        return (score.name, str(error) if isinstance(error, AlccaError) else f"{type(error).__name__}: {error}")
    row = {"file": file, "artist": COMPOSER, "language": LANGUAGE, "group": "", "voice": VOICE}
    return [row | {name: getattr(chorale, name) for name in ("title", "label", "bwv", "melody")}, fresh]


def _as_lrc(chorale: Chorale) -> str:
    lines = zip(chorale.line_starts, chorale.lyrics.splitlines(), strict=True)
    return "".join(f"[{int(t // 60):02d}:{t % 60:05.2f}]{line}\n" for t, line in lines)


def _set_groups(rows: Sequence[dict[str, str]]) -> None:
    """Name each group of songs with the same opening words or melody steps after its first member."""
    leader = list(range(len(rows)))

    def find(i: int) -> int:
        while leader[i] != i:
            i = leader[i]
        return i

    first: dict[tuple[str, str], int] = {}
    for i, row in enumerate(rows):
        opening = " ".join(re.sub(r"[^\w\s]", "", row["title"].casefold()).split()[:OPENING_WORDS])
        for link in (("words", opening), ("melody", row["melody"])):
            earlier, later = sorted((find(i), find(first.setdefault(link, i))))
            leader[later] = earlier
    for i, row in enumerate(rows):
        row["group"] = f"bwv{rows[find(i)]['bwv']}"


def _known(folder: Path) -> tuple[dict[str, dict[str, str]], frozenset[str]]:
    """Rows of an earlier run's songs.csv by BWV number, and the files that were rendered without a voice."""
    try:
        with (folder / "songs.csv").open(newline="", encoding="utf-8") as table:
            rows = list(csv.DictReader(table))
    except FileNotFoundError:
        return {}, frozenset()
    known = {row["bwv"]: row for row in rows if all(row.get(name) for name in COLUMNS)}
    return known, frozenset(row["file"] for row in rows if row.get("file") and not row.get("voice"))


def _write_table(path: Path, rows: Iterable[dict[str, str]]) -> None:
    part = path.with_name(f".{path.name}.part")
    with part.open("w", newline="", encoding="utf-8") as table:
        writer = csv.DictWriter(table, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    part.replace(path)


def _by_number(bwv: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", bwv) if part]
