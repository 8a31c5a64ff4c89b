"""Approximate search on one machine with faiss: vectors in files of the model's folder, mapped into memory.

One file holds the vectors unchanged. Another is an inverted file (IVF): each vector is assigned to the nearest of about
4·√n centres, as a code of one byte per dimension or less, and a query is compared only with the codes of the nearest
centres. Exact cosines then rank the songs found there. The operating system keeps the parts of both files that are read
in memory, shared by all processes of a machine.

Added, changed and removed songs are not written to the files one by one: new songs are held in memory and all compared,
removed songs are left out, and when there are many of them, the files are rebuilt.
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
from alcca.persistence.files import check_files, read_checked, replace_file, write_checksums
from alcca.search.engines.engine import CHUNK, Engine, Index, Numbers, Rows, Space, Vectors, inside, rows_of
from alcca.search.engines.exact import ExactIndex
from alcca.search.engines.ivf import Settings, build, faiss

__all__ = ["DAMAGED", "FOLDER", "FaissEngine", "FaissIndex", "files_named_by"]

FOLDER = "faiss"
# Describes the files of a view, beside them; VIEW.json names their folder.
ABOUT = "about.json"
log = logging.getLogger("alcca")

# What reading the description of damaged files raises.
DAMAGED = (LibraryError, OSError, ValueError, KeyError, TypeError, AttributeError)
# Files are rebuilt when this share of their songs was added or removed since.
SHARE_CHANGED = 0.1


class Files(NamedTuple):
    """The content of the files of an index.

    Parameters
    ----------
    ids, stamps : (n,) arrays of int64
    vectors : (n, d) array of float32
        Mapped into memory.
    lists : faiss.IndexIVF
        The rows of the vectors in lists, mapped into memory.
    about : dict
        How it was built, and what was measured: ``settings``, ``probes``, ``spread``, ``recall``.
    """

    ids: Numbers
    stamps: Numbers
    vectors: Vectors
    lists: Any
    about: dict[str, Any]

    @classmethod
    def load(cls, space: Space, settings: Settings) -> Self | None:
        """Load the files of a space; None if there are none, they are damaged, or they have other settings."""
        try:
            files, about = files_named_by(space.folder / FOLDER / f"{space.view}.json")
            if about["settings"] != settings._asdict():
                return None
            check_files(files)
            ids, stamps = np.load(files / "ids.npy"), np.load(files / "stamps.npy")
            vectors = np.load(files / "vectors.npy", mmap_mode="r")
            lists = faiss().read_index(str(files / "lists.faiss"), faiss().IO_FLAG_MMAP_IFC)
            numbers = [int(about[name]) for name in ("probes", "spread", "songs", "lists")]
        except (*DAMAGED, EOFError, RuntimeError):
            return None
        # The files may come from anyone, with fitting checksums.
        whole = (
            len({ids.shape, stamps.shape, vectors.shape[:1], (lists.ntotal,)}) == 1
            and (ids.dtype, stamps.dtype, vectors.dtype, vectors.ndim) == (np.int64, np.int64, np.float32, 2)
            and isinstance(lists, faiss().IndexIVF)
            and lists.d == vectors.shape[1]
            and min(numbers) > 0
        )
        return cls(ids, stamps, vectors, lists, about) if whole else None


class FaissIndex(Index):
    """Files of songs, the songs added since, and a mask of the songs removed since.

    Parameters
    ----------
    space : Space
    settings : Settings
    files : Files or None
        None while there are few songs; then all are compared.
    fresh : ExactIndex
        Songs that were added or changed since the files were written.
    gone : (n,) array of bool, optional
        A mask of the songs in the files that were removed or changed since.
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
        """The index with songs added or replaced, and without those that are ``gone``; rebuilt after many changes."""
        settings, files = self._settings, self._files
        replaced = rows_of(self.ids, put.ids)[1].sum()
        size = len(self.ids) + len(put.ids) - int(replaced) - int(rows_of(self.ids, gone)[1].sum())
        if size >= settings.least and (files is None or self._outgrown(files, put, gone)):
            try:
                return self._rebuilt(put, gone)
            except (OSError, DiskError) as error:
                # The files only make searches faster, and a search needs no right to write.
                log.warning("%s: no files for faster search can be written here: %s", self._space.folder, error)
        fresh = ExactIndex.changed(self._fresh, put, gone)
        if files is None:
            return FaissIndex(self._space, settings, None, fresh)
        outdated = self._gone | rows_of(gone, files.ids)[1] | rows_of(put.ids, files.ids)[1]
        return FaissIndex(self._space, settings, files, fresh, outdated)

    def _outgrown(self, files: Files, put: Rows, gone: Numbers) -> bool:
        changed = len(self._fresh.ids) + len(put.ids) + int(self._gone.sum()) + len(gone)
        return changed > max(self._settings.least, SHARE_CHANGED * len(files.ids))

    def _rebuilt(self, put: Rows, gone: Numbers) -> "FaissIndex":
        stays = ~(rows_of(gone, self.ids)[1] | rows_of(put.ids, self.ids)[1])
        ids = np.concatenate([self.ids[stays], put.ids])
        order = np.argsort(ids, kind="stable")
        ids, stamps = ids[order], np.concatenate([self.stamps[stays], put.stamps])[order]
        with _locked(self._space):
            # Another process may have written the same songs meanwhile.
            files = Files.load(self._space, self._settings)
            if files is None or not (np.array_equal(files.ids, ids) and np.array_equal(files.stamps, stamps)):
                self._write(ids, stamps, put)
                files = Files.load(self._space, self._settings)
        return FaissIndex(self._space, self._settings, files, ExactIndex.empty())

    def _write(self, ids: Numbers, stamps: Numbers, put: Rows) -> None:
        """Write the files of songs; the vectors of songs that are not in ``put`` come from the current files."""
        folder, name = self._space.folder / FOLDER, f"{self._space.view}-{uuid.uuid4().hex}"
        made = folder / name
        made.mkdir(parents=True)
        try:
            first = put.read(put.ids[:1]) if len(put.ids) else self.read(ids[:1])[1]
            vectors = open_memmap(made / "vectors.npy", "w+", np.dtype("<f4"), (len(ids), first.shape[1]))
            if hasattr(os, "posix_fallocate"):
                # Writing to mapped memory on a full disk would kill the process.
                with (made / "vectors.npy").open("r+b") as file:
                    os.posix_fallocate(file.fileno(), 0, (made / "vectors.npy").stat().st_size)
            for start in range(0, len(ids), CHUNK):
                chunk = ids[start : start + CHUNK]
                new = rows_of(put.ids, chunk)[1]
                piece = vectors[start : start + CHUNK]
                if new.any():
                    piece[new] = put.read(chunk[new])
                if not new.all():
                    piece[~new] = self.read(chunk[~new])[1]
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
                shutil.rmtree(old, ignore_errors=True)  # processes that have them mapped keep them

    def read(self, ids: Numbers) -> tuple[Numbers, Vectors]:
        """Read the vectors of songs; see `Index.read`."""
        files, fresh = self._files, self._fresh
        if files is None:
            return fresh.read(ids)
        rows, there = rows_of(files.ids, ids)
        there[there] = ~self._gone[rows]
        new, vectors = fresh.read(ids)
        known = there | rows_of(new, ids)[1]
        read = np.empty((int(known.sum()), self.dimension), np.float32)
        read[there[known]] = files.vectors[rows[~self._gone[rows]]]
        if len(new):
            read[~there[known]] = vectors
        return ids[known], read

    def near(self, query: NDArray[np.float64], count: int, among: frozenset[int] | None) -> tuple[Numbers, Vectors]:
        """Find songs that are likely the nearest, in the lists of the nearest centres."""
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
            # The same number of allowed songs is compared, so more lists are read.
            probes = min(int(probes / chosen.mean()) + 1, lists.nlist)
            bits = np.packbits(chosen, bitorder="little")
            selector = faiss().IDSelectorBitmap(bits)
        unit = (query / np.linalg.norm(query)).astype(np.float32)[None]
        wanted = min(count * int(files.about["spread"]), len(files.ids))
        search = faiss().SearchParametersIVF(nprobe=probes, sel=selector)
        rows: NDArray[np.int64] = lists.search(unit, wanted, params=search)[1][0]
        return rows[(rows >= 0) & (rows < len(files.ids))]


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
        """Open the files of a space."""
        return FaissIndex(space, self._settings, Files.load(space, self._settings), ExactIndex.empty())


def files_named_by(path: Path) -> tuple[Path, dict[str, Any]]:
    """Return the folder that VIEW.json names and the description of its files; raises if either is damaged."""
    named = json.loads(path.read_bytes())
    # Only a folder beside it: an untrusted library must not name another place.
    files = path.parent / Path(named["files"]).name
    # In files written before there were checksums, VIEW.json holds the description.
    about: dict[str, Any] = json.loads(read_checked(files / ABOUT)) if (files / ABOUT).exists() else named
    if not {"songs", "probes", "lists", "recall", "settings"} <= set(about):
        raise ValueError("its description is incomplete")
    return files, about


@contextlib.contextmanager
def _locked(space: Space) -> Iterator[None]:
    from filelock import FileLock

    (space.folder / FOLDER).mkdir(parents=True, exist_ok=True)
    with FileLock(space.folder / FOLDER / ".lock"):
        yield
