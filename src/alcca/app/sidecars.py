"""The verb ``lyrics``: show which lyrics belong to which recordings, and write them beside the recordings."""

import json
from collections.abc import Sequence
from pathlib import Path

from alcca.errors import UsageError
from alcca.library.library import Library
from alcca.library.proposals import Proposal
from alcca.matching.timing import time_lines, to_lrc
from alcca.songs.remote import is_address

__all__ = ["propose"]

# With fewer lines timed, an LRC file would hold back most of the words.
SHARE_TIMED = 0.6


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
    """
    if dry_run and write is None:
        raise UsageError("--dry-run says what --write would do; give --write lrc or --write txt with it")
    found = library.propose_lyrics(folder)
    shown = [one for one in found.made if all_ or one.certainty == "sure"]
    done = [_write(one, write, dry_run) if write else "" for one in shown]
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
    """Write one sidecar file; say what was done, or why not."""
    if is_address(proposal.song.paths[0]):
        return f"not written: {proposal.song.paths[0]} is not on this machine; put the lyrics beside it yourself"
    target = proposal.recording.with_suffix(f".{kind}")
    if kind == "lrc":
        lines = time_lines(proposal.transcript, proposal.lyrics)
        timed = sum(time is not None for time, _ in lines)
        if timed < SHARE_TIMED * len(lines):
            return (
                f"not written: {timed} of {len(lines)} lines were heard, too few for timed lyrics; "
                "hear whole songs first (alcca hear --extent song), or write txt"
            )
        content = to_lrc(lines)
    else:
        content = proposal.lyrics.rstrip() + "\n"
    if target.exists():
        return f"not written: {target} exists already"
    if dry_run:
        return f"would write {target}"
    try:
        # "x": a file that somebody else has just made stays theirs.
        with target.open("x", encoding="utf-8") as file:
            file.write(content)
    except OSError as error:
        return f"not written: {target}: {error.strerror}"
    return f"wrote {target}"
