"""The options of the verb ``lyrics``."""

import argparse
from pathlib import Path

__all__ = ["add_lyrics_options"]


def add_lyrics_options(lyrics: argparse.ArgumentParser) -> None:
    """Add the options of the verb to its parser."""
    lyrics.add_argument(
        "folders",
        nargs="*",
        metavar="FOLDER",
        help="music folders or audio files, which need not be in a library (default: the library's recordings)",
    )
    lyrics.add_argument(
        "--from",
        dest="sources",
        action="append",
        type=Path,
        default=[],
        metavar="SOURCE",
        help="look here for lyrics that are not known, by what is sung: a folder of texts, or a lyric database "
        "(LRCLIB's .sqlite3, .csv, .jsonl, .parquet); may be repeated",
    )
    lyrics.add_argument("--all", action="store_true", help="also write lyrics that are likely, not only sure ones")
    lyrics.add_argument(
        "--transcribe", action="store_true", help="where no lyrics are found, write what was heard, marked as such"
    )
    lyrics.add_argument(
        "--write",
        default="lrc",
        metavar="FORMAT[,FORMAT]",
        help="files to write beside each recording: lrc, elrc (with words), srt, vtt, ttml, txt (default: lrc); no "
        "file is ever replaced",
    )
    lyrics.add_argument(
        "--words", action="store_true", help="put the times of words into .lrc files too (enhanced LRC)"
    )
    lyrics.add_argument(
        "--retime", action="store_true",
        help="correct times that are there already, if they are off; the old file is kept as NAME.lrc.bak",
    )  # fmt: skip
    lyrics.add_argument("--missing", action="store_true", help="only recordings without lyrics")
    lyrics.add_argument("--dry-run", action="store_true", help="show what would be written, without writing files")
    lyrics.add_argument("--again", action="store_true", help="listen again to what an earlier run has listened to")
    lyrics.add_argument(
        "--language", metavar="CODE", help="sung language, such as en or de (default: the song's tag, else detected)"
    )
    lyrics.add_argument(
        "--encoding",
        metavar="NAME",
        help="of texts that are not Unicode, such as gbk or cp1251 (default: detected for each file)",
    )
    lyrics.add_argument(
        "--jobs", type=int, metavar="N", help="recordings to listen to at the same time (default: all processors)"
    )
    lyrics.add_argument(
        "--csv",
        nargs="?",
        const="-",
        metavar="FILE",
        help="write a table with a row for each recording to FILE, or print it in the place of all else",
    )
    lyrics.add_argument("--verbose", action="store_true", help="show all recordings, and lines that are not sung")
    lyrics.add_argument(
        "--watch", action="store_true", help="go on with what comes into the folders, until Ctrl-C or SIGTERM"
    )
    lyrics.add_argument(
        "--poll",
        type=float,
        metavar="SECONDS",
        help="with --watch: look for changes so often, for network mounts, which do not tell of them",
    )
