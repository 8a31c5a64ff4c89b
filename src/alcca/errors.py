"""The errors that alcca raises on purpose.

Every message names the file or the value, says what was expected, and says what to do next. The command
line prints such an error in one line and leaves with the class's ``exit_code``.

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
    "SpeechModelError",
    "UntrainedError",
    "UsageError",
]


class AlccaError(Exception):
    """Base of every error that alcca raises on purpose."""

    exit_code = 1


class UsageError(AlccaError, ValueError):
    """A call that cannot mean anything: an option out of range, a folder that does not exist."""

    exit_code = 2


class AudioError(AlccaError):
    """A file that holds no usable audio; the message is the reason that the library keeps."""


class LyricsError(AlccaError):
    """A text that holds no usable lyrics; the message is the reason that the library keeps."""


class DataError(AlccaError, ValueError):
    """Arrays that a model or a metric cannot work with: wrong shape, NaN, too few rows."""


class NotFittedError(AlccaError):
    """A model that was asked to transform before it was fitted."""


class LibraryError(AlccaError):
    """A library folder that cannot do what it was asked: damaged, untrained, in use, too small."""


class NoLibraryError(LibraryError):
    """A folder that holds no library, or no longer."""


class DiskError(LibraryError):
    """A disk that takes nothing more: full, over a quota, read-only. What was kept before is not harmed."""


class UntrainedError(LibraryError):
    """A library that was asked for what only a trained one can do."""


class SpeechModelError(AlccaError):
    """The weights of a speech recogniser that are missing, damaged, or may not be fetched."""


class ClusterError(AlccaError):
    """A Dask cluster that cannot be worked with: nobody answers, no workers, another version of alcca."""


class MissingExtraError(AlccaError, ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""
