"""The command line: one thin function per verb.

Verbs import heavy packages only when they run, so ``alcca --help`` answers at once.
"""

import argparse
import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from alcca.cli.arguments import make_parser
from alcca.cli.plain import plain, plain_output
from alcca.cli.printing import print_heard, print_heard_clip, print_hearing, print_hits, print_pairs
from alcca.cli.warned import quiet_libraries
from alcca.errors import AlccaError, LyricsError, UsageError
from alcca.models.processes import world_size

if TYPE_CHECKING:
    from alcca.library.library import Library

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0: success. 1: the command failed. 2: wrong usage. 130: interrupted.
    """
    # Characters that the terminal's encoding lacks must not end the program.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    options = make_parser(VERBS).parse_args(arguments)
    try:
        if world_size() > 1:
            raise UsageError(
                f"alcca commands run in one process, but torchrun has started {world_size()}; use torchrun for scripts "
                "that call a model's fit"
            )
        with plain_output(), quiet_libraries(options.debug), _interrupted_when_told_to_end():
            _trust(getattr(options, "trust", []))
            code = options.run(options)
        sys.stdout.flush()
    except AlccaError as error:
        if options.debug:
            raise
        return _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _fail("interrupted; finished work is saved, run the same command to resume", 130)
    except BrokenPipeError:
        # The reader of the pipe (head, less) has exited. Without this, Python reports the error again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if options.debug:
            raise
        from alcca.persistence import disk_error

        if full := disk_error(error):
            return _fail(str(full), full.exit_code)
        return _fail(f"unexpected {type(error).__name__}: {error}; run with --debug to see where", 1)
    return code or 0


@contextlib.contextmanager
def _interrupted_when_told_to_end() -> Iterator[None]:
    """Treat SIGTERM, from a service manager or batch system, like Ctrl-C: finished work is saved and workers end."""

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
    print(plain("alcca: " + " ".join(message.split())), file=sys.stderr)
    return code


def _open(options: argparse.Namespace, *, make: bool = False, index: str = "exact") -> "Library":
    from alcca.library.library import Library

    cluster = getattr(options, "cluster", None)
    library = Library(options.library, progress=not options.quiet, index=index, cluster=cluster)
    if not make and not library.is_made:
        library.close()
        raise UsageError(
            f"{options.library}: no library here; create one with: alcca add FOLDER --library {options.library}"
        )
    return library


def _trust(names: Sequence[str]) -> None:
    if names:
        from alcca.persistence.trusted import trust, trusted_file

        for name in names:
            if trust(name):
                print(f"{name} is now trusted; the list of trusted packages is {trusted_file()}", file=sys.stderr)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2))


def _add(options: argparse.Namespace) -> None:
    from alcca.songs.kinds import passed_over

    with _open(options, make=True) as library:
        report = library.add(
            options.folder,
            offset=options.offset,
            retry=options.retry,
            encoding=options.encoding,
            jobs=options.jobs,
            hear=options.hear,
            speech_model=options.speech_model,
            offline=options.offline,
        )
        if options.json:
            _print_json(report.to_dict())
            return
        print(
            f"{report.found} audio files: {report.added} added, {report.changed} changed, {report.moved} moved, "
            f"{report.duplicates} duplicates, {report.unchanged} unchanged"
        )
        if report.tracks:
            print(f"{report.tracks} songs are tracks of files that cue sheets divide")
        if (others := passed_over(report.passed_over)) is not None:
            print(others)
        print_pairs("cannot be used for training", report.rejects)
        print_pairs("notes", report.notes)
        if report.hearing is not None:
            print_hearing(report.hearing)
        status = library.status()
        print(f"The library has {status['songs']} songs, {status['usable']} with audio and lyrics.")


def _hear(options: argparse.Namespace) -> None:
    with _open(options) as library:
        report = library.hear(
            extent=options.extent,
            again=options.again,
            doubtful=options.doubtful,
            language=options.language,
            speech_model=options.speech_model,
            offline=options.offline,
        )
    if options.json:
        _print_json(report.to_dict())
    else:
        print_hearing(report)


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
    print_heard(status["hearing"])
    model = status["model"]
    if model is None:
        print("  model: none; train one with: alcca train")
    else:
        print(
            f"  model: {model['method']} of {model['audio_encoder']} and {model['lyrics_encoder']}, "
            f"{model['components']} components, trained {model['trained']} on "
            f"{model['songs']} songs ({model['songs_since']:+d} usable songs since then)"
        )
        if not model["checksums"]:
            print("  the model was saved by an older version, without checksums; alcca train writes them")
    for index in status["indexes"]:
        print(
            f"  index: faiss, {index['view']} of {index['songs']} songs, {index['bytes'] / 1e6:.0f} MB, reads "
            f"{index['probes']} of {index['lists']} lists and finds {index['recall']:.1%} of the ten nearest"
        )
    if status["damaged"]:
        print(f"  damaged: {status['damaged']} songs; run alcca add on their folder to read them again")
    if status["missing_files"]:
        print(
            f"  missing: {len(status['missing_files'])} files are no longer at their path, "
            f"such as {status['missing_files'][0]}"
        )
    print_pairs("cannot be used for training", [(r["file"], r["reason"]) for r in status["rejects"]])


def _check(options: argparse.Namespace) -> int:
    from alcca.cli.check import check

    return check(
        options.library,
        repair=options.repair,
        music=options.music,
        as_json=options.json,
        progress=not options.quiet,
    )


def _train(options: argparse.Namespace) -> None:
    with _open(options) as library:
        report = library.train(
            method=options.method,
            audio_encoder=options.audio_encoder,
            lyrics_encoder=options.lyrics_encoder,
            components=options.components,
            epochs=options.epochs,
            random_state=options.seed,
        )
    if options.json:
        _print_json(vars(report))
        return
    print(
        f"Trained {report.method} of {report.audio_encoder} and {report.lyrics_encoder} on {report.songs} songs in "
        f"{report.seconds:.0f} s: {report.components} components"
        f"{f', {report.epochs} epochs' if report.epochs else ''}. {report.embedded} songs can be searched."
    )
    print_pairs("left out because they cannot be encoded", report.left_out)
    if report.trusted:
        print(f"This model runs third-party code that you named: {', '.join(report.trusted)} (see --trust).")
    for method, mrr in sorted(report.compared.items(), key=lambda item: -item[1]):
        print(f"  {method:14s} MRR1 {mrr:.3f}")
    if report.chosen_on:
        what = "The method and its" if report.compared else "The"
        print(
            f"{what} components were chosen on {report.chosen_on} songs held out from a first training: MRR1 "
            f"{report.held_out_mrr1:.3f} on them, chance {report.held_out_chance:.3f}. For a full evaluation, run "
            "alcca evaluate."
        )


def _evaluate(options: argparse.Namespace) -> None:
    from alcca.cli.described import complete
    from alcca.cli.evaluate import compare, distractors_at
    from alcca.models.loggers import make_logger

    complete(options)
    protocol = {
        "folds": options.folds,
        "tune": options.tune,
        "components": options.components,
        "seed": options.seeds,
        "slow_after": options.slow_after,
        "distractors": None if options.distractors is None else distractors_at(options.distractors),
        "audio_encoders": options.audio_encoders,
        "lyrics_encoders": options.lyrics_encoders,
        "shuffled_control": options.control,
        "callbacks": [make_logger(text) for text in options.log or ()],
        "fresh": options.fresh,
        "n_jobs": options.jobs or os.cpu_count() or 1,
        "verbose": not options.quiet,
    }
    if options.data is not None and not options.data.is_dir():
        for name in ("language", "descriptors"):
            if getattr(options, name) is not None:
                raise UsageError(f"--{name} is only for a library; {options.data} is a file of features")
        protocol["cluster"] = options.cluster
        compare(options, options.data, **protocol)
        return
    options.library = options.data or options.library
    with _open(options) as library:
        about = {"language": options.language, "csv": options.descriptors}
        compare(options, library, **about, **protocol)


def _serve(options: argparse.Namespace) -> None:
    from alcca.server.run import serve

    if not 0 < options.max_upload < 10_000:
        raise UsageError(f"--max-upload is {options.max_upload:g}; expected megabytes, above 0 and below 10,000")
    serve(
        options.library,
        host=options.host,
        port=options.port,
        uds=options.uds,
        token=options.token,
        allowed_hosts=options.allowed_host,
        root_path=options.root_path,
        trusted_proxies=options.trusted_proxy,
        api_only=options.api_only,
        max_upload=int(options.max_upload * 10**6),
        browse=options.open,
        index=options.index,
    )


def _search(options: argparse.Namespace) -> None:
    if options.careful and options.words is not None:
        raise UsageError("--careful listens to recordings, and --words only looks for words; give --audio or --lyrics")
    if options.encoding is not None and options.lyrics_file is None:
        raise UsageError("--encoding is that of the text of --lyrics-file; give this with it")
    which = {"k": options.k, "label": options.label, "artist": options.artist}
    with _open(options, index=options.index) as library:
        if options.words is not None:
            hits = library.find(options.words, **which)
        else:
            hits = library.search(
                audio=options.audio, lyrics=_lyrics(options), by=options.by, careful=options.careful, **which
            )
    if options.json:
        _print_json(hits.to_dict())
    else:
        print_heard_clip(hits)
        print_hits(hits, explain=options.explain)


def _write_lyrics(options: argparse.Namespace) -> None:
    from alcca.cli.lyrics import run_lyrics

    # Folders need no library.
    with _open(options, make=True) as library:
        run_lyrics(options, library)


def _lyrics(options: argparse.Namespace) -> str | None:
    from alcca.texts.encodings import checked_encoding, decode_text, read_lyrics_file

    encoding = checked_encoding(options.encoding)
    if options.lyrics_file is None:
        return str(options.lyrics) if options.lyrics is not None else None
    if str(options.lyrics_file) == "-":
        try:
            return decode_text(sys.stdin.buffer.read(), encoding=encoding)
        except LyricsError as error:
            raise LyricsError(f"standard input: {error}") from error
    return read_lyrics_file(options.lyrics_file, encoding=encoding)


def _demo(options: argparse.Namespace) -> None:
    from alcca.cli.demo import run_demo

    run_demo(options.into, songs=options.songs, progress=not options.quiet)


VERBS: dict[str, Callable[[argparse.Namespace], int | None]] = {
    "add": _add,
    "hear": _hear,
    "status": _status,
    "check": _check,
    "train": _train,
    "evaluate": _evaluate,
    "serve": _serve,
    "search": _search,
    "lyrics": _write_lyrics,
    "demo": _demo,
}
