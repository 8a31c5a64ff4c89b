"""What benchmarks/matching.py and benchmarks/certainty.py share: windows of real songs, and made-up ones.

Real transcripts are those of windows of 30, 10 and 6 s of the recordings of cc_songs; short ones stand for recordings
in which few words are sung. Made-up ones are passages of the songbook in which words are taken for words that sound
alike, for common ones, left out and invented.
"""

import csv
import json
import random
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from alcca import transcribe
from alcca.matching.folding import fold
from alcca.matching.shared_ngrams import sounds
from alcca.songs.audio import read_slice
from alcca.speech.recogniser import Recogniser
from alcca.transcripts import Transcript

SECONDS = (30, 10, 6)
# Decibels by which a recording is louder than the music that covers it.
LOUDER = (7, 3)
# Sung words a second, from the windows of cc_songs.
PACE = 1.7


def cc_lyrics(data: Path) -> dict[str, str]:
    """Lyrics of the real recordings, by name."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted((data / "cc_songs/lyrics").glob("*.txt"))}


def songbook(data: Path) -> dict[str, dict[str, str]]:
    """Lyrics of the songbook by language and identifier."""
    languages = defaultdict(dict)
    with (data / "songbook/songs.csv").open(encoding="utf-8") as table:
        for row in csv.DictReader(table):
            path = data / "songbook/lyrics" / f"{row['id']}.txt"
            if path.exists():
                languages[row["language"]][row["id"]] = path.read_text(encoding="utf-8")
    return dict(languages)


def heard_windows(data: Path, kept: Path) -> dict[tuple[str, int, int], Transcript]:
    """Transcripts of all windows, by song, seconds and start; kept in a file, because hearing them takes minutes.

    Parameters
    ----------
    data : Path
        Holds cc_songs.
    kept : Path
        Read where it exists, and written.
    """
    found = _read(kept)
    for path in sorted((data / "cc_songs/audio").glob("*.ogg")):
        for seconds in SECONDS:
            for start in range(0, 31 - seconds, seconds):
                key = f"{path.stem}|{seconds}|{start}"
                if key not in found:
                    found[key] = transcribe(path, offset=float(start), seconds=float(seconds)).to_dict()
        _write(kept, found)
    windows = {}
    for key, values in found.items():
        name, seconds, start, *covered = key.split("|")
        if not covered:
            windows[name, int(seconds), int(start)] = Transcript.from_dict(values)
    return windows


def covered_windows(data: Path, kept: Path) -> dict[tuple[str, int], Transcript]:
    """Transcripts of 10 s of each recording under other music, by song and decibels over it; kept in the same file.

    The other music is another of the recordings, backwards, so that nobody can hear its words.
    """
    found = _read(kept)
    paths = sorted((data / "cc_songs/audio").glob("*.ogg"))
    names = [path.stem for path in paths]
    if missing := [
        (i, louder) for i in range(len(paths)) for louder in LOUDER if _covered(names[i], louder) not in found
    ]:
        sounds = [read_slice(path, rate=16_000).decoded for path in paths]
        recogniser = Recogniser(threads=1)
        for i, louder in missing:
            own, other = sounds[i][160_000:320_000], sounds[(i + 7) % len(paths)][::-1][-320_000:-160_000]
            other = other * np.sqrt(np.mean(own**2) / max(np.mean(other**2), 1e-9)) * 10 ** (-louder / 20)
            mixed = (own + other) / max(1.0, np.abs(own + other).max())
            found[_covered(names[i], louder)] = recogniser.hear(mixed.astype(np.float32), start=10.0).to_dict()
            _write(kept, found)
    return {(name, louder): Transcript.from_dict(found[_covered(name, louder)]) for name in names for louder in LOUDER}


def _covered(name: str, louder: int) -> str:
    return f"{name}|10|10|{louder}"


def _read(kept: Path) -> dict[str, dict[str, Any]]:
    return dict(json.loads(kept.read_text(encoding="utf-8"))) if kept.exists() else {}


def _write(kept: Path, found: dict[str, dict[str, Any]]) -> None:
    kept.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")


class Mishearing:
    """Takes words for others: those of the same consonants, or of one consonant less or more.

    Parameters
    ----------
    texts : list of str
        Where the words come from that are heard instead.
    """

    def __init__(self, texts: list[str]) -> None:
        self._counts = Counter(word for text in texts for word in _words(text.lower()))
        self._alike = defaultdict(list)
        for word in self._counts:
            for skeleton in _skeletons(word):
                self._alike[skeleton].append(word)
        self.common = [word for word, _ in self._counts.most_common(300)]

    def passage(self, text: str, words: int, errors: float, draw: random.Random) -> str:
        """A passage of so many words in which this share is misheard."""
        all_words = _words(text)
        start = draw.randrange(max(1, len(all_words) - words))
        heard = []
        for word in all_words[start : start + words]:
            heard += [word] if draw.random() > errors else self._instead(word, draw)
        return " ".join(heard)

    def _instead(self, word: str, draw: random.Random) -> list[str]:
        kind = draw.random()
        if kind < 0.55:
            return [self._like(word, draw)]
        if kind < 0.70:
            return [draw.choice(self.common)]
        if kind < 0.82:
            return []
        if kind < 0.90:
            return [word, draw.choice(self.common)]
        return [self._like(word, draw), self._like(word, draw)]

    def _like(self, word: str, draw: random.Random) -> str:
        skeletons = _skeletons(word.lower())
        near = self._alike[skeletons[0]] if draw.random() < 0.5 else [w for s in skeletons for w in self._alike[s]]
        near = [other for other in near if other != word.lower()]
        if not near:
            return draw.choice(self.common)
        return draw.choices(near, [self._counts[other] ** 0.5 for other in near])[0]


def _words(text: str) -> list[str]:
    return re.findall(r"[\w'’]+", text)


def _skeletons(word: str) -> list[str]:
    """Consonants of a word, and what is left of them without each one."""
    whole = re.sub("[aio]+", "a", sounds(fold(word).letters).replace("h", ""))
    return [whole, *(whole[:i] + "." + whole[i + 1 :] for i in range(len(whole)))]
