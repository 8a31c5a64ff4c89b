"""The command line: one thin verb for each thing that a library can do.

Heavy packages are imported by the verbs that need them, so that ``alcca --help`` answers at once.
"""

import argparse
import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alcca.app.terminal import print_hits, print_pairs
from alcca.errors import AlccaError, UsageError

if TYPE_CHECKING:
    from alcca.library.library import Library

__all__ = ["main"]

DEFAULT_LIBRARY = "alcca-library"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code.

    0: done. 1: work that failed. 2: a wrong call. 130: interrupted.
    """
    # A file name or a lyric that the terminal's encoding lacks must not end the program.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    try:
        with _interrupted_when_told_to_end():
            options.run(options)
        sys.stdout.flush()
    except AlccaError as error:
        if options.debug:
            raise
        return _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _fail("interrupted; what is done is kept, run the same command to go on", 130)
    except BrokenPipeError:
        # The reader of a pipe (head, less) has left. Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if options.debug:
            raise
        return _fail(f"unexpected {type(error).__name__}: {error}; run with --debug to see where", 1)
    return 0


@contextlib.contextmanager
def _interrupted_when_told_to_end() -> Iterator[None]:
    """Take SIGTERM (from a service manager, a batch system) as Ctrl-C: what is done is kept, worker processes end."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _fail(message: str, code: int) -> int:
    print("alcca: " + " ".join(message.split()), file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="alcca",
        description="Find lyrics by sound and songs by words.",
        epilog="Start with: alcca add ~/Music, then alcca train, then alcca search --lyrics 'some words'.",
    )
    from alcca import __version__

    parser.add_argument("--version", action="version", version=f"alcca {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    every = argparse.ArgumentParser(add_help=False)
    every.add_argument("--quiet", action="store_true", help="show no progress")
    every.add_argument("--debug", action="store_true", help="show a traceback when something fails")
    common = argparse.ArgumentParser(add_help=False, parents=[every])
    common.add_argument(
        "--library",
        type=Path,
        default=Path(os.environ.get("ALCCA_LIBRARY", DEFAULT_LIBRARY)),
        metavar="PATH",
        help="the library's folder (default: $ALCCA_LIBRARY, else ./alcca-library)",
    )
    common.add_argument("--json", action="store_true", help="print the result as JSON")

    def verb(
        name: str, run: Callable[[argparse.Namespace], None], summary: str, options: argparse.ArgumentParser = common
    ) -> argparse.ArgumentParser:
        sentence = summary[0].upper() + summary[1:] + "."
        added = verbs.add_parser(name, parents=[options], help=summary, description=sentence)
        added.set_defaults(run=run)
        return added

    add = verb("add", _add, "add the songs of a music folder; goes on where it was stopped")
    add.add_argument("folder", type=Path, metavar="FOLDER", help="a music folder, or one audio file")
    add.add_argument(
        "--offset",
        type=float,
        metavar="SECONDS",
        help="where the 30 s slice of a song starts (default: the middle)",
    )
    add.add_argument("--retry", action="store_true", help="try files again whose audio could not be used")
    add.add_argument("--jobs", type=int, metavar="N", help="worker processes (default: all processors)")

    verb("status", _status, "say what is in the library, what was rejected and why, and what is trained")

    train = verb("train", _train, "learn the common space from the library's songs and rebuild the index")
    train.add_argument(
        "--components",
        type=int,
        metavar="N",
        help="canonical components (default: chosen on a fifth of the songs)",
    )
    train.add_argument("--epochs", type=int, default=200, metavar="N", help="passes over the songs (default: 200)")
    train.add_argument(
        "--seed", type=int, default=0, metavar="N", help="same seed, same songs: same model (default: 0)"
    )

    evaluate = verb("evaluate", _evaluate, "compare methods on songs that they have not seen, beside chance")
    evaluate.add_argument(
        "data",
        type=Path,
        nargs="?",
        metavar="DATA",
        help="a library, or a .npz or .parquet file of features (default: the library)",
    )
    evaluate.add_argument(
        "--methods",
        default="alcca",
        metavar="NAME,NAME,…",
        help="methods, 'all', or dotted names of classes; settings behind colons, as in cca:ridge=10 (default: alcca)",
    )
    evaluate.add_argument(
        "--folds", type=int, default=5, metavar="N", help="parts of the cross-validation (default: 5)"
    )
    evaluate.add_argument(
        "--components",
        type=_numbers,
        default=list(range(10, 101, 10)),
        metavar="N,N,…",
        help="canonical components (default: 10,20,…,100)",
    )
    evaluate.add_argument("--epochs", type=int, metavar="N", help="passes over the songs (default: the method's)")
    evaluate.add_argument(
        "--seeds",
        type=_numbers,
        default=[0],
        metavar="N,N,…",
        help="each decides folds and models of a whole cross-validation (default: 0)",
    )
    evaluate.add_argument(
        "--slow-after",
        type=float,
        metavar="SECONDS",
        help="measure a method whose fit takes longer with the first seed alone",
    )
    evaluate.add_argument(
        "--no-control", action="store_true", help="leave out the shuffled pairs, which double the time"
    )
    evaluate.add_argument("--language", metavar="NAME", help="only songs in this language (of a library)")
    evaluate.add_argument(
        "--descriptors", type=Path, metavar="CSV", help="your own Spotify features of a library's songs"
    )
    evaluate.add_argument("--jobs", type=int, metavar="N", help="processes (default: all processors)")
    evaluate.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FOLDER",
        help="write the report here: tables, figures, report.html, every rank; a broken run goes on from here",
    )

    served = verb("serve", _serve, "open a library to the browser: a search page and a REST API")
    served.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen (default: 127.0.0.1)")
    served.add_argument("--port", type=int, default=8000, metavar="N", help="0 takes a free one (default: 8000)")
    served.add_argument(
        "--token",
        default=os.environ.get("ALCCA_TOKEN"),
        metavar="SECRET",
        help="ask it of everybody; needed with another host (default: $ALCCA_TOKEN)",
    )
    served.add_argument("--api-only", action="store_true", help="without the page")
    served.add_argument(
        "--max-upload", type=float, default=50, metavar="MB", help="the largest recording that is taken (default: 50)"
    )
    served.add_argument("--open", action="store_true", help="open the page in this machine's browser")

    search = verb("search", _search, "search by a recording, by lyrics, or by exact words")
    query = search.add_mutually_exclusive_group(required=True)
    query.add_argument("--audio", type=Path, metavar="FILE", help="a recording: songs whose lyrics fit it")
    query.add_argument("--lyrics", metavar="TEXT", help="a text: songs whose sound fits it")
    query.add_argument(
        "--lyrics-file",
        type=Path,
        metavar="FILE",
        help="the same, the text from a file (- for standard input)",
    )
    query.add_argument("--words", metavar="TEXT", help="songs that hold exactly these words in title, artist or lyrics")
    search.add_argument("-k", type=int, default=10, metavar="N", help="how many songs (default: 10)")
    search.add_argument("--label", metavar="NAME", help="only songs with this label")
    search.add_argument("--artist", metavar="NAME", help="only songs by this artist")

    demo = verb("demo", _demo, "the whole way on real songs: get a music folder, add, train, evaluate, search", every)
    demo.add_argument(
        "--songs", type=Path, metavar="FOLDER", help="your own music folder (default: Bach chorales, rendered)"
    )
    demo.add_argument(
        "--into",
        type=Path,
        default=Path("demo"),
        metavar="FOLDER",
        help="where the demonstration keeps its files (default: ./demo)",
    )
    return parser


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _open(options: argparse.Namespace, *, make: bool = False) -> "Library":
    from alcca.library.library import Library

    if not make and not options.library.is_dir():
        raise UsageError(
            f"{options.library}: no library here; make one with: alcca add FOLDER --library {options.library}"
        )
    return Library(options.library, progress=not options.quiet)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2))


def _add(options: argparse.Namespace) -> None:
    with _open(options, make=True) as library:
        report = library.add(options.folder, offset=options.offset, retry=options.retry, jobs=options.jobs)
        if options.json:
            _print_json(report.to_dict())
            return
        print(
            f"{report.found} audio files: {report.added} added, {report.changed} changed, {report.moved} moved, "
            f"{report.duplicates} duplicates, {report.unchanged} unchanged"
        )
        print_pairs("cannot be used for training", report.rejects)
        print_pairs("to know", report.notes)
        status = library.status()
        print(f"The library has {status['songs']} songs, {status['usable']} with audio and lyrics.")


def _status(options: argparse.Namespace) -> None:
    with _open(options) as library:
        status = library.status()
    if options.json:
        _print_json(status)
        return
    print(f"Library {status['library']}: {status['songs']} songs, {status['usable']} with audio and lyrics")
    print(f"  only audio: {status['audio_only']}, only lyrics: {status['lyrics_only']}")
    for name in ("languages", "labels", "lyrics_sources"):
        counts = [f"{value} ({count})" for value, count in status[name].items()]
        more = f" … {len(counts) - 8} more" if len(counts) > 8 else ""
        print(f"  {name.replace('_', ' ')}: {', '.join(counts[:8]) or 'none'}{more}")
    model = status["model"]
    if model is None:
        print("  model: none; train one with: alcca train")
    else:
        print(
            f"  model: {model['method']}, {model['components']} components, trained {model['trained']} on "
            f"{model['songs']} songs ({model['songs_since']:+d} usable songs since)"
        )
    if status["damaged"]:
        print(f"  damaged: {status['damaged']} songs; run alcca add on their folder to read them again")
    if status["missing_files"]:
        print(
            f"  missing: {len(status['missing_files'])} files are no longer where they were, "
            f"as {status['missing_files'][0]}"
        )
    print_pairs("cannot be used for training", [(r["file"], r["reason"]) for r in status["rejects"]])


def _train(options: argparse.Namespace) -> None:
    with _open(options) as library:
        report = library.train(components=options.components, epochs=options.epochs, random_state=options.seed)
    if options.json:
        _print_json(vars(report))
        return
    print(
        f"Trained on {report.songs} songs in {report.seconds:.0f} s: {report.components} components, "
        f"{report.epochs} epochs. {report.embedded} songs can be searched."
    )
    if report.chosen_on:
        print(
            f"The components were chosen on {report.chosen_on} songs kept out of a first training: MRR1 "
            f"{report.held_out_mrr1:.3f} there, chance {report.held_out_chance:.3f}. alcca evaluate measures more."
        )


def _evaluate(options: argparse.Namespace) -> None:
    from alcca.app.comparing import compare
    from alcca.experiments.methods import parse_methods

    protocol = {
        "folds": options.folds,
        "components": options.components,
        "seed": options.seeds,
        "slow_after": options.slow_after,
        "shuffled_control": not options.no_control,
        "n_jobs": options.jobs or os.cpu_count() or 1,
        "verbose": not options.quiet,
    }
    methods = parse_methods(options.methods, epochs=options.epochs)
    if options.data is not None and not options.data.is_dir():
        for name in ("language", "descriptors"):
            if getattr(options, name) is not None:
                raise UsageError(f"--{name} is for a library; {options.data} is a file, which holds what it holds")
        compare(methods, options.data, options.output, options.json, **protocol)
        return
    options.library = options.data or options.library
    with _open(options) as library:
        about = {"language": options.language, "csv": options.descriptors}
        compare(methods, library, options.output, options.json, **about, **protocol)


def _serve(options: argparse.Namespace) -> None:
    from alcca.app.server.run import serve

    if not 0 < options.max_upload < 10_000:
        raise UsageError(f"--max-upload is {options.max_upload:g}; expected megabytes, above 0 and below 10,000")
    serve(
        options.library,
        host=options.host,
        port=options.port,
        token=options.token,
        api_only=options.api_only,
        max_upload=int(options.max_upload * 10**6),
        browse=options.open,
    )


def _search(options: argparse.Namespace) -> None:
    which = {"k": options.k, "label": options.label, "artist": options.artist}
    with _open(options) as library:
        if options.words is not None:
            hits = library.find(options.words, **which)
        else:
            hits = library.search(audio=options.audio, lyrics=_lyrics(options), **which)
    if options.json:
        _print_json([vars(hit) for hit in hits])
    else:
        print_hits(hits)


def _lyrics(options: argparse.Namespace) -> str | None:
    from alcca.songs.lyrics import decode_text, read_lyrics_file

    if options.lyrics_file is None:
        return str(options.lyrics) if options.lyrics is not None else None
    if str(options.lyrics_file) == "-":
        return decode_text(sys.stdin.buffer.read())
    return read_lyrics_file(options.lyrics_file)


def _demo(options: argparse.Namespace) -> None:
    from alcca.app.demo import run_demo

    run_demo(options.into, songs=options.songs, progress=not options.quiet)
