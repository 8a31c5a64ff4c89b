"""The verb ``lyrics``: show which lyrics belong to which recordings, and write them beside the recordings."""

import errno
import json
import os
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from alcca.errors import DiskError, UsageError
from alcca.library.library import Library
from alcca.library.proposals import Proposal
from alcca.matching.folding import fold
from alcca.matching.timing import TimedLine, fill_times, time_lines, to_lrc
from alcca.persistence import disk_error
from alcca.songs.lrc import read_lrc
from alcca.songs.remote import is_address

__all__ = ["propose"]

# With fewer lines timed, an LRC file would hold back most of the words.
SHARE_TIMED = 0.6
# Recordings of one song end a little earlier or later. What is heard times half of the lines to 0.3 s, most to 2 s: if
# half of them are further off, the times belong to another recording.
SECONDS_BEYOND = 2.0
SECONDS_APART = 5.0
FEWEST_HEARD = 3


def propose(library: Library, folder: Path, *, all_: bool, write: str | None, dry_run: bool, as_json: bool) -> None:
    """Print proposals, and write the sidecar files of those that are shown.

    Parameters
    ----------
    library : Library
    folder : path
        Where the texts are.
    all_ : bool
        Also those that are not sure.
    write : str, optional
        "txt" or "lrc": write NAME.txt or NAME.lrc beside each recording, never over an existing file.
    dry_run : bool
        Say what would be written, and write nothing.
    as_json : bool
        Print values for programs.

    Raises
    ------
    UsageError
        As `alcca.library.proposals.propose_lyrics`; ``dry_run`` without ``write``.
    DiskError
        The disk of the recordings is full; what was written before is printed.
    """
    if dry_run and write is None:
        raise UsageError("--dry-run says what --write would do; give --write lrc or --write txt with it")
    found = library.propose_lyrics(folder)
    shown = [one for one in found.made if all_ or one.certainty == "sure"]
    done: list[str] = []
    try:
        for one in shown:
            done.append(_write(one, write, dry_run) if write else "")
    except DiskError:
        _table(shown[: len(done)], done)
        raise
    if as_json:
        rows = [{**one.to_dict(), "written": said} for one, said in zip(shown, done, strict=True)]
        print(json.dumps({"proposals": rows, "notes": found.notes}, indent=2))
        return
    print(f"{found.recordings} recordings without lyrics in which words were heard, {found.texts} texts in {folder}")
    _table(shown, done)
    unsure = len(found.made) - len(shown)
    if unsure:
        print(f"{unsure} more are not sure; see them with --all")
    for note in found.notes:
        print(f"({note})")
    if shown and write and not dry_run:
        print("Run alcca add on the music folder again: it notices the new files.")


def _table(shown: Sequence[Proposal], done: Sequence[str]) -> None:
    width = max((len(one.recording.name) for one in shown), default=0)
    for one, said in zip(shown, done, strict=True):
        print(f"  {one.certainty:<8}{one.probability:6.1%}  {one.recording.name:<{width}}  ←  {one.file}")
        if said:
            print(f"                  {said}")


def _write(proposal: Proposal, kind: str, dry_run: bool) -> str:
    """Write one sidecar file; say what was done, or why not. DiskError when the disk is full."""
    if is_address(proposal.song.paths[0]):
        return f"not written: {proposal.song.paths[0]} is not on this machine; put the lyrics beside it yourself"
    target = proposal.recording.with_suffix(f".{kind}")
    if kind == "lrc":
        lines = _timed(proposal)
        timed = sum(time is not None for time, _ in lines)
        if timed < SHARE_TIMED * len(lines):
            return (
                f"not written: {timed} of {len(lines)} lines were heard, too few for timed lyrics; "
                "hear whole songs first (alcca hear --extent song), or write txt"
            )
        content = to_lrc(lines)
    else:
        content = proposal.lyrics.rstrip() + "\n"
    if os.path.lexists(target):
        return f"not written: {target} exists already"
    if dry_run:
        return f"would write {target}"
    try:
        # "x": a file that somebody else has just made stays theirs.
        file = target.open("x", encoding="utf-8")
    except OSError as error:
        return _not_written(target, error)
    try:
        with file:
            file.write(content)
    except OSError as error:
        # Half of a text would be taken for the whole by the next alcca add.
        target.unlink(missing_ok=True)
        return _not_written(target, error)
    return f"wrote {target}"


def _not_written(target: Path, error: OSError) -> str:
    said = disk_error(error, target)
    if said is not None and error.errno != errno.EROFS:
        raise said from error
    return f"not written: {target}: {error.strerror}"


def _timed(proposal: Proposal) -> list[TimedLine]:
    """The lines of a text with their times: its own, where they fit the recording, else those of the alignment."""
    own = [(time, line) for time, line in read_lrc(proposal.content) if line]
    if _fits(own, proposal):
        return fill_times(own)
    return time_lines(proposal.transcript, proposal.lyrics)


def _fits(own: list[TimedLine], proposal: Proposal) -> bool:
    """Whether the times of a text can be those of the recording, and are not those of another one of the song."""
    times = [time for time, _ in own if time is not None]
    if len(times) < SHARE_TIMED * len(own) or len(set(times)) < min(2, len(own)):
        return False
    end = proposal.song.audio.duration if proposal.song.audio else None
    if end is not None and max(times) > end + SECONDS_BEYOND:
        return False
    sung = [(time, line) for time, line in own if fold(line).letters]
    heard = time_lines(proposal.transcript, "\n".join(line for _, line in sung))
    both = ((time, at) for (time, _), (at, _) in zip(sung, heard, strict=True))
    apart = [abs(time - at) for time, at in both if time is not None and at is not None]
    return len(apart) < FEWEST_HEARD or median(apart) <= SECONDS_APART
