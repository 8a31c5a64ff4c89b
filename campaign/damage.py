"""Damaged music, lyrics and tables among healthy songs: each is accounted for, and the healthy ones are untouched."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from campaign.commands import run, unclear
from campaign.outcomes import Offence, Outcome
from campaign.settings import Settings
from campaign.songs import FORMATS, encode, sound, words
from campaign.spoilt import Spoilt, spoilt
from campaign.state import State, state_of

__all__ = ["trials"]

# Damaged files that are added at a time.
BATCH = 100
# A worker's limit for one file is 2 GiB, and it has libraries loaded.
MEMORY = 3 << 30


def trials(settings: Settings, place: Path, outcome: Outcome) -> Iterator[int]:
    """Add damaged files among healthy ones, in batches."""
    healthy = place / "healthy"
    for number, kind in enumerate(FORMATS):
        song = encode(sound(number), healthy / "healthy" / f"song {number}.{kind}")
        song.with_suffix(".txt").write_text(words(number), encoding="utf-8")
    undisturbed = _undisturbed(healthy, place)
    numbers = range(-(-settings.files // BATCH))
    for number in settings.trials(numbers):
        random = settings.random("damage", number)
        count = min(BATCH, settings.files - number * BATCH) if number in numbers else BATCH
        files = [spoilt(number * BATCH + one, random) for one in range(count)]
        offences, accounted = _add(healthy, place / "work", files, undisturbed, outcome)
        outcome.count(settings.repeated("damage", number, offences), tried=len(files), accounted=accounted)
        outcome.facts["commands"] += 2
        yield outcome.tried


def _undisturbed(healthy: Path, place: Path) -> State:
    music, library = _made(healthy, place / "work")
    done = run("add", music, "--library", library, "--hear", "off", "--quiet")
    if bad := unclear(done):
        raise RuntimeError(f"healthy songs cannot be added: {bad[0].what}")
    state, bad = state_of(library, music)
    if bad:
        raise RuntimeError(f"a library of healthy songs cannot be read: {bad[0].what}")
    return state


def _made(healthy: Path, work: Path) -> tuple[Path, Path]:
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(healthy, work / "music")
    return work / "music", work / "library"


def _add(
    healthy: Path, work: Path, files: list[Spoilt], undisturbed: State, outcome: Outcome
) -> tuple[list[Offence], int]:
    """What was wrong, and how many of the files were accounted for."""
    music, library = _made(healthy, work)
    for file in files:
        file.write(music)
    done = run("add", music, "--library", library, "--hear", "off", "--quiet", "--json")
    outcome.facts["megabytes of the largest process"] = max(
        outcome.facts["megabytes of the largest process"], done.peak // 10**6
    )
    if offences := unclear(done):
        return offences, 0
    if done.err:
        offences.append(Offence("wrong", f"{done.command} also says: {done.err[-500:]}"))
    if done.peak > MEMORY:
        offences.append(Offence("wrong", f"{done.command}: a process took {done.peak / 1e9:.1f} GB"))
    state, bad = state_of(library, music)
    offences += bad
    if not state:
        return offences, 0
    report: dict[str, Any] = json.loads(done.out)
    for what in ("songs", "features"):
        changed = [key for key, value in undisturbed[what].items() if state[what].get(key) != value]
        if changed:
            names = ", ".join(undisturbed["songs"][key]["title"] for key in changed)
            offences.append(Offence("lost", f"{what} of healthy songs are gone or not the same: {names}"))
    offences += [Offence("wrong", f"check: {finding}") for finding in state["check"]]
    gone = [file for file in files if not _is_accounted_for(file, music, state, report, outcome)]
    offences += [Offence("lost", f"no word about {file.path} ({file.way})") for file in gone]
    counted = sum(report[name] for name in ("added", "changed", "moved", "duplicates", "unchanged"))
    if counted != report["found"]:
        offences.append(Offence("wrong", f"{report['found']} files were found, and {counted} counted"))
    return offences, len(files) - len(gone)


def _is_accounted_for(file: Spoilt, music: Path, state: State, report: dict[str, Any], outcome: Outcome) -> bool:
    """Whether a file became a song, or there is a reason or a note why not; it is counted as that."""
    path = str(music / (file.song or file.path))
    songs = [song for song in state["songs"].values() if path in song["paths"]]
    if file.song is not None:
        # The song beside it is sound, and says which words it has, or why none.
        if not songs or songs[0]["audio"] is None:
            return False
        outcome.facts["damaged texts that were read" if songs[0]["lyrics"] else "damaged texts with a reason"] += 1
        return bool(songs[0]["lyrics"] or songs[0]["lyrics_reason"])
    if songs and songs[0]["audio"] is not None:
        outcome.facts["damaged recordings that were read"] += 1
        return True
    reasons = [one["reason"] for one in report["rejects"] if one["file"] == path]
    if state["files"].get(path) or (songs and songs[0]["audio_reason"]):
        outcome.facts["damaged recordings with a reason"] += 1
        return bool(reasons)
    outcome.facts["files passed over by their suffix"] += 1
    return file.path.suffix.lower() in report["passed_over"]
