"""Segments: files that tell in which texts each 5-gram of letters occurs, made in bounded memory and merged on disk.

A segment holds texts of one block of 65,536, so that two bytes tell a text. It is a header, how many grams each text
has, the texts of each gram one after another, the grams in ascending order, and where the texts of each begin. A search
maps it into memory and touches the pages of its own grams only. Log-structured indexes are made like this (O'Neil et
al. 1996, doi:10.1007/s002360050048).
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.errors import LibraryError
from alcca.matching.ngrams import GRAM_BITS, Integers, distinct
from alcca.persistence.files import replace_file

__all__ = ["BLOCK", "Segment", "merge", "most_votes", "write_segment"]

BITS = 16
BLOCK = 1 << BITS
MAGIC = np.uint64(0x616C6363615F3032)
HEADER, SIZES = 24, 2 * BLOCK
MOST_GRAMS = (1 << 16) - 1
# Pairs that a merge sorts at a time, 8 bytes each.
STEP = 1 << 21
# Texts that a search reads for all grams of a query; the grams that most texts have tell least.
BUDGET = 12_000_000
FEWEST_GRAMS = 60


class Segment(NamedTuple):
    """A segment that is mapped into memory.

    Parameters
    ----------
    block : int
        Its texts are those from ``block * BLOCK`` on.
    grams : (g,) array of uint32
        Ascending.
    starts : (g + 1,) array of uint32
        Where the texts of each gram begin.
    texts : (n,) array of uint16
        Numbers of texts within the block, ascending for each gram.
    sizes : (65536,) array of uint16
        How many different grams each text of the block has, in this segment.
    """

    block: int
    grams: NDArray[np.uint32]
    starts: NDArray[np.uint32]
    texts: NDArray[np.uint16]
    sizes: NDArray[np.uint16]

    @classmethod
    def read(cls, path: Path, block: int) -> "Segment":
        """Map a segment into memory.

        Raises
        ------
        LibraryError
            It is missing or damaged.
        """
        try:
            whole = np.memmap(path, np.uint8, "r")
        except (OSError, ValueError) as error:
            raise _damaged(path) from error
        if whole.size < HEADER + SIZES:
            raise _damaged(path)
        magic, grams, texts = (int(number) for number in whole[:HEADER].view(np.uint64))
        begin = HEADER + SIZES
        first = begin + _padded(2 * texts)
        if magic != int(MAGIC) or whole.size != first + 4 * grams + 4 * (grams + 1):
            raise _damaged(path)
        end = first + 4 * grams
        return cls(
            block,
            whole[first:end].view(np.uint32),
            whole[end:].view(np.uint32),
            whole[begin : begin + 2 * texts].view(np.uint16),
            whole[HEADER:begin].view(np.uint16),
        )

    def holders(self, wanted: Integers) -> tuple[Integers, Integers]:
        """Where the texts of each of the wanted grams begin and end; the same place for a gram that none has."""
        if not self.grams.size:
            return np.zeros((2, wanted.size), np.int64)  # type: ignore[return-value]
        place = np.minimum(np.searchsorted(self.grams, wanted.astype(np.uint32)), self.grams.size - 1)
        known = self.grams[place] == wanted
        begins, ends = self.starts[place].astype(np.int64), self.starts[place + 1].astype(np.int64)
        # A damaged table must not lead out of the file, nor to millions of texts.
        sound = known & (ends >= begins) & (ends <= self.texts.size) & (ends - begins <= BLOCK)
        return np.where(sound, begins, 0), np.where(sound, ends, 0)


def write_segment(path: Path, gram: Integers, text: Integers) -> None:
    """Write a segment of pairs of a gram and a text's number within its block, two (n,) arrays; pairs may repeat."""
    pairs = distinct(gram << BITS | text)
    replace_file(path, lambda part: _write(part, [pairs]), durable=False)


def merge(path: Path, segments: Sequence[Segment]) -> None:
    """Write a segment with all that several of one block hold; memory does not grow with their sizes."""
    replace_file(path, lambda part: _write(part, _merged(segments)), durable=False)


def most_votes(segments: Sequence[Segment], wanted: Integers, count: int, among: int) -> tuple[Integers, NDArray[Any]]:
    """The texts that share most grams with a query, rare grams counting more.

    Parameters
    ----------
    segments : sequence of Segment
    wanted : (g,) array
        The query's grams; ascending, without duplicates.
    count : int
        How many texts to find.
    among : int
        The number of all texts.

    Returns
    -------
    texts, votes : (at most count,) arrays
        Best first. A gram of ``d`` texts gives log₂(1 + among / d) votes.

    Notes
    -----
    Long texts have many votes by chance. So texts are ranked by how many standard deviations their votes are above what
    a text of their size has by chance; those below the average size count as average, since few grams vary more.
    """
    ranges = [segment.holders(wanted) for segment in segments]
    each = sum((ends - begins for begins, ends in ranges), np.zeros(wanted.size, np.int64))
    order = np.argsort(each, kind="stable")
    order = order[each[order] > 0]
    within = np.cumsum(each[order]) <= BUDGET
    within[:FEWEST_GRAMS] = True
    chosen = np.sort(order[within])
    weights = np.log2(1 + among / np.maximum(each, 1)).astype(np.float32)
    chance = np.minimum(each[chosen] / max(among, 1), 1.0)
    mean, variance = (weights[chosen] * chance).sum(), (weights[chosen] ** 2 * chance * (1 - chance)).sum()
    average = _average_size(segments)
    tallies: dict[int, NDArray[np.float64]] = {}
    for segment, (begins, ends) in zip(segments, ranges, strict=True):
        there = chosen[ends[chosen] > begins[chosen]]
        if not there.size:
            continue
        bounds = zip(begins[there].tolist(), ends[there].tolist(), strict=True)
        texts = np.concatenate([segment.texts[begin:end] for begin, end in bounds])
        tally = tallies.setdefault(segment.block, np.zeros(BLOCK))
        tally += np.bincount(texts, np.repeat(weights[there], (ends - begins)[there]), BLOCK)
    sizes = {block: sum(one.sizes.astype(np.float64) for one in segments if one.block == block) for block in tallies}
    best: list[tuple[Integers, NDArray[Any], NDArray[Any]]] = []
    for block, tally in tallies.items():
        longer = np.maximum(sizes[block] / average, 1.0)
        above = (tally - mean * longer) / np.sqrt(variance * longer + 1.0)
        above[tally == 0] = -np.inf
        top = np.argpartition(-above, min(count, BLOCK - 1))[:count]
        top = top[tally[top] > 0]
        best.append((top + block * BLOCK, tally[top], above[top]))
    if not best:
        return np.empty(0, np.int64), np.empty(0)
    numbers, most, above = (np.concatenate(parts) for parts in zip(*best, strict=True))
    first = np.lexsort((numbers, -above))[:count]
    return numbers[first], most[first]


def _average_size(segments: Sequence[Segment]) -> float:
    """The mean number of grams of the texts."""
    total = sum(segment.texts.size for segment in segments)
    count = sum(int(np.count_nonzero(segment.sizes)) for segment in segments)
    return max(total / max(count, 1), 1.0)


def _write(path: Path, pieces: Iterable[Integers]) -> None:
    """Write sorted pairs without duplicates, given in pieces; no gram is in two pieces."""
    grams, starts, total = [], [], 0
    sizes = np.zeros(BLOCK, np.int64)
    with path.open("wb") as file:
        _header(file, 0, 0, sizes)
        for pairs in pieces:
            gram, text = pairs >> BITS, pairs & (BLOCK - 1)
            begins = np.flatnonzero(np.diff(gram, prepend=-1))
            grams.append(gram[begins].astype("<u4"))
            starts.append((total + begins).astype("<u4"))
            sizes += np.bincount(text, minlength=BLOCK)
            file.write(text.astype("<u2").tobytes())
            total += pairs.size
        file.write(b"\0" * (_padded(2 * total) - 2 * total))
        directory = np.concatenate([*grams, *starts, np.array([total], "<u4")])
        file.write(directory.tobytes())
        file.seek(0)
        _header(file, sum(map(len, grams)), total, sizes)


def _header(file: BinaryIO, grams: int, texts: int, sizes: Integers) -> None:
    file.write(np.array([MAGIC, grams, texts], "<u8").tobytes())
    file.write(np.minimum(sizes, MOST_GRAMS).astype("<u2").tobytes())


def _merged(segments: Sequence[Segment]) -> Iterable[Integers]:
    """All pairs of several segments in ascending order, in pieces of about `STEP`."""
    total = sum(segment.texts.size for segment in segments)
    begin, width = 0, max(1, (1 << GRAM_BITS) * STEP // max(total, 1))
    while begin < 1 << GRAM_BITS:
        found = []
        for segment in segments:
            low, high = np.searchsorted(segment.grams, [begin, min(begin + width, (1 << 32) - 1)])
            starts = segment.starts[low : high + 1].astype(np.int64)
            gram = np.repeat(segment.grams[low:high].astype(np.int64), np.diff(starts))
            found.append(gram << BITS | segment.texts[starts[0] : starts[-1]])
        pairs = np.concatenate(found) if found else np.empty(0, np.int64)
        if pairs.size > 2 * STEP and width > 1:
            width //= 2
            continue
        begin += width
        if pairs.size:
            yield distinct(pairs)
        if pairs.size < STEP // 2:
            width *= 2


def _padded(size: int) -> int:
    return -(-size // 8) * 8


def _damaged(path: Path) -> LibraryError:
    return LibraryError(f"{path}: this part of the index is missing or damaged")
