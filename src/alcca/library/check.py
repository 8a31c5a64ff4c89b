"""The check of a whole library: its database, all files beside it, and the music that it names."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from alcca.errors import LibraryError, NoLibraryError
from alcca.library.check_files import check_evaluation, check_model, leftovers
from alcca.library.findings import CheckReport
from alcca.library.repair import repair_library
from alcca.progress import Progress
from alcca.search.learned_space import model_in_use
from alcca.songs.audio import content_hash
from alcca.songs.cut import file_of, split_content
from alcca.songs.remote import exists, is_address
from alcca.store.database import Access, is_library
from alcca.store.embeddings import Embeddings
from alcca.store.songs import Store
from alcca.store.sqlite_errors import DATABASE
from alcca.workers.workers import Workers

__all__ = ["check_library"]

REPAIR = "alcca check --repair"
READ_AGAIN = "alcca check --repair, then alcca add on its folder"
# As many songs or files are named in one finding; the others are counted.
SHOWN = 3


def check_library(
    folder: Path | str, workers: Workers, *, repair: bool = False, music: bool = False, progress: bool = False
) -> CheckReport:
    """Check that everything in a library is as alcca wrote it, and that its parts agree.

    Parameters
    ----------
    folder : path
    workers : Workers
        They read the music.
    repair : bool
        Repair what can be repaired (`alcca.library.repair`), then check again.
    music : bool
        Also read all music files, and compare their content with what was added.
    progress : bool

    Raises
    ------
    NoLibraryError
        The folder holds no library.
    LibraryError
        For a repair: another process is writing, or the library cannot be written.
    """
    folder = Path(folder)
    if not is_library(folder):
        raise NoLibraryError(f"{folder}: no library here; create one with: alcca add FOLDER --library {folder}")
    report = _checked(folder)
    if repair and not report.whole:
        repaired = repair_library(folder)
        report = _checked(folder)
        report.repaired = repaired
    if music:
        _check_music(report, folder, workers, progress)
    return report


def _checked(folder: Path) -> CheckReport:
    report = CheckReport()
    model: dict[str, Any] | None = None
    with contextlib.ExitStack() as stack, _named(report, folder / DATABASE):
        store = stack.enter_context(contextlib.closing(Store(folder, Access.THERE)))
        _check_database(report, store)
        with _named(report, folder / DATABASE, "train again: alcca train"):
            model = model_in_use(store)
        for check in (_check_songs, _check_paths, _check_vectors, _check_indexes):
            with _named(report, folder / DATABASE), store.named_errors():
                check(report, store, model)
    with _named(report, folder):
        check_model(report, folder, model)
        check_evaluation(report, folder)
        _check_leftovers(report, folder, model)
    return report


@contextlib.contextmanager
def _named(report: CheckReport, place: Path, remedy: str = REPAIR) -> Iterator[None]:
    """Note what goes wrong, and go on."""
    try:
        yield
    except LibraryError as error:
        report.found(place, str(error).removeprefix(f"{place}: "), remedy)


def _check_database(report: CheckReport, store: Store) -> None:
    report.files += 1
    place = store.folder / DATABASE
    for line in store.structural_damage():
        report.found(place, line, REPAIR)
    if store.seal_is_broken:
        report.found(place, "has changed since alcca wrote it", REPAIR)
    elif not store.is_sealed:
        report.notes.append(f"{place}: has no checksum of the whole file, which the next alcca add writes")
    for key in store.settings():
        with _named(report, place):
            store.setting(key)


def _check_songs(report: CheckReport, store: Store, model: dict[str, Any] | None) -> None:
    names = {song.id: f"{song.title!r} ({song.paths[0] if song.paths else 'no file'})" for song in store.songs()}
    report.songs = len(names)
    orphans = store.orphans()
    if orphans:
        report.found(store.folder / DATABASE, f"{orphans} rows of songs that are gone", REPAIR)
    bare, damage = store.without_mfcc(), store.damage()
    damage["features"] -= bare
    for what, numbers in damage.items():
        if numbers:
            shown = _shown([names.get(number, f"song {number}") for number in sorted(numbers)])
            report.found(store.folder / DATABASE, f"{what}: damaged rows of {shown}", READ_AGAIN)
    if bare:
        shown = _shown([names.get(number, f"song {number}") for number in sorted(bare)])
        report.found(store.folder / DATABASE, f"no features of {shown}", "alcca add on their folder")


def _check_vectors(report: CheckReport, store: Store, model: dict[str, Any] | None) -> None:
    sizes, others = store.tables(Embeddings).sizes(None if model is None else str(model.get("name")))
    if len(sizes) > 1:
        report.found(store.folder / DATABASE, f"vectors of different sizes ({_shown(sizes)} bytes)", REPAIR)
    if others:
        report.found(store.folder / DATABASE, f"{others} vectors of models that are not in use", REPAIR)


def _check_indexes(report: CheckReport, store: Store, model: dict[str, Any] | None) -> None:
    intact = store.is_sealed and not store.seal_is_broken
    for name in () if intact else store.stale_indexes():
        report.found(store.folder / DATABASE, f"the index of {name} does not agree with the songs", REPAIR)


def _check_paths(report: CheckReport, store: Store, model: dict[str, Any] | None) -> None:
    files = sorted({file_of(path) for path in store.file_stamps()})
    missing = [path for path in files if not is_address(path) and not exists(path)]
    if missing:
        report.found(
            _shown(missing),
            "music files that are no longer at their path",
            "connect their disk, or run alcca add on the folder where they are now",
        )


def _check_leftovers(report: CheckReport, folder: Path, model: dict[str, Any] | None) -> None:
    from filelock import FileLock, Timeout

    try:
        with contextlib.suppress(OSError), FileLock(folder / ".lock", timeout=0):
            left = list(leftovers(folder, model))
            if left:
                report.found(folder, f"interrupted work has left {_shown(left)}", REPAIR)
    except Timeout:
        report.notes.append(f"{folder}: another process is writing; what it leaves was not checked")


def _check_music(report: CheckReport, folder: Path, workers: Workers, progress: bool) -> None:
    with contextlib.closing(Store(folder, Access.THERE)) as store:
        songs = store.songs()
    pairs = {(file_of(path), split_content(song.hash)[0]): None for song in songs for path in song.paths}
    tasks = [(path, content) for path, content in pairs if is_address(path) or exists(path)]

    def crashed(number: int) -> str:
        return "cannot be read"

    with Progress("reading music", total=len(tasks), unit="file", show=progress and bool(tasks)) as bar:
        for (path, _), problem in zip(tasks, workers.each(_compare, tasks, crashed), strict=True):
            report.recordings += 1
            bar.update()
            if problem:
                report.found(path, problem, "restore it from a copy; if you changed it: alcca add")


def _compare(path: str, content: str) -> str | None:
    """What is wrong with a music file; None if it has the content that was added."""
    from alcca.songs.remote import at_hand

    try:
        with at_hand(path) as here:
            if not here.is_file():
                return "is not a file"
            return None if content_hash(here) == content else "has changed since it was added"
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"


def _shown(things: Sequence[object]) -> str:
    shown = ", ".join(map(str, things[:SHOWN]))
    return shown if len(things) <= SHOWN else f"{shown} and {len(things) - SHOWN} more"
