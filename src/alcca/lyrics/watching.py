"""New recordings in a folder that is watched, once they are whole."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from alcca.errors import AlccaError, MissingExtraError, UsageError
from alcca.lyrics.memory import Memory
from alcca.lyrics.recordings import Recording, find_music, read_recordings
from alcca.lyrics.results import Result
from alcca.lyrics.run import Run
from alcca.lyrics.wishes import Wishes
from alcca.songs.hidden import is_hidden
from alcca.songs.kinds import CUE_SHEET, is_audio
from alcca.songs.scan import walk
from alcca.songs.word_files import TEXT_SUFFIXES
from alcca.workers.workers import Workers

__all__ = ["SECONDS_TO_SETTLE", "new_files", "watch_and_write"]

# A file that has not changed for so long is whole: downloads and copies write more often.
SECONDS_TO_SETTLE = 5.0
# How often files that are still growing are looked at.
SECONDS_BETWEEN_LOOKS = 1.0

Stamp = tuple[int, int]


def watch_and_write(
    folders: Sequence[Path],
    wishes: Wishes,
    workers: Workers,
    *,
    poll: float | None = None,
    settle: float = SECONDS_TO_SETTLE,
    progress: bool = False,
    notes: list[str],
    watching: Callable[[], object] = lambda: None,
    stop: threading.Event | None = None,
) -> Iterator[Result]:
    """Write lyrics for what is in folders, then for what comes, until ``stop`` is set; results as `Run.over` yields.

    Parameters
    ----------
    folders : sequence of Path
    wishes : Wishes
    workers : Workers
    poll : float, optional
        Look for changes every so many seconds, where the system tells none, as on most network mounts.
    settle : float
        Seconds without a change after which a file is whole.
    progress : bool
    notes : list of str
        Gets sentences on what could not be read.
    watching : callable
        Called when all that was there is done.
    stop : threading.Event, optional

    Raises
    ------
    UsageError
        A folder does not exist.
    MissingExtraError
        The extra ``watch`` is not installed.
    """
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"{folder}: no such folder; --watch takes folders")
    roots = [Path(os.path.abspath(folder)) for folder in folders]  # noqa: PTH100 - keeps links
    written: set[str] = set()
    with Memory() as memory:
        run = Run(wishes, workers, memory, progress=progress, notes=notes)
        comes = new_files(roots, poll=poll, settle=settle, ours=written, stop=stop)
        # From here on, nothing that comes is missed.
        next(comes)
        for result in _all(run, roots):
            written.update(result.written)
            yield result
        watching()
        for files in comes:
            for result in _some(run, files, roots):
                written.update(result.written)
                yield result


def _all(run: Run, roots: Sequence[Path]) -> Iterator[Result]:
    music = find_music(roots, run.wishes.encoding)
    run.notes += music.problems
    yield from run.over([one for those in read_recordings(music.tasks, run.workers) for one in those])


def _some(run: Run, files: Sequence[Path], roots: Sequence[Path]) -> Iterator[Result]:
    recordings: list[Recording] = []
    for file in files:
        root = next((root for root in roots if file.is_relative_to(root)), None)
        try:
            music = find_music([file], run.wishes.encoding, root=root)
        except AlccaError as error:
            # It may be gone again.
            run.notes.append(str(error))
            continue
        recordings += [one for those in read_recordings(music.tasks, run.workers) for one in those]
    yield from run.over(recordings)


def new_files(
    folders: Sequence[Path],
    *,
    poll: float | None = None,
    settle: float = SECONDS_TO_SETTLE,
    ours: "set[str] | frozenset[str]" = frozenset(),
    stop: threading.Event | None = None,
) -> Iterator[list[Path]]:
    """Yield the recordings that come below folders, or whose texts do, each once it has not changed for a while.

    The first list is empty, and comes as soon as changes are noticed. ``ours`` are files that alcca has written.
    """
    try:
        import watchfiles
    except ImportError as error:
        raise MissingExtraError(
            f"watching a folder needs {error.name}; install it with: pip install 'alcca[watch]'"
        ) from error
    changes = watchfiles.watch(
        *folders,
        watch_filter=None,
        step=50,
        rust_timeout=int(1000 * min(SECONDS_BETWEEN_LOOKS, settle / 4)),
        yield_on_timeout=True,
        stop_event=stop,
        raise_interrupt=True,
        force_polling=None if poll is None else True,
        poll_delay_ms=300 if poll is None else int(1000 * poll),
        ignore_permission_denied=True,
    )
    # It only begins to notice then.
    first = next(changes, set())
    yield []
    waiting: dict[Path, tuple[Stamp | None, float]] = {}
    for some in chain([first], changes):
        for change, name in some:
            if name not in ours:
                comes = _recordings_of(Path(name), folders, is_new=change == watchfiles.Change.added)
                waiting.update(dict.fromkeys(comes, (None, time.monotonic())))
        ready = _ready(waiting, settle)
        if ready:
            yield sorted(ready)


def _ready(waiting: dict[Path, tuple[Stamp | None, float]], settle: float) -> list[Path]:
    """The files that have not changed for a while; they wait no longer, nor do those that are gone."""
    ready: list[Path] = []
    now = time.monotonic()
    for path, (before, since) in list(waiting.items()):
        stamp = _stamp(path)
        if stamp is None:
            del waiting[path]
        elif stamp != before:
            waiting[path] = (stamp, now)
        elif now - since >= settle:
            ready.append(path)
            del waiting[path]
    return ready


def _recordings_of(path: Path, folders: Sequence[Path], *, is_new: bool) -> list[Path]:
    """The recordings that a change of a path is about."""
    root = next((folder for folder in folders if path.is_relative_to(folder)), None)
    if root is None or any(map(is_hidden, path.relative_to(root).parts)):
        return []
    try:
        if is_audio(path):
            return [path]
        if path.suffix.lower() in (*TEXT_SUFFIXES, CUE_SHEET):
            # "Song.en.lrc" is about "Song.mp3" too.
            return [one for one in path.parent.iterdir() if is_audio(one) and path.name.startswith(f"{one.stem}.")]
        # A folder that was moved here comes alone; one in which something changes comes with that.
        return walk(path).files if is_new and path.is_dir() else []
    except (OSError, AlccaError):
        # It is gone again.
        return []


def _stamp(path: Path) -> Stamp | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns
