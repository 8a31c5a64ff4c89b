"""The encoding that an owner gave for the texts beside a file, remembered with the file's stamp."""

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from alcca.store.records import FileStamp
from alcca.texts.encodings import AUTO

__all__ = ["chosen_encoding", "encoding_below", "with_encoding"]

# Behind the fingerprint, which is hexadecimal.
SIGN = ":"


def chosen_encoding(given: str | None, old: FileStamp | None) -> str | None:
    """The encoding of a file's texts: the given one, else the one that was given before; None if it is detected."""
    if given is not None:
        return None if given == AUTO else given
    return (old.fingerprint.partition(SIGN)[2] or None) if old is not None else None


def with_encoding(stamp: FileStamp, encoding: str | None) -> FileStamp:
    """A stamp that also changes if the encoding does.

    Examples
    --------
    >>> stamp = with_encoding(FileStamp("/a.mp3", 1, 2, "0f"), "gb18030")
    >>> stamp.fingerprint, chosen_encoding(None, stamp), chosen_encoding("auto", stamp)
    ('0f:gb18030', 'gb18030', None)
    """
    return stamp if encoding is None else replace(stamp, fingerprint=f"{stamp.fingerprint}{SIGN}{encoding}")


def encoding_below(given: str | None, folder: str, stamps: Mapping[str, FileStamp]) -> str | None:
    """The encoding of the tables in a folder: the given one, else that of most files below it that have one."""
    if given is not None:
        return chosen_encoding(given, None)
    below = os.path.join(os.path.abspath(folder), "")  # noqa: PTH100, PTH118 - a name as it is
    counts = Counter(
        encoding
        for path, stamp in stamps.items()
        if (path.startswith((below, folder))) and (encoding := chosen_encoding(None, stamp)) is not None
    )
    return counts.most_common(1)[0][0] if counts else None
