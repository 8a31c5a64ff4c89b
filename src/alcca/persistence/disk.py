"""What an error says of the disk that was written to: full, beyond a quota, or read-only."""

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
    errno.EROFS: "the disk is read-only; make it writable, or name another place",
}
# NumPy tells how many values of an array were written and not why it stopped; safetensors tells the number in words.
UNNUMBERED = re.compile(r"\d+ requested and \d+ written")
NUMBERED = re.compile(r"os error (\d+)")


def disk_error(error: Exception, place: Path | str = "") -> DiskError | None:
    """What an error says of the disk that was written to; None when the disk is not to blame.

    Parameters
    ----------
    error : Exception
        As it came: an OSError, or one of safetensors.
    place : path, optional
        What was written, where the error does not tell.

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
    elif type(error).__name__ == "SafetensorError" and (told := NUMBERED.search(str(error))):
        number = int(told[1])
    said = DISK_ERRORS.get(number or 0)
    where = (error.filename2 or error.filename if isinstance(error, OSError) else None) or place
    return None if said is None else DiskError(f"{os.fsdecode(where)}: {said}" if where else said)
