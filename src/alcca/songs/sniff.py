"""Detection, by a file's first bytes, of files that no decoder should open."""

from pathlib import Path

__all__ = ["not_audio"]

# Enough bytes to detect a text file; no audio format begins with that much text.
HEAD_BYTES = 512


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
        if not path.stat().st_size:
            return "the file is empty (0 bytes)"
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        return f"cannot be read ({error.strerror}); check its permissions"
    if not head:
        return "the file is empty (0 bytes)"
    if not head.strip(b"\0"):
        return "begins with zeros only; the download or copy is incomplete, get the file again"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype", b"<html", b"<head", b"<?xml")):
        return "is a web page, not audio; download the file again"
    if all(byte >= 32 or byte in b"\t\r\n" for byte in head) and _is_utf8(head):
        return "is a text file, not audio"
    return None


def _is_utf8(head: bytes) -> bool:
    try:
        # The last character may be cut off.
        head[: max(1, len(head) - 3)].decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
