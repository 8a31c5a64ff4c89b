"""The verb ``lyrics``: lyrics with times for folders, files or a library, and what came of each recording."""

import argparse
import contextlib
import csv
import json
import os
import signal
import sys
import threading
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from alcca.errors import AlccaError, UsageError
from alcca.indexing.local_music import check_place
from alcca.lyrics.listening import stopping
from alcca.lyrics.results import FIELDS, STATUSES, Result, counted
from alcca.lyrics.wishes import Wishes, formats_named
from alcca.songs.hidden import is_hidden
from alcca.songs.kinds import is_audio
from alcca.songs.remote import is_address
from alcca.songs.word_files import TEXT_SUFFIXES

if TYPE_CHECKING:
    from alcca.library.library import Library

__all__ = ["run_lyrics"]

# A line for each of these would hide the others.
COUNTED_ONLY = ("done", "nothing", "left", "checked")
# Lines shown of those that are not sung, and notes.
MOST = 10
INDENT = 14


def run_lyrics(options: argparse.Namespace, library: "Library") -> None:
    """Write lyrics and print what came of it.

    Parameters
    ----------
    options : Namespace
        As of `alcca.cli.lyrics_arguments`.
    library : Library
        Which may not be made yet, if folders are named.

    Raises
    ------
    UsageError
        A wrong call; or there is neither a folder nor a library.
    AlccaError
        Files could not be written.
    """
    told = _Told(options)
    _check(options, library, told.notes)
    wishes = {
        "words": options.words,
        "likely": options.all,
        "transcribe": options.transcribe,
        "retime": options.retime,
        "missing": options.missing,
        "again": options.again,
        "dry_run": options.dry_run,
        "language": options.language,
        "offline": options.offline,
        "encoding": options.encoding,
    }
    results = _watched(options, told, wishes) if options.watch else _results(options, told, wishes, library)
    with _stops_at_once(), contextlib.closing(results), told.table():
        try:
            for result in results:
                told.tell(result)
        except BaseException as error:
            if not (options.watch and isinstance(error, KeyboardInterrupt)):
                if told.results:
                    told.sum_up()
                raise
    told.sum_up()
    if failed := [one for result in told.results for one in result.failed]:
        raise AlccaError(f"{len(failed)} files could not be written, such as {failed[0]}")


@contextlib.contextmanager
def _stops_at_once() -> Iterator[None]:
    """End what is listened to within seconds at Ctrl-C and SIGTERM, instead of at the end of the songs."""

    def stop(*_: object) -> None:
        stopping.set()
        raise KeyboardInterrupt

    stopping.clear()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _check(options: argparse.Namespace, library: "Library", notes: list[str]) -> None:
    if options.jobs is not None and options.jobs < 1:
        raise UsageError(f"--jobs is {options.jobs}; expected how many recordings to listen to at a time, 1 or more")
    if options.json and options.csv == "-":
        raise UsageError("--json and --csv both print a result; give one of them, or --csv FILE")
    if options.csv not in (None, "-") and (Path(options.csv).is_dir() or not Path(options.csv).suffix):
        raise UsageError(f"--csv takes a FILE, not {options.csv}; put --csv behind the folders, or name a file")
    if options.poll is not None and not (options.watch and 0.1 <= options.poll <= 3600):
        raise UsageError("--poll takes the seconds between looks, 0.1 to 3600, and needs --watch")
    if options.watch and not options.folders:
        raise UsageError("--watch needs a FOLDER to watch")
    if not options.folders and not library.is_made:
        raise UsageError(
            f"no FOLDER was named, and there is no library at {library.path}; name a music folder: alcca lyrics FOLDER"
        )
    places = [place for place in options.folders if not is_address(place)]
    texts = [place for place in places if _holds_texts_alone(Path(place).expanduser())]
    if texts and len(texts) == len(options.folders) and library.is_made and not options.sources and not options.watch:
        # How the verb was called before it took music folders.
        notes.append(f"{' and '.join(texts)}: holds texts but no music; taken as --missing --from {texts[0]}")
        options.sources = [Path(place) for place in texts]
        options.folders, options.missing = [], True
    elif texts and not options.watch:
        raise UsageError(
            f"{texts[0]}: holds texts but no music; to look in it for the lyrics of recordings: "
            f"alcca lyrics MUSIC --from {texts[0]}"
        )


def _holds_texts_alone(place: Path) -> bool:
    check_place(place)
    found = False
    for _, _, names in os.walk(place):
        paths = [Path(name) for name in names if not is_hidden(name)]
        if any(map(is_audio, paths)):
            return False
        found = found or any(path.suffix.lower() in TEXT_SUFFIXES for path in paths)
    return found


def _results(
    options: argparse.Namespace, told: "_Told", wishes: dict[str, Any], library: "Library"
) -> Generator[Result]:
    from alcca.lyrics.collection import write_lyrics

    how: dict[str, Any] = {
        "formats": formats_named(options.write),
        "sources": options.sources,
        "jobs": options.jobs,
        "notes": told.notes,
        **wishes,
    }
    if library.is_made:
        yield from library.write_lyrics(options.folders, speech_model=options.speech_model, **how)
    else:
        yield from write_lyrics(
            options.folders, model=options.speech_model, cluster=options.cluster, progress=not options.quiet, **how
        )


def _watched(options: argparse.Namespace, told: "_Told", wishes: dict[str, Any]) -> Generator[Result]:
    from alcca.lyrics.watching import watch_and_write
    from alcca.speech.weights import model_that_is_meant
    from alcca.workers.opening import opened

    folders = [Path(folder).expanduser() for folder in options.folders]
    wanted = Wishes(
        formats=formats_named(options.write),
        sources=tuple(options.sources),
        model=model_that_is_meant(options.speech_model),
        **wishes,
    )

    def watching() -> None:
        told.say(f"Watching {' and '.join(map(str, folders))}; end with Ctrl-C.")

    with opened(options.cluster, options.jobs) as workers:
        yield from watch_and_write(
            folders,
            wanted,
            workers,
            poll=options.poll,
            progress=not options.quiet,
            notes=told.notes,
            watching=watching,
        )


class _Told:
    """Prints results as they come, and their sum at the end."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self.results: list[Result] = []
        self.notes: list[str] = []
        self._rows: Any = None
        self._places = [Path(place).expanduser().absolute() for place in options.folders]
        self._prints = not (options.json or options.csv == "-")

    @contextlib.contextmanager
    def table(self) -> Iterator[None]:
        """Write a row for each result to the file that ``--csv`` names, or to standard output."""
        name = self._options.csv
        with contextlib.ExitStack() as stack:
            if name is not None:
                file = sys.stdout if name == "-" else stack.enter_context(_table_file(Path(name)))
                self._rows = csv.writer(file, lineterminator="\n")
                self._rows.writerow(FIELDS)
            yield

    def tell(self, result: Result) -> None:
        """Count a result, and print what a person wants to know of it."""
        # Words with times of a large collection take gigabytes.
        self.results.append(replace(result, lyrics=None))
        if self._rows is not None:
            self._rows.writerow([_cell(value) for value in result.to_dict().values()])
        shown = result.status not in COUNTED_ONLY and not (result.remembered and result.status == "instrumental")
        if self._options.verbose or shown or result.failed:
            for line in self._lines(result):
                self.say(line)

    def say(self, line: str) -> None:
        """Print a line beside the progress bar, if one is shown."""
        if not self._prints:
            return
        if sys.stderr.isatty() and not self._options.quiet:
            from tqdm import tqdm

            tqdm.write(line, file=sys.stdout)
        else:
            print(line, flush=True)

    def _lines(self, result: Result) -> Iterator[str]:
        yield f"{result.status:<{INDENT}}{_in_one_line(self._name(result.recording))}"
        more: list[str] = []
        if result.source is not None and result.probability is not None and result.status != "nothing":
            more.append(f"{self._source(result)}, {result.certainty} ({result.probability:.1%})")
        if result.written:
            names = ", ".join(Path(path).name for path in result.written)
            more.append(f"{'would write' if self._options.dry_run else 'wrote'} {names}")
        more += [result.reason] if result.reason else []
        more += result.failed
        if result.unsung and result.status in ("timed", "found", "checked", "off", "retimed"):
            more.append(f"{len(result.unsung)} of {result.lines} lines were not found in the recording")
        yield from (f"{' ' * INDENT}{_in_one_line(one)}" for one in more)
        if self._options.verbose:
            yield from (f"{' ' * INDENT}  not found: {line}" for line in result.unsung)

    def _name(self, recording: str) -> str:
        for place in self._places:
            if Path(recording).is_relative_to(place) and Path(recording) != place:
                return str(Path(recording).relative_to(place))
        with contextlib.suppress(ValueError):
            return str(Path(recording).relative_to(Path.cwd()))
        return recording

    def _source(self, result: Result) -> str:
        source = result.source or ""
        if not Path(source).is_absolute():
            # A database, by its name.
            return f"{source}: {' - '.join(filter(None, (result.artist, result.title)))}"
        for path in self._options.sources:
            with contextlib.suppress(ValueError):
                return str(Path(source).relative_to(path.expanduser().absolute()))
        return source

    def sum_up(self) -> None:
        """Print how many recordings came to what, or everything as JSON."""
        counts = counted(self.results)
        notes = list(dict.fromkeys(self.notes))
        if self._options.json:
            rows = [result.to_dict() for result in sorted(self.results, key=lambda result: result.recording)]
            print(json.dumps({"counts": counts, "results": rows, "notes": notes}, indent=2))
            return
        if not self._prints:
            return
        print("" if self.results else "There are no recordings.")
        for status, count in counts.items():
            print(f"{count:>8}  {status:<{INDENT - 1}}{STATUSES[status]}")
        if self.results:
            print(f"{len(self.results):>8}  {'in all':<{INDENT - 1}}{self._files()}")
        if notes:
            print(f"{len(notes)} notes:" if len(notes) > 1 else "1 note:")
            for note in notes[:MOST]:
                print(f"  {_in_one_line(note)}")
            if len(notes) > MOST:
                print(f"  … and {len(notes) - MOST} more; list all with --json")
        for line in self._advice(counts):
            print(line)

    def _files(self) -> str:
        written = sum(len(result.written) for result in self.results)
        remembered = sum(result.remembered for result in self.results)
        said = f"{written} files {'would be written' if self._options.dry_run else 'written'}"
        return said + (f"; {remembered} were listened to before (--again)" if remembered else "")

    def _advice(self, counts: dict[str, int]) -> Iterator[str]:
        options = self._options
        if counts.get("nothing") and not options.sources and not options.transcribe:
            yield "No lyrics? Name where they may be (--from SOURCE), or write what is heard (--transcribe)."
        if counts.get("off") and not options.retime:
            yield "--retime corrects times that are off, and keeps the old files."
        if not options.folders and any(result.written for result in self.results) and not options.dry_run:
            yield "Run alcca add on the music folder again to read the new files."


@contextlib.contextmanager
def _table_file(path: Path) -> Iterator[TextIO]:
    """A new table, or one in the place of an older one of these columns; UsageError for any other file."""
    head = ",".join(FIELDS) + "\n"
    try:
        if path.exists() and path.stat().st_size and not path.read_bytes().startswith(head.encode()):
            raise UsageError(f"{path}: is there already, and no table of alcca lyrics; name another file")
        with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            yield file
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror}); name another file") from error


def _cell(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " | ".join(map(str, value))
    return "" if value is None else str(value)


def _in_one_line(text: str) -> str:
    # Names of files may hold line breaks, which would look like other results.
    return text.translate({0x0A: "\N{SYMBOL FOR LINE FEED}", 0x2028: " ", 0x2029: " "})
