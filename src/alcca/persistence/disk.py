"""Errors of a full or read-only disk, or of a used-up quota."""

import errno
import os
import re
from pathlib import Path

from alcca.errors import DiskError

__all__ = ["DISK_FULL", "disk_error"]

DISK_FULL = "the disk is full; make room and run it again: nothing is lost"
DISK_ERRORS = {
    errno.ENOSPC: DISK_FULL,
    errno.EDQUOT: f"your quota is used up, {DISK_FULL}",
    errno.EROFS: "the disk is read-only; make it writable, or give another path",
}
# NumPy's error has the number of written values but no error number; safetensors' has the error number in its text.
UNNUMBERED = re.compile(r"\d+ requested and \d+ written")
NUMBERED = re.compile(r"os error (\d+)")


def disk_error(error: Exception, place: Path | str = "") -> DiskError | None:
    """Convert an error to a DiskError if the disk is full or read-only, or a quota is used up; else return None.

    Parameters
    ----------
    error : Exception
        An OSError, or an error of safetensors.
    place : path, optional
        The file that was written, in case the error does not name it.

    Examples
    --------
    >>> str(disk_error(OSError(errno.ENOSPC, "No space left on device", "model/state.json")))
    'model/state.json: the disk is full; make room and run it again: nothing is lost'
    >>> disk_error(OSError(errno.EACCES, "Permission denied", "model")) is None
    True
    """
    number = None
    if isinstance(error, OSError):
        number = errno.ENOSPC if error.errno is None and UNNUMBERED.search(str(error)) else error.errno
    elif type(error).__name__ == "SafetensorError" and (match := NUMBERED.search(str(error))):
        number = int(match[1])
    cause = DISK_ERRORS.get(number or 0)
    path = (error.filename2 or error.filename if isinstance(error, OSError) else None) or place
    return None if cause is None else DiskError(f"{os.fsdecode(path)}: {cause}" if path else cause)
