"""Detection, by some bytes of a file, of files that no decoder should open."""

from pathlib import Path
from typing import BinaryIO

__all__ = ["not_audio"]

# A file without any control character in so many bytes is a text. Text before sound is shorter: what a radio server
# says before a stream, or a page that a download began with.
HEAD_BYTES = 1 << 16
# Places of a file that begins with zeros, of so many bytes, in which to look for anything else.
PLACES, PLACE_BYTES = 64, 4_096
TEXT_CONTROLS = b"\t\n\v\f\r\x1b"
NO_TEXT = bytes(byte for byte in range(32) if byte not in TEXT_CONTROLS)


def not_audio(path: Path) -> str | None:
    """Why a file (a folder, a pipe, an empty file, a text) cannot be audio; None if a decoder may try it.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "song.mp3"
    >>> _ = path.write_text("<!DOCTYPE html><title>404</title>")
    >>> not_audio(path)
    'is a web page, not audio; download the file again'
    """
    try:
        if not path.exists():
            return f"no such file in {path.parent}"
        # Opening a pipe would block forever.
        if not path.is_file():
            return "is a folder or a device, expected an audio file"
        # Some system files report size 0 too, and reading them never ends.
        if not (size := path.stat().st_size):
            return "the file is empty (0 bytes)"
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            zeros = bool(head) and not any(head) and _has_zeros_only(file, size)
    except OSError as error:
        return f"cannot be read ({error.strerror}); check its permissions"
    if not head:
        return "the file is empty (0 bytes)"
    if zeros:
        return "begins with zeros only; the download or copy is incomplete, get the file again"
    # Deleting bytes is fifty times faster than a loop over them.
    if len(head.translate(None, NO_TEXT)) < len(head):
        return None
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype", b"<html", b"<head", b"<?xml")):
        return "is a web page, not audio; download the file again"
    return "is a text file, not audio"


def _has_zeros_only(file: BinaryIO, size: int) -> bool:
    """Whether a file has zeros wherever one looks; it may be as large as a disk."""
    for number in range(PLACES + 1):
        file.seek(max(0, size - PLACE_BYTES) * number // PLACES)
        if any(file.read(PLACE_BYTES)):
            return False
    return True
