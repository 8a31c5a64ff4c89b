"""What ``alcca check`` prints."""

import json
from collections.abc import Callable
from pathlib import Path

from alcca.library.check import check_library
from alcca.library.findings import CheckReport
from alcca.workers.local import LocalWorkers

__all__ = ["check"]


def check(folder: Path, *, repair: bool, music: bool, as_json: bool, progress: bool) -> int:
    """Check a library, print what is wrong with it, and return the exit code: 1 where something is wrong."""
    report = check_library(folder, LocalWorkers(), repair=repair, music=music, progress=progress)
    if as_json:
        print(json.dumps({"library": str(folder), **report.to_dict()}, indent=2))
    else:
        _print(report, folder, print)
    return 0 if report.whole else 1


def _print(report: CheckReport, folder: Path, say: Callable[[str], object]) -> None:
    for line in report.repaired:
        say(f"repaired: {line}")
    for place, problem, remedy in report.findings:
        # A problem of one file names it.
        say(f"{'' if problem.startswith(place) else f'{place}: '}{problem}; {remedy}")
    for note in report.notes:
        say(f"note: {note}")
    checked = f"{report.songs} songs and {report.files} files"
    checked += f", {report.recordings} recordings" if report.recordings else ""
    count = len(report.findings)
    verdict = "nothing is wrong" if report.whole else f"{count} thing{'s are' if count > 1 else ' is'} wrong"
    say(f"Library {folder}: {verdict} ({checked} checked).")
