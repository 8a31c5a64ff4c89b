"""What may be said on the command line: the verbs, their options, and the help."""

import argparse
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from alcca import __version__

__all__ = ["make_parser"]

DEFAULT_LIBRARY = "alcca-library"


def make_parser(run: Mapping[str, Callable[[argparse.Namespace], None]]) -> argparse.ArgumentParser:
    """Make the parser of the command line.

    Parameters
    ----------
    run : mapping of str to function
        What each verb does with its options; the parser leaves it in them as ``run``.
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
    common.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="PACKAGE",
        help="let the code of this package, or of ENCODER:MODEL, run where a library's model needs it; remembered for "
        "you, not in the library",
    )

    workers = argparse.ArgumentParser(add_help=False)
    workers.add_argument(
        "--cluster",
        default=os.environ.get("ALCCA_CLUSTER") or None,
        metavar="ADDRESS",
        help="do the work on the workers of the Dask scheduler at tcp://HOST:PORT, which see the same files "
        "(default: $ALCCA_CLUSTER, else on this machine)",
    )

    ears = argparse.ArgumentParser(add_help=False)
    ears.add_argument(
        "--speech-model",
        metavar="NAME|FOLDER",
        help="a Whisper model, tiny … large-v3, or its folder (default: $ALCCA_SPEECH_MODEL, else what the library was "
        "heard with, else base)",
    )
    ears.add_argument("--offline", action="store_true", help="fetch no model from the hub")

    index = argparse.ArgumentParser(add_help=False)
    index.add_argument(
        "--index",
        default=os.environ.get("ALCCA_INDEX", "exact"),
        metavar="WHERE",
        help="where songs are searched: exact (all in memory), faiss (in files, for more than memory holds; settings "
        "behind colons, as in faiss:codes=pq), milvus://HOST:PORT/COLLECTION or milvus:FILE.db (default: $ALCCA_INDEX, "
        "else exact; docs/scale.md says which is for what)",
    )

    def verb(name: str, summary: str, *options: argparse.ArgumentParser) -> argparse.ArgumentParser:
        sentence = summary[0].upper() + summary[1:] + "."
        added = verbs.add_parser(name, parents=options or [common], help=summary, description=sentence)
        added.set_defaults(run=run[name])
        return added

    add = verb(
        "add", "add the songs of a music folder and hear their words; goes on where it was stopped", common, workers,
        ears,
    )  # fmt: skip
    add.add_argument(
        "folder", metavar="FOLDER", help="a music folder, one audio file, or an address such as s3://BUCKET/MUSIC"
    )
    add.add_argument(
        "--offset",
        type=float,
        metavar="SECONDS",
        help="where the 30 s slice of a song starts (default: the middle)",
    )
    add.add_argument("--retry", action="store_true", help="try files again whose audio could not be used")
    add.add_argument(
        "--jobs", type=int, metavar="N", help="worker processes (default: all processors; a cluster has its own number)"
    )
    add.add_argument(
        "--hear",
        choices=("slice", "song", "off"),
        help="listen to the 30 s slice of each song, to whole songs, or to nothing (default: $ALCCA_HEAR, else slice)",
    )

    hear = verb(
        "hear", "hear the words of songs that were added without it; goes on where it was stopped", common, workers,
        ears,
    )  # fmt: skip
    hear.add_argument(
        "--extent", choices=("slice", "song"), default="slice", help="how much of each song (default: slice)"
    )
    which = hear.add_mutually_exclusive_group()
    which.add_argument("--again", action="store_true", help="hear all songs anew, also those that were heard before")
    which.add_argument(
        "--doubtful", action="store_true",
        help="hear those anew that were heard without words or in doubt, where hearing again may find more",
    )  # fmt: skip
    hear.add_argument(
        "--language", metavar="CODE", help="what is sung, as en or de (default: the song's own language, else detected)"
    )

    verb("status", "say what is in the library, what was rejected and why, and what is trained")

    train = verb("train", "learn the common space from the library's songs and rebuild the index", common, workers)
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
        help="what learns the space: a method of alcca evaluate with its settings, the dotted name of a class, or "
        "best, which compares several on a fifth of the songs (default: cca; docs/results.md says why)",
    )
    train.add_argument(
        "--audio-encoder",
        metavar="NAME",
        help="what describes the sound: mfcc, mfcc-stats, descriptors, clap:MODEL, or an installed package's (default: "
        "mfcc-stats; of a method that is named, what it insists on, else mfcc)",
    )
    train.add_argument(
        "--lyrics-encoder",
        metavar="NAME",
        help="what describes the lyrics: doc2vec, tfidf, sentence:MODEL, or an installed package's, with settings "
        "behind colons (default: tfidf; of a method that is named, doc2vec)",
    )
    train.add_argument(
        "--seed", type=int, default=0, metavar="N", help="same seed, same songs: same model (default: 0)"
    )

    evaluate = verb("evaluate", "compare methods on songs that they have not seen, beside chance", common, workers)
    evaluate.add_argument(
        "data",
        type=Path,
        nargs="?",
        metavar="DATA",
        help="a library, or a .npz or .parquet file of features (default: the library)",
    )
    evaluate.add_argument(
        "--methods",
        metavar="NAME,NAME,…",
        help="methods, 'all' for the paper's, heard, fused, fused:METHOD, or dotted names of classes; settings behind "
        "colons, as in cca:ridge=10 (default: fused,heard,alcca where words were heard, else alcca)",
    )
    evaluate.add_argument(
        "--audio-encoders",
        metavar="NAME,NAME,…",
        help="what describes the sound: mfcc, mfcc-stats, descriptors, clap:MODEL, or an installed package's; each "
        "method is compared with each pair of encoders (default: the paper's, MFCC)",
    )
    evaluate.add_argument(
        "--lyrics-encoders",
        metavar="NAME,NAME,…",
        help="what describes the lyrics: doc2vec, tfidf, sentence:MODEL, or an installed package's; settings behind "
        "colons, as in tfidf:max_features=500 (default: the paper's, Doc2Vec)",
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
    evaluate.add_argument(
        "--distractors",
        type=Path,
        metavar="FILE|LIBRARY",
        help="lyrics that are right for nobody, added to every pool: a folder of texts, a table, or another library",
    )
    evaluate.add_argument(
        "--jobs", type=int, metavar="N", help="processes (default: all processors; a cluster has its own number)"
    )
    evaluate.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FOLDER",
        help="write the report here: tables, figures, report.html, every rank; a broken run goes on from here",
    )

    evaluate.add_argument(
        "--fresh",
        action="store_true",
        help="do all fits anew, also those that an earlier run of the same comparison has kept",
    )

    served = verb("serve", "open a library to the browser: a search page and a REST API", common, index)
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

    search = verb("search", "search by a recording, by lyrics, or by exact words", common, index)
    query = search.add_mutually_exclusive_group(required=True)
    query.add_argument(
        "--audio", type=Path, metavar="FILE", help="a recording: the song that it is of, or lyrics that fit"
    )
    query.add_argument(
        "--lyrics", metavar="TEXT", help="a line or more: recordings in which it is sung, or that fit it"
    )
    query.add_argument(
        "--lyrics-file",
        type=Path,
        metavar="FILE",
        help="the same, the text from a file (- for standard input)",
    )
    query.add_argument("--words", metavar="TEXT", help="songs that hold exactly these words in title, artist or lyrics")
    search.add_argument(
        "--by",
        choices=("words", "space", "both"),
        default="both",
        help="by the words that are heard and written, by the learned space, or by both (default: both)",
    )
    search.add_argument("--explain", action="store_true", help="show what each part of the search says of each song")
    search.add_argument("-k", type=int, default=10, metavar="N", help="how many songs (default: 10)")
    search.add_argument("--label", metavar="NAME", help="only songs with this label")
    search.add_argument("--artist", metavar="NAME", help="only songs by this artist")

    lyrics = verb("lyrics", "propose which lyrics belong to recordings that have none, by what is heard in them")
    lyrics.add_argument("folder", type=Path, metavar="FOLDER", help="where the lyrics are, as .txt or .lrc files")
    lyrics.add_argument("--all", action="store_true", help="show also what is not sure")
    lyrics.add_argument(
        "--write",
        choices=("lrc", "txt"),
        help="write NAME.lrc (with times) or NAME.txt beside each recording, never over an existing file",
    )
    lyrics.add_argument("--dry-run", action="store_true", help="say what --write would do, and write nothing")

    demo = verb("demo", "the whole way on real songs: get a music folder, add, train, evaluate, search", every)
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
