"""The songs in a music folder: which files are audio files, whatever else the folder holds."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from alcca.errors import UsageError
from alcca.songs.hidden import is_hidden
from alcca.songs.kinds import AUDIO_SUFFIXES, CUE_SHEET, is_audio, kind_of, strange_suffix

__all__ = ["Found", "walk"]

# A link into these leads to no music: reading some of the files there never ends, or has effects.
SYSTEM_FOLDERS = tuple(Path(place) for place in ("/proc", "/sys", "/dev"))
# Where systems keep files that programs share, and mount disks.
EXCEPT = tuple(Path(place) for place in ("/dev/shm",))


@dataclass
class Found:
    """What a music folder holds.

    Parameters
    ----------
    files : list of Path
        The audio files, in the order of their paths.
    sheets : list of Path
        The cue sheets; beside a single file, those of its folder.
    places : list of Path
        The folder, and the folders elsewhere to which links in it lead; without links of their own.
    passed_over : Counter of str
        The number of files with each suffix that may hold sound but is not read; see
        `alcca.songs.kinds.strange_suffix`.
    problems : list of str
        What could not be read, and was skipped; each is a sentence that names it.
    """

    files: list[Path] = field(default_factory=list)
    sheets: list[Path] = field(default_factory=list)
    places: list[Path] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def walk(
    folder: Path | str, *, reached: Callable[[Path], object] = lambda path: None, without: frozenset[Path] = frozenset()
) -> Found:
    """Find the audio files below a folder, and say what was passed over.

    Hidden files and folders are skipped. Links to folders are followed, and each folder is entered once.

    Parameters
    ----------
    folder : path
        A folder, or a single audio file.
    reached : callable
        Called with each path before it is looked at, for a watch over disks that no longer respond.
    without : set of Path
        Paths that are not looked at.

    Raises
    ------
    UsageError
        The folder does not exist or cannot be read, or it is a file but not an audio file.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("b.MP3", "a.flac", "cover.jpg", "._a.flac"):
    ...     (folder / name).touch()
    >>> [path.name for path in walk(folder).files]
    ['a.flac', 'b.MP3']
    """
    folder = Path(folder)
    reached(folder)
    try:
        mode = folder.stat().st_mode
    except FileNotFoundError as error:
        raise UsageError(f"{folder}: no such folder; give the folder that holds the music") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder}: cannot be read ({_why(error)}); give the folder of the music") from error
    if S_ISREG(mode):
        if not is_audio(folder):
            raise UsageError(
                f"{folder}: not an audio file; expected a folder or one of {' '.join(sorted(AUDIO_SUFFIXES))}"
            )
        sheets = [path for path in _beside(folder) if path.suffix.lower() == CUE_SHEET and path.is_file()]
        return Found([folder], sheets, [folder.parent.resolve()])
    if not S_ISDIR(mode):
        raise UsageError(f"{folder}: is {kind_of(mode)}; give the folder that holds the music")
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise UsageError(f"{folder}: cannot be read ({error.strerror}); check its permissions") from error
    return _Walk(folder, reached, without).found


class _Walk:
    """One search of a folder that can be read."""

    def __init__(self, folder: Path, reached: Callable[[Path], object], without: frozenset[Path]) -> None:
        self.root = folder.resolve()
        self.found = Found(places=[self.root])
        self._reached, self._without = reached, without
        # Folders by the paths without links, so that each is entered once.
        self._entered = {self.root}
        self._waiting = [(folder, self.root)]
        while self._waiting:
            here, real = self._waiting.pop()
            for entry in self._entries(here):
                path = here / entry.name
                try:
                    self._look_at(entry, path, real)
                # RuntimeError: for circular links, by pathlib in Python 3.12 and before.
                except (OSError, RuntimeError) as error:
                    self._skip(path, f"cannot be read ({_why(error)}) and was skipped; check where it leads")
        self.found.files.sort()

    def _entries(self, folder: Path) -> Iterator["os.DirEntry[str]"]:
        self._reached(folder)
        try:
            with os.scandir(folder) as entries:
                visible = []
                for entry in entries:
                    self._reached(folder)
                    if not is_hidden(entry.name):
                        visible.append(entry)
        except OSError as error:
            self._skip(folder, f"cannot be read ({_why(error)}); check its permissions")
            return
        for entry in sorted(visible, key=lambda entry: entry.name):
            path = folder / entry.name
            if path not in self._without:
                self._reached(path)
                yield entry

    def _look_at(self, entry: "os.DirEntry[str]", path: Path, real_folder: Path) -> None:
        sounds = is_audio(path)
        is_link = entry.is_symlink()
        real = real_folder / entry.name
        strange = strange_suffix(path)
        if path.suffix.lower() == CUE_SHEET and entry.is_file():
            self.found.sheets.append(path)
            return
        if is_link:
            if not sounds and not entry.is_dir():
                if strange is not None:
                    # Tells where the link leads to nothing, such as a disk that is not mounted.
                    entry.stat()
                    self.found.passed_over[strange] += 1
                return
            real = path.resolve()
        if _is_of_the_system(real) and not _is_of_the_system(self.root):
            self._skip(path, "holds the system's own files, not music, and was skipped")
            return
        if entry.is_dir():
            self._enter(path, real, is_link)
        elif sounds and entry.is_file():
            self.found.files.append(path)
        elif sounds:
            self._skip(path, f"is {kind_of(entry.stat().st_mode)}, not a file, and was skipped")
        elif strange is not None:
            self.found.passed_over[strange] += 1

    def _enter(self, path: Path, real: Path, is_link: bool) -> None:
        if is_link and self.root.is_relative_to(real):
            if real != self.root:
                self._skip(path, "is a link to a folder that holds this music folder, and was not followed")
            return
        if real in self._entered or (is_link and self._is_found_anyway(real)):
            return
        self._entered.add(real)
        if is_link and not any(real.is_relative_to(place) for place in self.found.places):
            self.found.places.append(real)
        self._waiting.append((path, real))

    def _is_found_anyway(self, real: Path) -> bool:
        """Whether a folder is below the root, and nothing on the way to it is hidden."""
        return real.is_relative_to(self.root) and not any(map(is_hidden, real.relative_to(self.root).parts))

    def _skip(self, path: Path, why: str) -> None:
        self.found.problems.append(f"{path}: {why}")


def _beside(path: Path) -> list[Path]:
    try:
        return [one for one in path.parent.iterdir() if not is_hidden(one.name)]
    except OSError:
        # A single file can be read in a folder that cannot be listed.
        return []


def _is_of_the_system(path: Path) -> bool:
    return any(map(path.is_relative_to, SYSTEM_FOLDERS)) and not any(map(path.is_relative_to, EXCEPT))


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
