"""Small songs that tests make for themselves, and files that they change."""

import json
from pathlib import Path

import numpy as np
import soundfile

from alcca.persistence.files import write_checksums

WORDS = [
    "river",
    "mountain",
    "morning",
    "silver",
    "garden",
    "winter",
    "summer",
    "golden",
    "shadow",
    "whisper",
    "ocean",
    "thunder",
    "candle",
    "feather",
    "meadow",
    "lantern",
    "harbour",
    "velvet",
    "ember",
    "willow",
    "sparrow",
    "marble",
    "crystal",
    "copper",
    "autumn",
    "forest",
    "island",
    "desert",
    "valley",
    "comet",
]


def write_song(path: Path, number: int, *, seconds: float = 4.0, lyrics: bool = True) -> Path:
    """One small song: a chord of its own with a beat, and words of its own beside it."""
    rng = np.random.default_rng(number)
    time = np.arange(int(seconds * 22_050)) / 22_050
    chord = sum(np.sin(2 * np.pi * f * time) for f in rng.uniform(100, 2000, size=4))
    beat = 0.6 + 0.4 * np.sin(2 * np.pi * rng.uniform(0.5, 4) * time)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * chord * beat + 0.002 * rng.standard_normal(time.size), 22_050)
    if lyrics:
        lines = [" ".join(rng.choice(WORDS, size=6)) for _ in range(8)]
        path.with_suffix(".txt").write_text(
            f"only song{'abcdefghijklmnopqrstuvwxyz'[number % 26]}\n" + "\n".join(lines)
        )
    return path


def write_music(folder: Path) -> Path:
    """A music folder of a dozen songs in three formats by three artists."""
    for number in range(12):
        suffix = ("wav", "flac", "ogg")[number % 3]
        write_song(folder / f"artist {number % 3}" / f"song {number:02d}.{suffix}", number)
    return folder


def change(path: Path, **fields: object) -> None:
    """Change what a kept JSON file says, as somebody does it on purpose: the checksums of its folder fit."""
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))
    write_checksums(path.parent)


def flip(path: Path, at: int = -1) -> None:
    """Flip a bit of a file, as a disk does."""
    data = bytearray(path.read_bytes())
    data[at] ^= 0x40
    path.write_bytes(data)
