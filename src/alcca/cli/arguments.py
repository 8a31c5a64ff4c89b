"""The parser of the command line: verbs, options, and help texts."""

import argparse
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from alcca._version import __version__
from alcca.cli.lyrics_arguments import add_lyrics_options

__all__ = ["make_parser"]

DEFAULT_LIBRARY = "alcca-library"


def make_parser(run: Mapping[str, Callable[[argparse.Namespace], int | None]]) -> argparse.ArgumentParser:
    """Make the parser for the command line.

    Parameters
    ----------
    run : mapping of str to function
        The function that carries out each verb; the parsed options hold it as ``run``.
    """
    parser = argparse.ArgumentParser(
        prog="alcca",
        description="Find lyrics by sound and songs by words.",
        epilog="Start with: alcca add ~/Music, then alcca train, then alcca search --lyrics 'some words'.",
    )
    parser.add_argument("--version", action="version", version=f"alcca {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    every = argparse.ArgumentParser(add_help=False)
    every.add_argument("--quiet", action="store_true", help="show no progress")
    every.add_argument(
        "--debug", action="store_true", help="show a traceback when something fails, and the warnings of libraries"
    )
    common = argparse.ArgumentParser(add_help=False, parents=[every])
    common.add_argument(
        "--library",
        type=Path,
        default=Path(os.environ.get("ALCCA_LIBRARY", DEFAULT_LIBRARY)),
        metavar="PATH",
        help="the library's folder (default: $ALCCA_LIBRARY, else ./alcca-library)",
    )
    common.add_argument("--json", action="store_true", help="print the result as JSON")
    common.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="PACKAGE",
        help="allow code from this package, or from ENCODER:MODEL, to run when a library's model needs it; stored in "
        "your user settings, not in the library",
    )

    workers = argparse.ArgumentParser(add_help=False)
    workers.add_argument(
        "--cluster",
        default=os.environ.get("ALCCA_CLUSTER") or None,
        metavar="ADDRESS",
        help="run on the workers of the Dask scheduler at tcp://HOST:PORT; the workers must see the same files "
        "(default: $ALCCA_CLUSTER, else this machine)",
    )

    speech = argparse.ArgumentParser(add_help=False)
    speech.add_argument(
        "--speech-model",
        metavar="NAME|FOLDER",
        help="a Whisper model, tiny … large-v3, or a folder with one (default: $ALCCA_SPEECH_MODEL, else the one that "
        "transcribed the library, else base)",
    )
    speech.add_argument("--offline", action="store_true", help="do not download models from the hub")

    index = argparse.ArgumentParser(add_help=False)
    index.add_argument(
        "--index",
        default=os.environ.get("ALCCA_INDEX", "exact"),
        metavar="WHERE",
        help="the search index: exact (in memory), faiss (on disk, for libraries larger than memory; settings follow "
        "after colons, as in faiss:codes=pq), milvus://HOST:PORT/COLLECTION or milvus:FILE.db (default: $ALCCA_INDEX, "
        "else exact; docs/scale.md explains which to choose)",
    )

    def verb(name: str, summary: str, *options: argparse.ArgumentParser) -> argparse.ArgumentParser:
        sentence = summary[0].upper() + summary[1:] + "."
        added = verbs.add_parser(name, parents=options or [common], help=summary, description=sentence)
        added.set_defaults(run=run[name])
        return added

    add = verb(
        "add", "add the songs of a music folder and transcribe them; resumes after an interruption", common, workers,
        speech,
    )  # fmt: skip
    add.add_argument(
        "folder", metavar="FOLDER", help="a music folder, one audio file, or an address such as s3://BUCKET/MUSIC"
    )
    add.add_argument(
        "--offset",
        type=float,
        metavar="SECONDS",
        help="start of the 30 s slice of each song (default: the middle; transcribed is where most is sung)",
    )
    add.add_argument("--retry", action="store_true", help="retry files whose audio could not be used")
    add.add_argument(
        "--encoding",
        metavar="NAME",
        help="of lyric files and tables that are not Unicode, such as gbk or cp1251 (default: detected for each file)",
    )
    add.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="worker processes (default: all processors; a cluster uses its own workers)",
    )
    add.add_argument(
        "--hear",
        choices=("slice", "song", "off"),
        help="transcribe 30 s of each song (where most is sung), whole songs, or nothing "
        "(default: $ALCCA_HEAR, else slice)",
    )

    hear = verb(
        "hear", "transcribe songs that have no transcript yet; resumes after an interruption", common, workers,
        speech,
    )  # fmt: skip
    hear.add_argument(
        "--extent", choices=("slice", "song"), default="slice", help="what to transcribe of each song (default: slice)"
    )
    which = hear.add_mutually_exclusive_group()
    which.add_argument("--again", action="store_true", help="transcribe all songs again, including those already done")
    which.add_argument(
        "--doubtful", action="store_true",
        help="transcribe songs again whose transcript is empty or doubtful, if that may find more words",
    )  # fmt: skip
    hear.add_argument(
        "--language", metavar="CODE", help="sung language, such as en or de (default: the song's tag, else detected)"
    )

    verb("status", "show what the library holds, which files were rejected and why, and which model is trained")

    check = verb("check", "check that a whole library is as alcca wrote it, and repair it")
    check.add_argument(
        "--repair", action="store_true",
        help="rebuild indexes, vectors and the map, and remove damaged rows, which the next add reads again",
    )  # fmt: skip
    check.add_argument(
        "--music", action="store_true", help="also read all music files, and compare them with what was added"
    )

    train = verb("train", "learn the space from the library's songs and rebuild the index", common, workers)
    train.add_argument(
        "--components",
        type=int,
        metavar="N",
        help="canonical components (default: chosen on a fifth of the songs)",
    )
    train.add_argument("--epochs", type=int, metavar="N", help="passes over the songs (default: the method's)")
    train.add_argument(
        "--method",
        metavar="NAME",
        help="the method that learns the space: one of alcca evaluate's, with settings, the dotted name of a class, or "
        "best, which compares several on a fifth of the songs (default: cca; docs/results.md explains why)",
    )
    train.add_argument(
        "--audio-encoder",
        metavar="NAME",
        help="audio encoder: mfcc, mfcc-stats, descriptors, clap:MODEL, or one from an installed package (default: "
        "mfcc-stats; with --method, the encoder that the method requires, else mfcc)",
    )
    train.add_argument(
        "--lyrics-encoder",
        metavar="NAME",
        help="lyrics encoder: doc2vec, tfidf, sentence:MODEL, or one from an installed package; settings follow after "
        "colons (default: tfidf; with --method, doc2vec)",
    )
    train.add_argument(
        "--seed", type=int, default=0, metavar="N", help="the same seed and songs give the same model (default: 0)"
    )

    evaluate = verb("evaluate", "compare methods on held-out songs, and with chance", common, workers)
    evaluate.add_argument(
        "data",
        type=Path,
        nargs="?",
        metavar="DATA",
        help="a library, or a file of features: .npz, .parquet, .mat, .h5 or .csv (default: the library)",
    )
    evaluate.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="a TOML file that describes the comparison, with keys such as methods and seeds; options of the command "
        "line replace its own, and a report contains the file that repeats it",
    )
    evaluate.add_argument(
        "--methods",
        metavar="NAME,NAME,…",
        help="methods, 'all' for the paper's, heard, fused, fused:METHOD, or dotted names of classes; settings follow "
        "after colons, as in cca:ridge=10 (default: fused,heard,alcca if the data has transcripts, else alcca)",
    )
    evaluate.add_argument(
        "--audio-encoders",
        metavar="NAME,NAME,…",
        help="audio encoders: mfcc, mfcc-stats, descriptors, clap:MODEL, or one from an installed package; each method "
        "is compared with each pair of encoders (default: the paper's, MFCC)",
    )
    evaluate.add_argument(
        "--lyrics-encoders",
        metavar="NAME,NAME,…",
        help="lyrics encoders: doc2vec, tfidf, sentence:MODEL, or one from an installed package; settings follow after "
        "colons, as in tfidf:max_features=500 (default: the paper's, Doc2Vec)",
    )
    evaluate.add_argument(
        "--tune",
        action="append",
        nargs="?",
        const="",
        metavar="GRID|FILE",
        help="choose each method's settings inside each training fold, from its default grid or yours: "
        "cca:ridge=0.1,1,10, a .toml file, folds=5 or measure=R@10; may be repeated, and follows DATA (default: "
        "settings as given)",
    )
    evaluate.add_argument("--folds", type=int, metavar="N", help="folds of the cross-validation (default: 5)")
    evaluate.add_argument(
        "--components",
        type=_numbers,
        metavar="N,N,…",
        help="canonical components (default: 10,20,…,100)",
    )
    evaluate.add_argument("--epochs", type=int, metavar="N", help="passes over the songs (default: the method's)")
    evaluate.add_argument(
        "--seeds",
        type=_numbers,
        metavar="N,N,…",
        help="run one cross-validation per seed, which sets its folds and models (default: 0)",
    )
    evaluate.add_argument(
        "--slow-after",
        type=float,
        metavar="SECONDS",
        help="run methods whose fit takes longer than this with the first seed only",
    )
    evaluate.add_argument(
        "--control",
        action=argparse.BooleanOptionalAction,
        help="also train on shuffled pairs, which doubles the time (default: --control)",
    )
    evaluate.add_argument("--language", metavar="NAME", help="only songs in this language (libraries only)")
    evaluate.add_argument(
        "--descriptors", type=Path, metavar="CSV", help="your own Spotify features of a library's songs"
    )
    evaluate.add_argument(
        "--distractors",
        type=Path,
        metavar="FILE|LIBRARY",
        help="lyrics that match no query, added to every pool: a folder of texts, a table, or another library",
    )
    evaluate.add_argument(
        "--jobs", type=int, metavar="N", help="processes (default: all processors; a cluster uses its own workers)"
    )
    evaluate.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FOLDER",
        help="write the report here: tables, figures, report.html, all ranks; an interrupted run resumes from it",
    )

    evaluate.add_argument(
        "--log",
        action="append",
        metavar="KIND[:WHERE]",
        help="log the losses of every epoch of each network: tensorboard:FOLDER, mlflow:URI or wandb:PROJECT; may be "
        "repeated",
    )
    evaluate.add_argument(
        "--save-runs",
        action=argparse.BooleanOptionalAction,
        help="also write run files and qrels of TREC, for trec_eval, ranx and ir-measures, to runs/ of the report",
    )
    evaluate.add_argument(
        "--save-scores",
        action=argparse.BooleanOptionalAction,
        help="also write the scores and embeddings of every test fold, as .npz files, to scores/ of the report",
    )
    evaluate.add_argument(
        "--fresh",
        action=argparse.BooleanOptionalAction,
        help="repeat all fits, including those saved by an earlier run of the same comparison",
    )

    # What the environment says, which a file replaces.
    evaluate.set_defaults(environment={name: evaluate.get_default(name) for name in ("library", "cluster")})

    served = verb("serve", "serve a library: a search page and a REST API", common, index)
    served.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="address to bind (default: 127.0.0.1)")
    served.add_argument("--port", type=int, default=8000, metavar="N", help="0 picks a free port (default: 8000)")
    served.add_argument("--uds", type=Path, metavar="SOCKET", help="bind a Unix socket instead, for a proxy")
    served.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="also answer to this host name, of a proxy; NAME:PORT and *.NAME too; may be given several times",
    )
    served.add_argument(
        "--root-path", default="", metavar="PATH", help="path below which a proxy makes the server available: /lyrics"
    )
    served.add_argument(
        "--trusted-proxy",
        action="append",
        metavar="ADDRESS",
        help="proxy, or network of proxies, whose X-Forwarded headers are believed (default: this machine); may be "
        "given several times",
    )
    served.add_argument(
        "--token",
        default=os.environ.get("ALCCA_TOKEN"),
        metavar="SECRET",
        help="require this token with every request; mandatory for any other --host (default: $ALCCA_TOKEN)",
    )
    served.add_argument("--api-only", action="store_true", help="serve the API without the page")
    served.add_argument(
        "--max-upload", type=float, default=50, metavar="MB", help="largest recording that is accepted (default: 50)"
    )
    served.add_argument("--open", action="store_true", help="open the page in this machine's browser")

    search = verb("search", "search by a recording, by lyrics, or by exact words", common, index)
    query = search.add_mutually_exclusive_group(required=True)
    query.add_argument("--audio", type=Path, metavar="FILE", help="a recording: find its song, or lyrics that fit it")
    query.add_argument(
        "--lyrics", metavar="TEXT", help="one or more lines: find recordings in which they are sung, or that fit them"
    )
    query.add_argument(
        "--lyrics-file",
        type=Path,
        metavar="FILE",
        help="like --lyrics, with the text from a file (- for standard input)",
    )
    search.add_argument(
        "--encoding",
        metavar="NAME",
        help="of --lyrics-file, if it is not Unicode, such as gbk or cp1251 (default: detected)",
    )
    query.add_argument("--words", metavar="TEXT", help="find songs with exactly these words in title, artist or lyrics")
    search.add_argument(
        "--by",
        default="both",
        metavar="PART",
        help="search by one part alone, words (transcripts and lyrics) or space (the learned space), or by both, which "
        "fuses all parts (default: both)",
    )
    search.add_argument(
        "--careful",
        action="store_true",
        help="if no hit is sure, take minutes: listen to the recording for the lyrics of up to 1,000 songs instead of "
        "the likeliest ones; with --lyrics, listen to the recordings of the likeliest songs",
    )
    search.add_argument("--explain", action="store_true", help="show the score of each part of the search for each hit")
    search.add_argument("-k", type=int, default=10, metavar="N", help="number of hits (default: 10)")
    search.add_argument("--label", metavar="NAME", help="only songs with this label")
    search.add_argument("--artist", metavar="NAME", help="only songs by this artist")

    lyrics = verb(
        "lyrics", "write lyrics with times beside recordings: those that are known, and those found in a source",
        common, workers, speech,
    )  # fmt: skip
    add_lyrics_options(lyrics)

    demo = verb("demo", "run all steps on real songs: get a music folder, add, train, evaluate, search", every)
    demo.add_argument(
        "--songs", type=Path, metavar="FOLDER", help="your own music folder (default: Bach chorales, rendered)"
    )
    demo.add_argument(
        "--into",
        type=Path,
        default=Path("demo"),
        metavar="FOLDER",
        help="folder for the files of the demonstration (default: ./demo)",
    )
    return parser


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]
