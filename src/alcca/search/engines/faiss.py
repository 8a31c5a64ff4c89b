"""Approximate search on one machine with faiss: vectors in files of the model's folder, mapped into memory.

The vectors lie in a file as they are. Beside it is an inverted file (IVF): vectors are assigned to the nearest of some
4·√n centres, in codes of a byte a dimension or smaller, and a query is compared with the codes of the nearest centres
alone. What is found there is put in order by exact cosines. Of both files the operating system keeps in memory what
is read; all processes of a machine share it.

Songs that come, change or go are not sorted in one by one: those that came are held in memory and all compared, those
that went are left out, and when they are many the files are made anew.
"""

import contextlib
import json
import logging
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from alcca.errors import DiskError, LibraryError
from alcca.persistence.files import check_files, replace_file, write_checksums
from alcca.search.engines.engine import CHUNK, Engine, Index, Numbers, Rows, Space, Vectors, inside, rows_of
from alcca.search.engines.exact import ExactIndex
from alcca.search.engines.ivf import Settings, build, faiss

__all__ = ["FaissEngine", "FaissIndex", "kept_in"]

FOLDER = "faiss"
# How the files of a view were made, beside them; VIEW.json names their folder.
ABOUT = "about.json"
log = logging.getLogger("alcca")

# Files are made anew when so large a share of their songs came, or went, since.
SHARE_CHANGED = 0.1


class Files(NamedTuple):
    """What the files of an index hold.

    Parameters
    ----------
    ids, stamps : (n,) arrays of int64
    vectors : (n, d) array of float32
        Mapped.
    lists : faiss.IndexIVF
        Of the vectors' rows, mapped.
    about : dict
        How it was made, and what was measured: ``settings``, ``probes``, ``spread``, ``recall``.
    """

    ids: Numbers
    stamps: Numbers
    vectors: Vectors
    lists: Any
    about: dict[str, Any]

    @classmethod
    def load(cls, space: Space, settings: Settings) -> Self | None:
        """Those of a space; None where there are none, or damaged ones, or they were made with other settings."""
        try:
            files, about = _named_by(space.folder / FOLDER / f"{space.view}.json")
            if about["settings"] != settings._asdict():
                return None
            check_files(files)
            ids, stamps = np.load(files / "ids.npy"), np.load(files / "stamps.npy")
            vectors = np.load(files / "vectors.npy", mmap_mode="r")
            lists = faiss().read_index(str(files / "lists.faiss"), faiss().IO_FLAG_MMAP_IFC)
        except (LibraryError, OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, RuntimeError):
            return None
        whole = len(ids) == len(stamps) == len(vectors) == lists.ntotal
        return cls(ids, stamps, vectors, lists, about) if whole else None


class FaissIndex(Index):
    """Files of songs, songs that came since, and which songs of the files are gone.

    Parameters
    ----------
    space : Space
    settings : Settings
    files : Files or None
        None while there are few songs; then all are compared.
    fresh : ExactIndex
        Songs that are not in the files, or not as they are now.
    gone : (n,) array of bool, optional
        Which songs of the files are no longer there, or not as they were.
    """

    def __init__(
        self,
        space: Space,
        settings: Settings,
        files: Files | None,
        fresh: ExactIndex,
        gone: NDArray[np.bool_] | None = None,
    ) -> None:
        self._space, self._settings, self._files, self._fresh = space, settings, files, fresh
        self.dimension = fresh.dimension if files is None else files.vectors.shape[1]
        self.ids, self.stamps = fresh.ids, fresh.stamps
        self._gone: NDArray[np.bool_] = np.zeros(0, bool)
        if files is not None:
            self._gone = np.zeros(len(files.ids), bool) if gone is None else gone
            ids = np.concatenate([files.ids[~self._gone], fresh.ids])
            order = np.argsort(ids, kind="stable")
            self.ids = ids[order]
            self.stamps = np.concatenate([files.stamps[~self._gone], fresh.stamps])[order]

    def changed(self, put: Rows, gone: Numbers) -> "FaissIndex":
        """The index with songs added or replaced, and without those that are ``gone``; made anew where much changed."""
        settings, files = self._settings, self._files
        replaced = rows_of(self.ids, put.ids)[1].sum()
        size = len(self.ids) + len(put.ids) - int(replaced) - int(rows_of(self.ids, gone)[1].sum())
        if size >= settings.least and (files is None or self._outgrown(files, put, gone)):
            try:
                return self._made_anew(put, gone)
            except (OSError, DiskError) as error:
                # They only make a search faster, and whoever searches need not be able to write.
                log.warning("%s: no files for faster search can be written here: %s", self._space.folder, error)
        left = ExactIndex.changed(self._fresh, put, gone)
        if files is None:
            return FaissIndex(self._space, settings, None, left)
        out = self._gone | rows_of(gone, files.ids)[1] | rows_of(put.ids, files.ids)[1]
        return FaissIndex(self._space, settings, files, left, out)

    def _outgrown(self, files: Files, put: Rows, gone: Numbers) -> bool:
        changed = len(self._fresh.ids) + len(put.ids) + int(self._gone.sum()) + len(gone)
        return changed > max(self._settings.least, SHARE_CHANGED * len(files.ids))

    def _made_anew(self, put: Rows, gone: Numbers) -> "FaissIndex":
        stays = ~(rows_of(gone, self.ids)[1] | rows_of(put.ids, self.ids)[1])
        ids = np.concatenate([self.ids[stays], put.ids])
        order = np.argsort(ids, kind="stable")
        ids, stamps = ids[order], np.concatenate([self.stamps[stays], put.stamps])[order]
        with _only_maker(self._space):
            # Another process may have waited for the same songs, and be done.
            there = Files.load(self._space, self._settings)
            if there is None or not (np.array_equal(there.ids, ids) and np.array_equal(there.stamps, stamps)):
                self._write(ids, stamps, put)
                there = Files.load(self._space, self._settings)
        return FaissIndex(self._space, self._settings, there, ExactIndex.empty())

    def _write(self, ids: Numbers, stamps: Numbers, put: Rows) -> None:
        """Make the files of songs, of which those not ``put`` are read from the files that there are."""
        folder, name = self._space.folder / FOLDER, f"{self._space.view}-{uuid.uuid4().hex}"
        made = folder / name
        made.mkdir(parents=True)
        try:
            first = put.read(put.ids[:1]) if len(put.ids) else self.read(ids[:1])[1]
            vectors = open_memmap(made / "vectors.npy", "w+", np.dtype("<f4"), (len(ids), first.shape[1]))
            if hasattr(os, "posix_fallocate"):
                # Mapped memory for which the disk has no room would end the process.
                with (made / "vectors.npy").open("r+b") as file:
                    os.posix_fallocate(file.fileno(), 0, (made / "vectors.npy").stat().st_size)
            for start in range(0, len(ids), CHUNK):
                some = ids[start : start + CHUNK]
                new = rows_of(put.ids, some)[1]
                piece = vectors[start : start + CHUNK]
                if new.any():
                    piece[new] = put.read(some[new])
                if not new.all():
                    piece[~new] = self.read(some[~new])[1]
            vectors.flush()
            np.save(made / "ids.npy", ids)
            np.save(made / "stamps.npy", stamps)
            about = build(vectors, put.asked(), self._settings, made / "lists.faiss")
            text = json.dumps({**about, "settings": self._settings._asdict(), "files": name})
            (made / ABOUT).write_text(text, encoding="utf-8")
            write_checksums(made)
            named = json.dumps({"files": name})
            replace_file(folder / f"{self._space.view}.json", lambda part: part.write_text(named, encoding="utf-8"))
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
        for old in folder.glob(f"{self._space.view}-*"):
            if old != made:
                shutil.rmtree(old, ignore_errors=True)  # who has them mapped keeps them

    def read(self, ids: Numbers) -> tuple[Numbers, Vectors]:
        """Vectors of songs, given by ascending ids; and of which."""
        files, fresh = self._files, self._fresh
        if files is None:
            return fresh.read(ids)
        rows, there = rows_of(files.ids, ids)
        there[there] = ~self._gone[rows]
        new, vectors = fresh.read(ids)
        known = there | rows_of(new, ids)[1]
        told = np.empty((int(known.sum()), self.dimension), np.float32)
        told[there[known]] = files.vectors[rows[~self._gone[rows]]]
        if len(new):
            told[~there[known]] = vectors
        return ids[known], told

    def near(self, query: NDArray[np.float64], count: int, among: frozenset[int] | None) -> tuple[Numbers, Vectors]:
        """Songs that are likely the nearest, out of the lists of the nearest centres."""
        files = self._files
        new = self._fresh.search(query, count, among)
        ids = np.array([number for number, _ in new], dtype=np.int64)
        if files is not None:
            ids = np.concatenate([ids, files.ids[self._near_rows(files, query, count, among)]])
        return self.read(np.sort(ids))

    def _near_rows(
        self, files: Files, query: NDArray[np.float64], count: int, among: frozenset[int] | None
    ) -> NDArray[np.int64]:
        probes, lists = int(files.about["probes"]), files.lists
        selector = None
        if among is not None:
            chosen = ~self._gone & inside(files.ids, among)
            if not chosen.any():
                return np.empty(0, np.int64)
            # As many as ever shall be compared, and they lie in so many more lists.
            probes = min(int(probes / chosen.mean()) + 1, lists.nlist)
            bits = np.packbits(chosen, bitorder="little")
            selector = faiss().IDSelectorBitmap(bits)
        unit = (query / np.linalg.norm(query)).astype(np.float32)[None]
        wanted = min(count * int(files.about["spread"]), len(files.ids))
        search = faiss().SearchParametersIVF(nprobe=probes, sel=selector)
        rows: NDArray[np.int64] = lists.search(unit, wanted, params=search)[1][0]
        return rows[rows >= 0]


class FaissEngine(Engine):
    """Files on this machine, searched by faiss.

    Parameters
    ----------
    settings : Settings
    """

    tagged: ClassVar[bool] = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        faiss()

    def open(self, space: Space) -> FaissIndex:
        """What the files of a space hold."""
        return FaissIndex(space, self._settings, Files.load(space, self._settings), ExactIndex.empty())


def kept_in(model: Path) -> list[dict[str, Any]]:
    """What is known of the files in a model's folder, of each view that has some: how made, and how well they find."""
    found = []
    for path in sorted((model / FOLDER).glob("*.json")):
        # Damaged ones are made anew by the next search, as if there were none.
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            files, about = _named_by(path)
            size = sum(file.stat().st_size for file in files.iterdir())
            found.append({"view": path.stem, "bytes": size, **about})
    return found


def _named_by(path: Path) -> tuple[Path, dict[str, Any]]:
    """The folder that VIEW.json names, and how its files were made; errors of whatever is wrong with either."""
    named = json.loads(path.read_bytes())
    # Nothing but a folder beside it: a library from elsewhere shall name no other place.
    files = path.parent / Path(named["files"]).name
    # Files that were made before there were checksums are described where they are named.
    about: dict[str, Any] = json.loads((files / ABOUT).read_bytes()) if (files / ABOUT).exists() else named
    return files, about


@contextlib.contextmanager
def _only_maker(space: Space) -> Iterator[None]:
    from filelock import FileLock

    (space.folder / FOLDER).mkdir(parents=True, exist_ok=True)
    with FileLock(space.folder / FOLDER / ".lock"):
        yield
