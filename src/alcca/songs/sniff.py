"""What no decoder should open, told from the file's first bytes."""

from pathlib import Path

__all__ = ["not_audio"]

# As many bytes as show whether a file is text; no audio format begins with so much of it.
HEAD_BYTES = 512


def not_audio(path: Path) -> str | None:
    """Why a file cannot hold audio, or None when a decoder may try: a folder, a pipe, empty, text.

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
        # Opening a pipe would wait for ever.
        if not path.is_file():
            return "is a folder or a device, expected an audio file"
        # Some of the system's files say so too, and reading them never ends.
        if not path.stat().st_size:
            return "the file is empty (0 bytes)"
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        return f"cannot be read ({error.strerror}); check its permissions"
    if not head:
        return "the file is empty (0 bytes)"
    if not head.strip(b"\0"):
        return "begins with zeros only; the download or copy was not finished, get the file again"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype", b"<html", b"<head", b"<?xml")):
        return "is a web page, not audio; download the file again"
    if all(byte >= 32 or byte in b"\t\r\n" for byte in head) and _is_utf8(head):
        return "is a text file, not audio"
    return None


def _is_utf8(head: bytes) -> bool:
    try:
        # The last character may be cut.
        head[: max(1, len(head) - 3)].decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
