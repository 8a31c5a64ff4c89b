"""How long the first things take: importing alcca, ``alcca --help``, and a search by a command of its own.

    python -m benchmarks startup [--songs 60] [--rounds 7]

Whole processes; the floor is a Python that does nothing. Before a cold search the system is asked to forget what it
holds in memory of the library's files and of all installed packages, as far as other programs do not use them.
"""

import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from alcca import Library
from benchmarks.measuring import Table, in_turns, make_parser, publish

RATE, SECONDS = 22_050, 6
WORDS = (
    "river",
    "mountain",
    "morning",
    "silver",
    "golden",
    "shadow",
    "winter",
    "summer",
    "fire",
    "water",
    "stone",
    "road",
)


def make_library(folder: Path, songs: int) -> Path:
    """A trained library of short recordings with made-up words."""
    rng = np.random.default_rng(0)
    music = folder / "music"
    music.mkdir()
    for number in range(songs):
        soundfile.write(music / f"{number}.wav", 0.1 * rng.standard_normal(RATE * SECONDS), RATE)
        (music / f"{number}.txt").write_text("\n".join(" ".join(rng.choice(WORDS, 6)) for _ in range(20)))
    with Library(folder / "library", progress=False) as library:
        library.add(music, hear="off")
        library.train()
    return folder / "library"


def forget(*folders: Path) -> None:
    """Ask the system to drop the files below these folders from its memory."""
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as file:
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def run(arguments: Sequence[str]) -> None:
    """One process, which must succeed."""
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Print seconds."""
    parser = make_parser(__doc__, rounds=7)
    parser.add_argument("--songs", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        library = make_library(Path(made), options.songs)
        search = ["-m", "alcca", "search", "--library", str(library), "--lyrics", "silver river in the morning light"]
        table = Table("whole processes")
        ways = {
            "floor: python -c pass": ["-c", "pass"],
            "import alcca": ["-c", "import alcca"],
            "alcca --help": ["-m", "alcca", "--help"],
            "alcca search --lyrics, warm": search,
        }
        table.add(in_turns({what: lambda way=way: run(way) for what, way in ways.items()}, options.rounds))
        packages = Path(sysconfig.get_paths()["purelib"])
        cold: list[float] = []
        for _ in range(3):
            forget(library, packages)
            found = in_turns({"cold": lambda: run(search)}, 1, warm=False)["cold"]
            cold += [one for one in found if not isinstance(one, str)]
    table.add({"alcca search --lyrics, cold": cold})
    seconds = {row.what: row.median for row in table.rows}
    table.aim("import alcca, s", seconds["import alcca"], "<=", 0.15)
    table.aim("alcca --help, s", seconds["alcca --help"], "<=", 0.4)
    table.aim("a cold search, s", seconds["alcca search --lyrics, cold"], "<=", 2.5)
    publish([table], options)


if __name__ == "__main__":
    main()
