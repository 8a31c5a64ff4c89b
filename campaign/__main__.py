"""Try faults on alcca, and count what came of them.

    python -m campaign [--seed 0] [--files 10000] [--kills 100] [--only damage,kills,…] [--output REPORT.md]

The counts are: tried, accounted for, and what may not happen. A lost file or result, a command that hangs, one that
crashes, and anything else that is wrong is listed with the command that repeats it. Ctrl-C ends with the counts so far.
docs/reliability.md says what is tried, and what came of it.
"""

import argparse
import contextlib
import os
import platform
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from alcca import __version__
from campaign import damage, disk, kills, library, models, readonly, writers
from campaign.commands import end_all
from campaign.outcomes import Outcome, Report
from campaign.settings import Settings

__all__ = ["main"]

Kind = Callable[[Settings, Path, Outcome], Iterator[int]]
KINDS: dict[str, Kind] = {
    "damage": damage.trials,
    "kills": kills.trials,
    "disk": disk.trials,
    "readonly": readonly.trials,
    "writers": writers.trials,
    "library": library.trials,
    "models": models.trials,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign; 0 if nothing happened that may not, 1 if something did, 130 if it was interrupted."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(arguments)
    settings = Settings(options.seed, options.files, options.kills, options.damages, options.disks, options.trial)
    report = Report(shlex.join(["python", "-m", "campaign", *arguments]), _machine())
    with tempfile.TemporaryDirectory(prefix="campaign-", dir=options.work) as made, _environment(Path(made)):
        try:
            for name in options.only:
                report.outcomes[name] = Outcome()
                _try(name, settings, Path(made) / name, report, options.output)
        except KeyboardInterrupt:
            report.interrupted = True
        finally:
            end_all()
    if options.output is not None:
        report.write(options.output)
    print(report.to_markdown(), end="")
    return 130 if report.interrupted else int(bool(report.offences))


def _parser() -> argparse.ArgumentParser:
    about, _, more = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser("python -m campaign", description=about, epilog=more.rpartition("\n\n")[2])
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="the same seed does the same (default: 0)")
    parser.add_argument(
        "--files", type=int, default=10_000, metavar="N", help="damaged music files, lyrics and tables (default: 10000)"
    )
    parser.add_argument("--kills", type=int, default=100, metavar="N", help="killed commands (default: 100)")
    parser.add_argument(
        "--damages",
        type=int,
        default=300,
        metavar="N",
        help="damaged files of libraries, and as many of models (default: 300)",
    )
    parser.add_argument(
        "--disks", type=int, default=30, metavar="N", help="full disks, and as many pairs of writers (default: 30)"
    )
    parser.add_argument(
        "--only", type=_kinds, default=list(KINDS), metavar="KIND,…", help=f"of: {', '.join(KINDS)} (default: all)"
    )
    parser.add_argument(
        "--trial", type=int, metavar="N", help="only the trial with this number, as an offence names it"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write the report here, as .json or .md, also while it runs"
    )
    parser.add_argument(
        "--work",
        type=Path,
        metavar="FOLDER",
        help="where libraries are made, and removed (default: the system's folder)",
    )
    return parser


def _kinds(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in KINDS]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)} is none of {', '.join(KINDS)}")
    return names


def _try(name: str, settings: Settings, place: Path, report: Report, output: Path | None) -> None:
    """Do all trials of a kind; the report is up to date after each."""
    outcome, started = report.outcomes[name], time.monotonic()
    place.mkdir()
    try:
        for tried in KINDS[name](settings, place, outcome):
            outcome.seconds = time.monotonic() - started
            print(f"\r{name}: {tried:,} tried, {len(outcome.offences)} offences ", end="", file=sys.stderr, flush=True)
            if output is not None:
                report.write(output)
    finally:
        outcome.seconds = time.monotonic() - started
        print(
            f"\r{name}: {outcome.skipped or f'{outcome.tried:,} tried, {len(outcome.offences)} offences'} ",
            file=sys.stderr,
        )


@contextlib.contextmanager
def _environment(place: Path) -> Iterator[None]:
    """Settings of alcca's own for the commands, and Ctrl-C for a campaign that is told to end."""
    before = dict(os.environ)
    handler = signal.signal(signal.SIGTERM, signal.default_int_handler)
    for name in [name for name in os.environ if name.startswith("ALCCA_")]:
        del os.environ[name]
    os.environ["ALCCA_CONFIG"] = str(place / "config")
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)
        os.environ.clear()
        os.environ.update(before)


def _machine() -> dict[str, object]:
    return {
        "alcca": __version__,
        "Python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
    }


if __name__ == "__main__":
    sys.exit(main())
