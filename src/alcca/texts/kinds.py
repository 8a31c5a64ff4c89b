"""Files that hold no readable text, by their first bytes, and what to do about each."""

import json
import re

__all__ = ["encrypted_or_binary"]

CONVERT = "which is not read; convert it to .lrc with the program that fetched it"
EXPORT = "which is not read; save its words as a .txt file"
KINDS = (
    (b"krc1", f"an encrypted KRC file (KuGou), {CONVERT}"),
    (b"\x98\x25\xb0\xac\xe3\x02\x83\x68\xe8\xfc\x6c", f"an encrypted QRC file (QQ Music), {CONVERT}"),
    (b"yeelion", f"an encrypted LRCX file (Kuwo), {CONVERT}"),
    (b"tp=content", f"an encrypted LRCX file (Kuwo), {CONVERT}"),
    (b"{\\rtf", f"an RTF document, {EXPORT}"),
    (b"%PDF-", f"a PDF document, {EXPORT}"),
    (b"PK\x03\x04", f"a ZIP archive or Office document, {EXPORT}"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", f"a Word document, {EXPORT}"),
    (b"\x1f\x8b\x08", f"a gzip archive, {EXPORT}"),
    (b"SQLite format 3\0", "a database, not lyrics"),
    (b"ID3", "an audio file, not lyrics"),
    (b"OggS", "an audio file, not lyrics"),
    (b"fLaC", "an audio file, not lyrics"),
    (b"\x89PNG", "a picture, not lyrics"),
    (b"\xff\xd8\xff", "a picture, not lyrics"),
)
# Programs for song texts on a screen, OpenLP and OpenSong, have their own XML. TTML and QRC are XML too.
XML = re.compile(rb"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--[^>]{0,500}-->\s*)?<song[\s>]", re.IGNORECASE)
HEXADECIMAL = frozenset(b"0123456789abcdefABCDEF")
MIN_HEXADECIMAL = 128


def encrypted_or_binary(data: bytes) -> str | None:
    """What a file is that no text can be read from, as the end of a sentence; None for a text.

    Examples
    --------
    >>> encrypted_or_binary(b"krc18...")
    'an encrypted KRC file (KuGou), which is not read; convert it to .lrc with the program that fetched it'
    >>> encrypted_or_binary(b"Hello")
    """
    for magic, kind in KINDS:
        if data.startswith(magic):
            return kind
    body = data.removeprefix(b"\xef\xbb\xbf").strip()
    if XML.match(body):
        return f"an OpenLyrics or OpenSong document, {EXPORT}"
    if body[:1] == b"{" and body[-1:] == b"}" and _is_json(body):
        return f"JSON, as a program or a site has sent it, {EXPORT}"
    # QQ Music's server sends its encrypted lyrics as hexadecimal digits without any line break.
    if len(body) >= MIN_HEXADECIMAL and len(body) % 16 == 0 and set(body) <= HEXADECIMAL:
        return f"an encrypted QRC file (QQ Music), {CONVERT}"
    return None


def _is_json(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data), dict)
    except (ValueError, RecursionError):
        return False
