"""Run files and qrels of TREC, which trec_eval, ir-measures, PyTerrier and ranx read.

A run has one line ``query Q0 document rank score tag`` for each ranked item, and qrels one line
``query 0 document relevance`` for each relevant one. In these files trec_eval's ``recip_rank`` and ``map`` are exactly
`alcca.retrieval.mrr1` and `alcca.retrieval.mean_average_precision`:

- trec_eval ignores the rank, reads scores in single precision, and orders equal scores by the documents' names. So the
  score in a run is the number of items that are ranked at or below the item, and never a tie.
- In alcca, ties are counted against the system. Which item of a tie is the right one depends on the level, so each
  level has a run of its own.

The similarities of a fold are needed for this, and `alcca.experiments.Results` keeps only ranks: a comparison writes
these files where it is asked to (``save_runs`` of `alcca.cross_validate`).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alcca.errors import DataError, UsageError
from alcca.experiments.results import DIRECTIONS, LEVELS
from alcca.models.settings import whole_number
from alcca.persistence import replace_file
from alcca.retrieval import score_order, shared_labels

__all__ = ["Pool", "qrels_lines", "run_lines", "trec_name", "write_trec"]

# The fields of a line are separated by white space; some readers take more characters for it than others.
UNSAFE = re.compile(r"[\s%\x00-\x20\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, eq=False)
class Pool:
    """The similarities of one test fold, and what its songs are.

    Parameters
    ----------
    scores : (n + a, n + l) array
        How well each recording (row) fits each lyrics (column), higher is better, as from
        `alcca.models.contract.similarity_of`. Row ``i`` and column ``i`` are song ``i`` for the n songs; a recordings
        and l lyrics that match no song, the distractors, follow.
    ids : sequence of n str
        The songs. A song has the same name as a query and as a document.
    labels : sequence of n, optional
        One label, or several in a set, list or tuple, for each song, as for `alcca.retrieval.shared_labels`; None, NaN
        and "" mean unlabelled. Without labels there is no category level.
    other_audio, other_lyrics : sequences of a and l str
        The distractors.
    by_lyrics : (n, n + a) array, optional
        How well each recording fits each lyrics that asks, of a method that ranks by other scores then. ``scores`` are
        then those of the recordings of the n songs, shape (n, n + l).
    tie : float, optional
        The largest difference of two scores that counts as a tie; by default that of `alcca.retrieval.scores`.

    Raises
    ------
    DataError
        The shapes do not fit, or a name is empty or is there twice.

    Examples
    --------
    >>> Pool(np.eye(2), ["a", "b"]).ids
    ('a', 'b')
    """

    scores: NDArray[np.floating]
    ids: Sequence[str]
    labels: Sequence[Any] | None = None
    other_audio: Sequence[str] = ()
    other_lyrics: Sequence[str] = ()
    by_lyrics: NDArray[np.floating] | None = None
    tie: float | None = None

    def __post_init__(self) -> None:
        # The class is frozen only after its construction.
        for name in ("ids", "other_audio", "other_lyrics"):
            object.__setattr__(self, name, tuple(map(str, getattr(self, name))))
        object.__setattr__(self, "scores", np.asarray(self.scores))
        n = len(self.ids)
        shape = (n + (len(self.other_audio) if self.by_lyrics is None else 0), n + len(self.other_lyrics))
        if self.by_lyrics is not None and np.shape(self.by_lyrics) != (n, n + len(self.other_audio)):
            raise DataError(
                f"expected by_lyrics of shape {(n, n + len(self.other_audio))}, lyrics by recordings, for {n} ids and "
                f"{len(self.other_audio)} other_audio, got {np.shape(self.by_lyrics)}"
            )
        if not n or self.scores.shape != shape:
            raise DataError(
                f"expected scores of shape {shape}, recordings by lyrics, for {n} ids, {len(self.other_audio)} "
                f"other_audio and {len(self.other_lyrics)} other_lyrics, got {self.scores.shape}"
            )
        if self.labels is not None and len(self.labels) != n:
            raise DataError(f"labels: expected one entry for each of the {n} songs, got {len(self.labels)}")
        _check_names((*self.ids, *self.other_audio))
        _check_names((*self.ids, *self.other_lyrics))


def write_trec(
    folder: Path | str, pools: Pool | Iterable[Pool], *, tag: str = "alcca", depth: int | None = None
) -> list[Path]:
    """Write a run file and qrels for each direction and level.

    Parameters
    ----------
    folder : path
        Made if it is missing; other files in it are not touched. Each file is written whole or not at all.
    pools : Pool or iterable of Pool
        The test folds of one method and seed. Every song is in one of them at most, since its name is that of a query.
    tag : str
        The name of the run, in its last column.
    depth : int, optional
        How many items are written for each query. By default all: trec_eval's measures are lower if a relevant item is
        left out.

    Returns
    -------
    list of Path
        ``audio.instance.run`` and ``audio.instance.qrels``, where audio asks for lyrics and the song's own lyrics are
        relevant; the same for ``lyrics.instance``; and with labels for ``audio.category`` and ``lyrics.category``,
        where songs are relevant that share a label: the relevance is the number of labels that they share. A song
        without labels asks no query there, and stands in the galleries as irrelevant.

    Raises
    ------
    UsageError
        There is no pool, ``folder`` is a file, or ``tag`` or ``depth`` is not usable.
    DataError
        A song is in two pools, only some pools have labels, or scores are NaN or infinite.

    Examples
    --------
    >>> import tempfile
    >>> files = write_trec(tempfile.mkdtemp(), Pool(np.array([[0.9, 0.1], [0.8, 0.8]]), ["a", "b"], ["sad", "sad"]))
    >>> [path.name for path in files[:2]]
    ['audio.instance.run', 'audio.instance.qrels']
    >>> print(files[0].read_text().strip())
    a Q0 a 1 2 alcca
    a Q0 b 2 1 alcca
    b Q0 a 1 2 alcca
    b Q0 b 2 1 alcca
    >>> print(files[1].read_text().strip())
    a 0 a 1
    b 0 b 1
    """
    pools = [pools] if isinstance(pools, Pool) else list(pools)
    odd = next((type(pool).__name__ for pool in pools if not isinstance(pool, Pool)), None)
    if not pools or odd:
        raise UsageError(f"pools: expected a Pool or several, one for each test fold, got {odd or 'none'}")
    if not isinstance(tag, str) or not tag or UNSAFE.search(tag):
        raise UsageError(f"tag: expected a text without spaces and control characters, got {tag!r}")
    if depth is not None:
        depth = whole_number("depth", depth)
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; choose a folder for the runs")
    with_labels = [pool.labels is not None for pool in pools]
    if any(with_labels) and not all(with_labels):
        raise DataError(
            f"labels: expected them for all {len(pools)} pools or for none; pool {with_labels.index(False)} has none"
        )
    _check_names([song for pool in pools for song in pool.ids], " The pools of one run have different songs.")
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for level in LEVELS if all(with_labels) else LEVELS[:1]:
        for direction in DIRECTIONS:
            sides = [side for side in (_Side.of(pool, direction, level) for pool in pools) if side.query_ids]
            if not sides:  # no song has a label
                continue
            for ending, lines in (
                ("run", (line for side in sides for line in run_lines(*side[:4], tag=tag, depth=depth, tie=side.tie))),
                ("qrels", (line for side in sides for line in qrels_lines(*side[1:4]))),
            ):
                paths.append(folder / f"{direction}.{level}.{ending}")
                _write(paths[-1], lines)
    return paths


def run_lines(
    scores: NDArray[np.floating],
    relevance: ArrayLike,
    query_ids: Sequence[str],
    item_ids: Sequence[str],
    *,
    tag: str = "alcca",
    depth: int | None = None,
    tie: float | None = None,
) -> Iterator[str]:
    """The lines of a run file, query by query, best item first.

    Parameters
    ----------
    scores : (m, n) array
        Row ``i`` has the scores of all gallery items for query ``i``, higher is better.
    relevance : (m, n) array
        0 for irrelevant items, or the grade. It decides only the order of items with equal scores.
    query_ids, item_ids : sequences of m and n str
        Written by `trec_name`.
    tag : str
    depth : int, optional
        As for `write_trec`.
    tie : float, optional
        As for `Pool`.

    Yields
    ------
    str
        ``query Q0 document rank score tag`` with a line break; the score is ``n + 1 - rank``.

    Raises
    ------
    DataError
        The shapes do not fit, values are NaN, infinite or (relevance) negative, or a query has no relevant item.

    Examples
    --------
    >>> print(*run_lines(np.array([[0.5, 0.7]]), [[1, 0]], ["who?"], ["me", "you two"]), sep="", end="")
    who? Q0 you%20two 1 2 alcca
    who? Q0 me 2 1 alcca
    """
    _check_shape("scores", scores, query_ids, item_ids)
    items, n = [trec_name(item) for item in item_ids], len(item_ids)
    for query, order in zip(map(trec_name, query_ids), score_order(scores, relevance, tie=tie), strict=True):
        for rank, item in enumerate(order[:depth].tolist(), 1):
            yield f"{query} Q0 {items[item]} {rank} {n + 1 - rank} {tag}\n"


def qrels_lines(relevance: ArrayLike, query_ids: Sequence[str], item_ids: Sequence[str]) -> Iterator[str]:
    r"""The lines of qrels, query by query; items that are not relevant have none.

    Parameters
    ----------
    relevance : (m, n) array of int
        0 for irrelevant items, or the grade.
    query_ids, item_ids : sequences of m and n str
        Written by `trec_name`.

    Yields
    ------
    str
        ``query 0 document relevance`` with a line break.

    Raises
    ------
    DataError
        There is not one name for each row and column, or a grade is negative or no whole number.

    Examples
    --------
    >>> list(qrels_lines([[0, 2]], ["q"], ["a", "b"]))
    ['q 0 b 2\n']
    """
    _check_shape("relevance", relevance, query_ids, item_ids)
    items, whole = [trec_name(item) for item in item_ids], np.asarray(relevance)
    if whole.dtype.kind not in "iub" or (whole < 0).any():
        raise DataError(f"relevance: expected whole numbers of 0 or more, got {whole.dtype} {relevance!r:.60}")
    for query, grades in zip(map(trec_name, query_ids), whole, strict=True):
        for item in np.flatnonzero(grades).tolist():
            yield f"{query} 0 {items[item]} {int(grades[item])}\n"


def trec_name(name: str) -> str:
    """A name as it is written to a file: white space, control characters and % as in web addresses.

    ``urllib.parse.unquote(name, errors="surrogatepass")`` undoes it.

    Examples
    --------
    >>> trec_name("Au clair de la lune.mp3")
    'Au%20clair%20de%20la%20lune.mp3'
    """
    return UNSAFE.sub(lambda found: quote(found[0], safe="", errors="surrogatepass"), name)


class _Side(NamedTuple):
    """The queries of one pool, direction and level."""

    scores: NDArray[np.floating]
    relevance: NDArray[np.integer]
    query_ids: Sequence[str]
    item_ids: Sequence[str]
    tie: float | None = None

    @classmethod
    def of(cls, pool: Pool, direction: str, level: str) -> "_Side":
        n = len(pool.ids)
        audio_asks = direction == DIRECTIONS[0]
        by_lyrics = pool.scores[:, :n].T if pool.by_lyrics is None else np.asarray(pool.by_lyrics)
        scores, others = (pool.scores[:n], pool.other_lyrics) if audio_asks else (by_lyrics, pool.other_audio)
        items = (*pool.ids, *others)
        if level == LEVELS[0]:
            return cls(scores, np.eye(n, len(items), dtype=np.int32), pool.ids, items, pool.tie)
        labels = [] if pool.labels is None else list(pool.labels)
        relevance = shared_labels(labels, labels + [None] * len(others))
        asking = np.flatnonzero(relevance.any(axis=1)).tolist()
        return cls(scores[asking], relevance[asking], [pool.ids[row] for row in asking], items, pool.tie)


def _check_shape(name: str, values: ArrayLike, query_ids: Sequence[str], item_ids: Sequence[str]) -> None:
    if np.shape(values) != (len(query_ids), len(item_ids)):
        raise DataError(
            f"{name}: expected one for each of {len(query_ids)} query_ids and {len(item_ids)} item_ids, got shape "
            f"{np.shape(values)}"
        )


def _check_names(names: Sequence[str], hint: str = "") -> None:
    seen: set[str] = set()
    for name in names:
        if not name:
            raise DataError("ids: expected names, got an empty one")
        if name in seen:
            raise DataError(f"ids: {name!r} is there twice; expected different names.{hint}")
        seen.add(name)


def _write(path: Path, lines: Iterable[str]) -> None:
    def write(part: Path) -> None:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(lines)

    replace_file(path, write)
