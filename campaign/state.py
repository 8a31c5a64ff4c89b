"""What is in a library, as plain values that are the same for every undisturbed run; as a command, in JSON.

python -m campaign.state LIBRARY MUSIC
"""

import hashlib
import json
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from alcca import Library
from alcca.library.check import check_library
from alcca.store.database import Access
from alcca.store.songs import Store
from alcca.workers.local import LocalWorkers
from campaign.commands import module, run, unclear
from campaign.outcomes import Offence
from campaign.songs import words

__all__ = ["FAISS", "State", "differences", "line", "state_of"]

State = dict[str, Any]
# Its files are made though there are few songs.
FAISS = "faiss:least=4:lists=2"
TEXTS = (".txt", ".lrc")


def line(number: int) -> str:
    """A line of a song."""
    return words(number).splitlines()[2]


def state_of(library: Path, music: Path) -> tuple[State, list[Offence]]:
    """The state of a library, read in another process, and what is wrong with that."""
    done = run(library, music, program=module("state"))
    offences = unclear(done)
    return ({} if offences else json.loads(done.out)), offences


def differences(before: State, now: State) -> list[str]:
    """What is different, a line each."""
    found = []
    for name in sorted(before.keys() | now.keys()):
        old, new = before.get(name), now.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            keys = [key for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
            found += [f"{name}, {key}: {_short(new.get(key))} instead of {_short(old.get(key))}" for key in keys]
        elif old != new:
            found.append(f"{name}: {_short(new)} instead of {_short(old)}")
    return found


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) < 300 else f"{text[:300]} …"


def _read(library: Path, music: Path) -> State:
    with closing(Store(library, Access.THERE)) as store:
        songs = store.songs()
        found = {
            "songs": {song.hash: _song(song) for song in songs},
            "features": {song.hash: _features(store, song.id) for song in songs if song.audio is not None},
            "files": {path: stamp.unreadable for path, stamp in store.file_stamps().items()},
        }
    hashes = {song.id: song.hash for song in songs}
    with Library(library, progress=False) as opened:
        heard = opened.transcripts(list(hashes))
        found["transcripts"] = {hashes[number]: transcript.to_dict() for number, transcript in heard.items()}
        trained = opened.status()["model"] is not None
        found["hits"] = _hits(opened, ["words", *(["space", "both"] if trained else [])])
    if trained:
        with Library(library, progress=False, index=FAISS) as opened:
            found["faiss"] = _hits(opened, ["space"])
    files = sorted(path for path in music.rglob("*") if path.suffix in TEXTS and not path.name.startswith("."))
    found["lyric files"] = {str(path.relative_to(music)): _digest(path.read_bytes()) for path in files}
    found["check"] = [" ".join(finding) for finding in check_library(library, LocalWorkers(1)).findings]
    return found


def _song(song: Any) -> dict[str, Any]:
    fields = {name: value for name, value in vars(song).items() if name not in ("id", "audio", "hash")}
    plain: dict[str, Any] = json.loads(
        json.dumps(fields | {"audio": None if song.audio is None else vars(song.audio)}, default=str)
    )
    return plain


def _features(store: Store, number: int) -> str:
    if store.without_features("mfcc", [number]):
        return "none"
    return _digest(store.features("mfcc", [number]).tobytes())


def _hits(library: Library, parts: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"exact words": sorted(hit.title for hit in library.find(line(1).split()[0], k=50))}
    for part in parts:
        for number in (0, 1, 5):
            hits = library.search(lyrics=line(number), by=part, k=5)
            found[f"{part} of {number}"] = [
                [hit.title, None if hit.score is None else round(hit.score, 3), hit.certainty] for hit in hits
            ]
    return found


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


if __name__ == "__main__":
    print(json.dumps(_read(Path(sys.argv[1]), Path(sys.argv[2]))))
