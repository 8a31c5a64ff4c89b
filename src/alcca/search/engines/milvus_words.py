"""The words of songs in Milvus: a sparse inverted index of their letters' 5-grams, which selects songs to align.

It replaces `alcca.store.ngram_index.NgramIndex` in a search. A song is stored as the text of its distinct 5-grams, one
token each, and Milvus ranks by BM25: rare n-grams weigh more, as in `NgramIndex`.
"""

from typing import Any, Self

from alcca.matching.ngrams import Integers, distinct, gram_letters, grams_of, wanted_grams
from alcca.search.engines.engine import Letters, Numbers, difference, with_tags
from alcca.search.engines.milvus_server import PIECE, Collection, Server

__all__ = ["MilvusWords"]

# Bytes of a text in Milvus; a token of five letters and a space.
LONGEST, TOKEN = 65_535, 6
# BM25's k1 near 0 and b = 0: each n-gram counts once, and long songs rank like short ones, so only rarity counts.
K1, B = 0.001, 0.0


class MilvusWords:
    """Songs in a collection, searched by the n-grams that they share with a passage.

    Parameters
    ----------
    collection : Collection
    ids, stamps : (n,) arrays of int64
        Ids and checksums of its rows.
    """

    def __init__(self, collection: Collection, ids: Numbers, stamps: Numbers) -> None:
        self._collection, self.ids, self.stamps = collection, ids, stamps

    @classmethod
    def open(cls, server: Server, library: str, kind: str) -> Self:
        """Open the collection of a library's words, "lyrics" or "heard", and list its songs."""
        collection = Collection(server, f"{library}_words_{kind}", _text_fields)
        return cls(collection, *collection.stamps())

    def synchronised(self, letters: Letters) -> "MilvusWords":
        """Bring the index up to date with these songs; only new and changed songs are sent."""
        stamps = with_tags(letters.ids, letters.stamps, letters.tags)
        fresh, gone = difference((self.ids, self.stamps), (letters.ids, stamps))
        if not fresh.any() and not len(gone):
            return self
        new, stamped = letters.ids[fresh], stamps[fresh]
        for start in range(0, len(new), PIECE):
            piece = slice(start, start + PIECE)
            texts = [_tokens(_all_grams(letters.read(song))) for song in new[piece].tolist()]
            self._collection.make(LONGEST)
            self._collection.put(new[piece], stamped[piece], letters.tags, "grams", texts)
        self._collection.delete(gone)
        merged = self._collection.merged((self.ids, self.stamps), (new, stamped), gone)
        return MilvusWords(self._collection, *merged)

    def search(self, letters: str, k: int = 50, among: frozenset[int] | None = None) -> list[int]:
        """Find the songs that share most n-grams with a passage; see `NgramIndex.search`."""
        wanted = wanted_grams(letters)
        if k < 1 or not wanted.size:
            return []
        allowed = frozenset(self.ids.tolist()) if among is None else among.intersection(self.ids.tolist())
        if not allowed:
            return []
        hits = self._collection.search("sparse", _tokens(wanted), 2 * k, among, ["song"], "BM25")
        scored = [(abs(hit["distance"]), int(hit["song"])) for hit in hits]
        found = [song for _, song in sorted(scored, key=lambda hit: (-hit[0], hit[1])) if song in allowed][:k]
        if len(found) < k and len(allowed) <= k:
            found += sorted(allowed.difference(found))
        return found


def _all_grams(letters: str) -> Integers:
    """The distinct n-grams of a song; if there are too many for Milvus, every second, third, … one."""
    grams = distinct(grams_of([letters.encode("ascii", "replace")])[0])
    return grams[:: -(-grams.size * TOKEN // LONGEST) or 1]


def _tokens(grams: Integers) -> str:
    return " ".join(gram_letters(grams))


def _text_fields(schema: Any, indexes: Any, longest: int) -> None:
    from pymilvus import DataType, Function, FunctionType

    schema.add_field(
        "grams",
        DataType.VARCHAR,
        max_length=longest,
        enable_analyzer=True,
        analyzer_params={"tokenizer": "standard"},
    )
    schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
    bm25 = Function(
        name="bm25", function_type=FunctionType.BM25, input_field_names=["grams"], output_field_names=["sparse"]
    )
    schema.add_function(bm25)
    indexes.add_index(
        "sparse",
        index_type="SPARSE_INVERTED_INDEX",
        metric_type="BM25",
        params={"bm25_k1": K1, "bm25_b": B},
    )
