"""The errors that alcca raises on purpose.

Every message names the file or the value, what was expected, and what to do next. The command line prints such an error
in one line and exits with the class's ``exit_code``.

Examples
--------
>>> from alcca.errors import AlccaError, AudioError
>>> issubclass(AudioError, AlccaError)
True
"""

__all__ = [
    "AlccaError",
    "AudioError",
    "ClusterError",
    "DataError",
    "DiskError",
    "LibraryError",
    "LyricsError",
    "MissingExtraError",
    "NoLibraryError",
    "NotFittedError",
    "SlowQueryError",
    "SpeechModelError",
    "TranscriptionError",
    "UntrainedError",
    "UsageError",
]


class AlccaError(Exception):
    """Base class of all errors that alcca raises on purpose."""

    exit_code = 1


class UsageError(AlccaError, ValueError):
    """An invalid call: an option is out of range, or a folder does not exist."""

    exit_code = 2


class SlowQueryError(UsageError):
    """A query was interrupted because it took longer than queries may."""


class AudioError(AlccaError):
    """A file has no usable audio; the message is the reason that the library stores."""


class LyricsError(AlccaError):
    """A text has no usable lyrics; the message is the reason that the library stores."""


class DataError(AlccaError, ValueError):
    """Arrays are invalid for a model or a metric: wrong shape, NaN, or too few rows."""


class NotFittedError(AlccaError):
    """A model or an encoder was used before it was fitted."""


class LibraryError(AlccaError):
    """A library cannot be used for a request: it is damaged, untrained, in use, or too small."""


class NoLibraryError(LibraryError):
    """A folder holds no library, or no longer holds one."""


class DiskError(LibraryError):
    """A disk is full, over a quota, or read-only. Data written before is not affected."""


class UntrainedError(LibraryError):
    """A library must be trained first."""


class SpeechModelError(AlccaError):
    """The weights of a speech recogniser are missing, damaged, or may not be downloaded."""


class TranscriptionError(AlccaError):
    """A recording was not transcribed; the message is the reason."""


class ClusterError(AlccaError):
    """A Dask cluster cannot be used: no scheduler answers, there are no workers, or alcca has another version there."""


class MissingExtraError(AlccaError, ImportError):
    """An optional dependency is not installed; the message names the extra that installs it."""
