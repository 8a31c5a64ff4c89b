"""The verb ``lyrics``: match lyrics files to recordings and write them beside the recordings."""

import errno
import json
import os
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from alcca.cleaning.timed_lines import timed_lines
from alcca.errors import DiskError, UsageError
from alcca.library.library import Library
from alcca.library.lyrics_proposals import Proposal
from alcca.matching.folding import fold
from alcca.matching.timed_lyrics import TimedLine, fill_times, time_lines, to_lrc
from alcca.persistence import create_file, disk_error
from alcca.songs.cut import track_texts
from alcca.songs.remote import is_address

__all__ = ["propose"]

# With fewer timed lines, an LRC file would lack most of the lyrics.
SHARE_TIMED = 0.6
# Recordings of one song differ a little in length. Transcripts time half of the lines to within 0.3 s and most to
# within 2 s: if half of them are further off, the times belong to another recording.
SECONDS_BEYOND = 2.0
SECONDS_APART = 5.0
MIN_HEARD = 3


def propose(
    library: Library,
    folder: Path,
    *,
    all_: bool,
    write: str | None,
    dry_run: bool,
    as_json: bool,
    encoding: str | None = None,
) -> None:
    """Print proposals, and write sidecar files for those that are shown.

    Parameters
    ----------
    library : Library
    folder : path
        Folder with the lyrics files.
    all_ : bool
        Include proposals that are not sure.
    write : str, optional
        "txt" or "lrc": write NAME.txt or NAME.lrc beside each recording, ALBUM.02.lrc for a track of ALBUM.flac.
        Existing files are never overwritten.
    dry_run : bool
        Print what would be written, without writing it.
    as_json : bool
        Print JSON instead of text.
    encoding : str, optional
        Of texts that are not in Unicode; by default, it is detected for each file.

    Raises
    ------
    UsageError
        As raised by `alcca.library.lyrics_proposals.propose_lyrics`, or if ``dry_run`` is given without ``write``.
    DiskError
        If the disk of the recordings is full. The files written before that are printed.
    """
    if dry_run and write is None:
        raise UsageError("--dry-run needs --write: give --write lrc or --write txt with it")
    proposals = library.propose_lyrics(folder, encoding=encoding)
    shown = [proposal for proposal in proposals.made if all_ or proposal.certainty == "sure"]
    outcomes: list[str] = []
    try:
        for proposal in shown:
            outcomes.append(_write(proposal, write, dry_run) if write else "")
    except DiskError:
        _table(shown[: len(outcomes)], outcomes)
        raise
    if as_json:
        rows = [{**proposal.to_dict(), "written": done} for proposal, done in zip(shown, outcomes, strict=True)]
        print(json.dumps({"proposals": rows, "notes": proposals.notes}, indent=2))
        return
    print(
        f"{proposals.recordings} recordings have a transcript with words but no lyrics; {proposals.texts} texts in "
        f"{folder}"
    )
    _table(shown, outcomes)
    unsure = len(proposals.made) - len(shown)
    if unsure:
        print(f"{unsure} more are not sure; show them with --all")
    for note in proposals.notes:
        print(f"({note})")
    if shown and write and not dry_run:
        print("Run alcca add on the music folder again to read the new files.")


def _table(shown: Sequence[Proposal], outcomes: Sequence[str]) -> None:
    width = max((len(proposal.recording.name) for proposal in shown), default=0)
    for proposal, done in zip(shown, outcomes, strict=True):
        recording = f"{proposal.recording.name:<{width}}"
        print(f"  {proposal.certainty:<8}{proposal.probability:6.1%}  {recording}  ←  {proposal.file}")
        if done:
            print(f"                  {done}")


def _write(proposal: Proposal, kind: str, dry_run: bool) -> str:
    """Write one sidecar file; return what was done, or why not. Raises DiskError if the disk is full."""
    if is_address(proposal.song.paths[0]):
        return f"not written: {proposal.song.paths[0]} is not on this machine; put the lyrics beside it yourself"
    target = track_texts(proposal.song.paths[0]).with_suffix(f".{kind}")
    if kind == "lrc":
        lines = _timed(proposal)
        timed = sum(time is not None for time, _ in lines)
        if timed < SHARE_TIMED * len(lines):
            return (
                f"not written: the transcript has only {timed} of {len(lines)} lines, too few for timed lyrics; "
                "transcribe whole songs first (alcca hear --extent song), or write txt"
            )
        content = to_lrc(lines)
    else:
        content = proposal.lyrics.rstrip() + "\n"
    if os.path.lexists(target):
        return f"not written: {target} already exists"
    if dry_run:
        return f"would write {target}"
    try:
        # The next alcca add would take half a text for all of it.
        create_file(target, content.encode())
    except OSError as error:
        return _not_written(target, error)
    return f"wrote {target}"


def _not_written(target: Path, error: OSError) -> str:
    full = disk_error(error, target)
    if full is not None and error.errno != errno.EROFS:
        raise full from error
    return f"not written: {target}: {error.strerror}"


def _timed(proposal: Proposal) -> list[TimedLine]:
    """Lines with times: the text's own times if they fit the recording, else times from aligning the transcript."""
    own = [(time, line) for time, line in timed_lines(proposal.content) if line]
    if _fits(own, proposal):
        return fill_times(own)
    return time_lines(proposal.transcript, proposal.lyrics)


def _fits(own: list[TimedLine], proposal: Proposal) -> bool:
    """Whether the times of a text fit this recording, rather than another recording of the song."""
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
    return len(apart) < MIN_HEARD or median(apart) <= SECONDS_APART
