"""The kinds of entries in a music folder: by suffix for files, and by mode for what is no file."""

import stat
from collections.abc import Mapping
from pathlib import PurePath

__all__ = ["AUDIO_SUFFIXES", "CUE_SHEET", "is_audio", "kind_of", "passed_over", "strange_suffix"]

# Files of sound that libsndfile or FFmpeg reads. Of containers that may hold a film too, only those in which people
# keep music or voice memos: 3gp, mp4, webm, ogg.
AUDIO_SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in """
    3g2 3ga 3gp 3gpp 8svx aa aa3 aac ac3 ac4 adts adx aea afc aif aifc aiff amr apc ape asf at3 au avr awb bonk bwf
    caf dff dsf dss dts dtshd dtsma eac3 ec3 fla flac hcom iff ircam latm loas m2a m4a m4b m4r mac mka mlp mmf mp+
    mp1 mp2 mp3 mp4 mpa mpc mpga mpp msf nist oga ogg oma omg opus paf pvf qcp qoa ra rf64 rka rm sds sf shn snd sox
    sph spx svx tak thd truehd tta voc vqf w64 wav wave weba webm wma wsd wv xa xwma
    """.split()  # noqa: SIM905 - legible
)
# Says which parts of a recording are songs.
CUE_SHEET = ".cue"
# What lies beside music in many folders and holds no sound: nothing is missed when it is passed over.
COMPANIONS = frozenset(
    f".{suffix}"
    for suffix in """
    accurip asc ass asx avif bak bib bmp css csv cue db desktop dng doc docx elrc epub eps ffp gif heic heif htm
    html ico ini ion jpe jpeg jpg jpf js json jsonl jxl krc lnk log lrc lrcx lyric m3u m3u8 markdown md md5 mid midi
    mood musicxml mxl nfo npy npz odt ods opf parquet part pdf peak pk pls png pot psd py qrc readme reapeaks rst
    rtf sbv sfk sfv sha1 sha256 sha512 smi srt ssa st5 svg tex theme tif tiff toc toml torrent tsv ttml txt url vtt
    webloc webp wpl wvc xls xlsx xml xspf xsl yaml yml yrc
    """.split()  # noqa: SIM905 - legible
)
KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
# Suffixes that are named; the rest are counted together.
MOST_NAMED = 8
# A longer "suffix" is part of a name: "Vol.2 (live at the old mill)".
LONGEST_SUFFIX = 12


def is_audio(path: PurePath | str) -> bool:
    """Whether a file's name ends as audio files do.

    Examples
    --------
    >>> is_audio("Music/Song.DSF"), is_audio("cover.jpg"), is_audio("film.mkv")
    (True, False, False)
    """
    return PurePath(path).suffix.lower() in AUDIO_SUFFIXES


def strange_suffix(path: PurePath | str) -> str | None:
    """The suffix of a file that is passed over and may hold sound, "" if it has none.

    None for audio files, and for companions of music: pictures, texts, lyrics, tables, playlists, logs.

    Examples
    --------
    >>> [strange_suffix(name) for name in ("film.MKV", "song.kar", "TRACK01", "song.flac", "cover.jpg", "list.m3u8")]
    ['.mkv', '.kar', '', None, None, None]
    """
    suffix = PurePath(path).suffix.lower()
    if suffix in AUDIO_SUFFIXES or suffix in COMPANIONS:
        return None
    return suffix if len(suffix) <= LONGEST_SUFFIX and suffix.isprintable() else ""


def passed_over(counts: Mapping[str, int]) -> str | None:
    """How many files of which suffixes were passed over, as a sentence for users; None if there are none.

    Parameters
    ----------
    counts : mapping of str to int
        Of each result of `strange_suffix`, the number of files.

    Examples
    --------
    >>> passed_over({".flp": 2, ".cdg": 10, "": 1})
    '13 files were passed over: 10 .cdg, 2 .flp, 1 without a suffix'
    >>> passed_over({".mkv": 1})
    '1 file was passed over: 1 .mkv'
    """
    ranked = sorted(((suffix, count) for suffix, count in counts.items() if count), key=lambda one: (-one[1], one[0]))
    total = sum(count for _, count in ranked)
    if not total:
        return None
    named = [f"{count} {suffix or 'without a suffix'}" for suffix, count in ranked[:MOST_NAMED]]
    if rest := sum(count for _, count in ranked[MOST_NAMED:]):
        named.append(f"{rest} of {len(ranked) - MOST_NAMED} other kinds")
    return f"{total} file{' was' if total == 1 else 's were'} passed over: {', '.join(named)}"


def kind_of(mode: int) -> str:
    """The kind of file of a mode, in words.

    Examples
    --------
    >>> import os
    >>> kind_of(os.stat(os.curdir).st_mode)
    'a folder'
    """
    return KINDS.get(stat.S_IFMT(mode), "something else")
