"""One suite, three engines: whatever holds the vectors, the same songs are found, with the same cosines."""

import importlib.util
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from tests.making import flip

from alcca.errors import LibraryError, MissingExtraError, UsageError
from alcca.library.faiss_files import kept_in
from alcca.retrieval.ranking import cosines
from alcca.search.engines import faiss as faiss_module
from alcca.search.engines import milvus_server
from alcca.search.engines.by_name import engine_named
from alcca.search.engines.engine import Rows, Space, synchronised
from alcca.search.filters import Chosen, Filter

MODEL = "0123abcd"
LABELS, ARTISTS = ("folk", 'a "quoted\\" label', None), ("Ann", "Bjørk", "Cid", None)


@dataclass
class Songs:
    """Made-up songs in a few crowds, that may be added, changed and taken out."""

    vectors: dict = field(default_factory=dict)
    stamps: dict = field(default_factory=dict)
    tags: dict = field(default_factory=dict)
    read: list = field(default_factory=list)

    def put(self, song, vector, tags=Filter()):  # noqa: B008 - a value
        self.vectors[song] = np.asarray(vector, np.float32)
        self.stamps[song] = self.stamps.get(song, song) + 1000
        self.tags[song] = tags

    def remove(self, song):
        del self.vectors[song], self.tags[song]

    def rows(self):
        ids = np.array(sorted(self.vectors), dtype=np.int64)
        stamps = np.array([self.stamps[song] for song in ids.tolist()], dtype=np.int64)

        def read(some):
            self.read += some.tolist()
            return np.array([self.vectors[song] for song in some.tolist()])

        return Rows(ids, stamps, read, self.tags.__getitem__, lambda: np.empty((0, 0), np.float32))

    def nearest(self, query, k, among=None):
        ids = np.array(sorted(song for song in self.vectors if among is None or song in among), dtype=np.int64)
        if not len(ids):
            return []
        told = cosines(query, np.array([self.vectors[song] for song in ids.tolist()]))
        best = np.lexsort((ids, -told))[:k]
        return list(zip(ids[best].tolist(), told[best].tolist(), strict=True))

    def chosen(self, **where):
        where = Filter(**where)
        passed = (
            song
            for song, tags in self.tags.items()
            if where.label in (None, tags.label) and where.artist in (None, tags.artist)
        )
        return Chosen(passed, where)


@pytest.fixture
def songs():
    rng = np.random.default_rng(0)
    made = Songs()
    crowds = rng.normal(size=(6, 8))
    for number in range(300):
        tags = Filter(LABELS[number % 3], ARTISTS[number % 4])
        made.put(3 * number + 5, crowds[number % 6] + 0.6 * rng.normal(size=8), tags)
    return made


@pytest.fixture(params=["exact", "faiss", "faiss:least=50", "faiss:least=50:codes=pq", "milvus"])
def engine(request, tmp_path):
    with _opened(request.param, tmp_path) as opened:
        yield opened


def _opened(text, folder):
    import contextlib

    if text.startswith("faiss"):
        pytest.importorskip("faiss")
    if text == "milvus":
        pytest.importorskip("milvus_lite")
        text = f"milvus:{folder / 'songs.db'}"
    return contextlib.closing(engine_named(text))


@pytest.fixture
def space(tmp_path):
    return Space("feed", MODEL, tmp_path / "model", "audio")


@pytest.fixture
def index(engine, space, songs):
    return synchronised(engine.open(space), songs.rows(), tagged=engine.tagged)


@pytest.fixture
def queries(songs):
    rng = np.random.default_rng(1)
    near = [songs.vectors[song] + 0.2 * rng.normal(size=8) for song in (5, 50, 200)]
    return [*near, rng.normal(size=8)]


def test_the_nearest_are_found_with_their_exact_cosines(index, songs, queries):
    for query in queries:
        assert index.search(query, 5) == songs.nearest(query, 5)
    assert index.dimension == 8


def test_more_than_there_are_gives_all(index, songs, queries):
    found = index.search(queries[0], 1000)
    assert found == songs.nearest(queries[0], 1000)
    assert len(found) == 300
    assert index.search(queries[0], 0) == []


def test_equally_near_songs_come_in_the_order_of_their_ids(engine, space, songs):
    for number in range(80):
        songs.put(10_000 - number, [1, 1, 1, 1, 1, 1, 1, 50])
    index = synchronised(engine.open(space), songs.rows(), tagged=engine.tagged)
    found = index.search(np.array([0, 0, 0, 0, 0, 0, 0, 1.0]), 6)
    assert [song for song, _ in found] == list(range(9921, 9927))
    assert len({cosine for _, cosine in found}) == 1


def test_nothing_is_near_to_zero_and_zero_is_near_to_nothing(engine, space, songs, queries):
    songs.put(2, np.zeros(8))
    index = synchronised(engine.open(space), songs.rows(), tagged=engine.tagged)
    assert dict(index.search(queries[0], 1000))[2] == 0.0
    assert index.search(queries[0], 1000) == songs.nearest(queries[0], 1000)
    assert index.search(np.zeros(8), 3) == [(2, 0.0), (5, 0.0), (8, 0.0)]


@pytest.mark.parametrize("where", [{"label": "folk"}, {"artist": "Bjørk"}, {"label": LABELS[1], "artist": "Cid"}])
def test_only_songs_that_pass_the_filter_are_found(index, songs, queries, where, monkeypatch):
    among = songs.chosen(**where)
    assert 20 < len(among) < 150
    for few in (0, 1_000):  # asked with the filter, and all that pass it compared
        monkeypatch.setattr(type(index), "few", few)
        for query in queries[:3]:
            assert index.search(query, 5, among) == songs.nearest(query, 5, among)


def test_only_songs_that_are_named_are_found(index, songs, queries, monkeypatch):
    monkeypatch.setattr(type(index), "few", 0)
    among = frozenset(range(5, 800, 6)) | {1, 100_000}
    assert index.search(queries[0], 5, among) == songs.nearest(queries[0], 5, among)
    assert index.search(queries[0], 500, among) == songs.nearest(queries[0], 500, among)
    assert index.search(queries[0], 5, frozenset()) == index.search(queries[0], 5, frozenset({1})) == []


def test_songs_are_added_replaced_and_deleted_and_only_those_are_read(engine, index, songs, queries):
    songs.put(1, queries[3], Filter("new", "Ann"))
    songs.put(8, queries[0], Filter("new", None))
    songs.remove(5)
    songs.read.clear()
    after = synchronised(index, songs.rows(), tagged=engine.tagged)
    assert sorted(set(songs.read)) == [1, 8]
    for query in queries:
        assert after.search(query, 5) == songs.nearest(query, 5)
        assert after.search(query, 400) == songs.nearest(query, 400)
    assert after.search(queries[3], 1) == [(1, pytest.approx(1.0))]
    assert [song for song, _ in after.search(queries[3], 5, songs.chosen(label="new"))] == [1, 8]
    assert len(after.ids) == 300


def test_an_index_that_is_up_to_date_is_not_changed(engine, index, songs):
    assert synchronised(index, songs.rows(), tagged=engine.tagged) is index


def test_many_changes_one_after_the_other(engine, index, songs, queries):
    rng = np.random.default_rng(2)
    for turn in range(4):
        for song in rng.choice(sorted(songs.vectors), 25, replace=False).tolist():
            songs.remove(song)
        for song in range(2000 + 40 * turn, 2040 + 40 * turn):
            songs.put(song, songs.vectors[max(songs.vectors)] + 0.5 * rng.normal(size=8))
        index = synchronised(index, songs.rows(), tagged=engine.tagged)
        assert index.search(queries[1], 500) == songs.nearest(queries[1], 500)
        assert index.search(queries[1], 5) == songs.nearest(queries[1], 5)


def test_all_songs_may_go(engine, index, songs, queries):
    for song in list(songs.vectors):
        songs.remove(song)
    index = synchronised(index, songs.rows(), tagged=engine.tagged)
    assert index.search(queries[0], 5) == []
    assert len(index.read(np.array([5]))[0]) == 0
    songs.put(4, queries[0])
    assert [song for song, _ in synchronised(index, songs.rows()).search(queries[0], 5)] == [4]


def test_vectors_and_cosines_are_those_of_the_songs_that_are_there(index, songs, queries):
    ids, vectors = index.read(np.array([1, 5, 8, 9_999]))
    assert ids.tolist() == [5, 8]
    np.testing.assert_array_equal(vectors, [songs.vectors[5], songs.vectors[8]])
    told = index.cosines(queries[0], np.array([8, 9_999, 5]))
    exact = dict(songs.nearest(queries[0], 1000))
    assert told.tolist() == [exact[8], pytest.approx(np.nan, nan_ok=True), exact[5]]


@pytest.mark.parametrize("text", ["faiss:least=50", "milvus"])
def test_what_is_kept_is_found_by_the_next_process_which_reads_only_what_changed(text, tmp_path, space, songs, queries):
    with _opened(text, tmp_path) as engine:
        synchronised(engine.open(space), songs.rows(), tagged=engine.tagged)
    songs.put(1, queries[3])
    songs.remove(5)
    songs.read.clear()
    with _opened(text, tmp_path) as engine:
        index = synchronised(engine.open(space), songs.rows(), tagged=engine.tagged)
        assert set(songs.read) == {1}
        for query in queries:
            assert index.search(query, 5) == songs.nearest(query, 5)


@pytest.mark.parametrize("text", ["exact", "faiss:least=50", "milvus"])
def test_the_vectors_of_another_model_or_view_are_not_mixed_in(text, tmp_path, space, songs, queries):
    with _opened(text, tmp_path) as engine:
        old = synchronised(engine.open(space), songs.rows(), tagged=engine.tagged)
        for other in (space._replace(view="lyrics"), space._replace(model="4567", folder=tmp_path / "other")):
            index = engine.open(other)
            assert index.search(queries[0], 5) == []
            index = synchronised(index, _one_song(5, [1, 0, 0]), tagged=engine.tagged)
            assert index.search(np.array([1, 0, 0]), 5) == [(5, 1.0)]
        assert old.search(queries[0], 5) == songs.nearest(queries[0], 5)


def _one_song(song, vector):
    one = Songs()
    one.put(song, vector)
    return one.rows()


# Of the engines


def test_milvus_follows_a_label_that_changes(tmp_path, space, songs, queries):
    with _opened("milvus", tmp_path) as engine:
        index = synchronised(engine.open(space), songs.rows(), tagged=True)
        songs.tags[5] = Filter("another", None)
        index = synchronised(index, songs.rows(), tagged=True)
        for k in (1, 5):
            assert index.search(queries[0], k, Chosen([5], Filter("another"))) == songs.nearest(queries[0], k, {5})
        index.few = 0
        hits = index._collection.search("vector", queries[0], 9, Chosen([5], Filter("another")), ["song"], "COSINE")
        assert [hit["song"] for hit in hits] == [5]


def test_an_embedded_database_is_free_for_others_once_it_is_closed(tmp_path, space, songs):
    with _opened("milvus", tmp_path) as engine:
        synchronised(engine.open(space), songs.rows(), tagged=True)
        from milvus_lite.server_manager import server_manager_instance as running

        assert str(tmp_path / "songs.db") in running._servers
    assert str(tmp_path / "songs.db") not in running._servers


def test_milvus_drops_what_earlier_models_left(tmp_path, space, songs):
    with _opened("milvus", tmp_path) as engine:
        for one in (space, space._replace(view="lyrics"), space._replace(library="beef")):
            synchronised(engine.open(one), songs.rows(), tagged=True)
        new = space._replace(model="4567")
        synchronised(engine.open(new), songs.rows(), tagged=True)
        engine.settled(new)
        kept = {"alcca_feed_4567_audio", f"alcca_beef_{MODEL}_audio"}
        assert set(engine._server.ask("list_collections")) == kept


def test_very_long_labels_are_told_apart(tmp_path, space, songs, queries):
    long = ["ö" * 3000 + str(number) for number in range(2)]
    songs.tags[5], songs.tags[8] = (Filter(label) for label in long)
    with _opened("milvus", tmp_path) as engine:
        index = synchronised(engine.open(space), songs.rows(), tagged=True)
        hits = index._collection.search("vector", queries[0], 9, Chosen([8], Filter(long[1])), ["song"], "COSINE")
        assert [hit["song"] for hit in hits] == [8]


def test_a_cluster_that_cannot_be_reached_is_named(monkeypatch, space):
    pytest.importorskip("pymilvus")
    monkeypatch.setattr(milvus_server, "SECONDS_TO_CONNECT", 0.3)
    engine = engine_named("milvus://127.0.0.1:9/songs")
    with pytest.raises(LibraryError, match=r"milvus://127.0.0.1:9/songs: .*see that it runs"):
        engine.open(space)
    engine.close()


def test_a_database_in_a_folder_that_does_not_exist_is_named(tmp_path, space):
    pytest.importorskip("milvus_lite")
    engine = engine_named(f"milvus:{tmp_path}/nowhere/songs.db")
    with pytest.raises(LibraryError, match=r"nowhere/songs.db: .*its folder must exist"):
        engine.open(space)


@pytest.mark.parametrize("least", [50, 1000])
def test_faiss_keeps_files_from_some_number_of_songs_on(tmp_path, space, songs, least):
    with _opened(f"faiss:least={least}", tmp_path) as engine:
        synchronised(engine.open(space), songs.rows())
        assert (space.folder / "faiss").exists() == (least == 50)
        for about in kept_in(space.folder):
            assert (about["view"], about["songs"], about["lists"]) == ("audio", 300, 69)
            assert about["recall"] >= 0.98
            assert 0 < about["probes"] < 69
            assert about["bytes"] > 300 * 8 * 5


def test_files_that_were_made_with_other_settings_are_made_anew_and_the_old_ones_go(tmp_path, space, songs, queries):
    for codes in ("sq8", "flat", "pq"):
        with _opened(f"faiss:least=50:codes={codes}", tmp_path) as engine:
            index = engine.open(space)
            assert len(index.ids) == 0
            index = synchronised(index, songs.rows())
            assert index.search(queries[0], 5) == songs.nearest(queries[0], 5)
            assert len(engine.open(space).ids) == 300
        assert len(list(space.folder.glob("faiss/audio-*"))) == 1


@pytest.mark.parametrize("damaged", ["vectors.npy", "lists.faiss", "ids.npy", "stamps.npy"])
def test_damaged_files_are_made_anew(tmp_path, space, songs, queries, damaged):
    with _opened("faiss:least=50", tmp_path) as engine:
        synchronised(engine.open(space), songs.rows())
        (file,) = space.folder.glob(f"faiss/audio-*/{damaged}")
        if damaged in ("ids.npy", "stamps.npy"):
            np.save(file, np.load(file)[:-1])
        else:
            file.write_bytes(file.read_bytes()[:200])
        index = engine.open(space)
        assert len(index.ids) == 0
        assert synchronised(index, songs.rows()).search(queries[0], 5) == songs.nearest(queries[0], 5)


@pytest.mark.parametrize("damaged", ["vectors.npy", "lists.faiss", "ids.npy", "stamps.npy", "about.json", "SHA256SUMS"])
def test_a_flipped_bit_in_a_file_makes_the_files_anew(tmp_path, space, songs, queries, damaged):
    with _opened("faiss:least=50", tmp_path) as engine:
        synchronised(engine.open(space), songs.rows())
        assert len(engine.open(space).ids) == 300
        (file,) = space.folder.glob(f"faiss/audio-*/{damaged}")
        flip(file, 3 * file.stat().st_size // 4)
        index = engine.open(space)
        assert len(index.ids) == 0
        assert synchronised(index, songs.rows()).search(queries[0], 5) == songs.nearest(queries[0], 5)
        assert len(engine.open(space).ids) == 300


def test_files_from_before_there_were_checksums_are_searched(tmp_path, space, songs, queries):
    with _opened("faiss:least=50", tmp_path) as engine:
        synchronised(engine.open(space), songs.rows())
        (folder,) = space.folder.glob("faiss/audio-*")
        (folder / "SHA256SUMS").unlink()
        (folder / "about.json").rename(space.folder / "faiss" / "audio.json")
        assert engine.open(space).search(queries[0], 5) == songs.nearest(queries[0], 5)
        assert [about["songs"] for about in kept_in(space.folder)] == [300]


def test_files_lie_in_the_models_folder_wherever_they_are_said_to_be(tmp_path, space, songs):
    with _opened("faiss:least=50", tmp_path) as engine:
        synchronised(engine.open(space), songs.rows())
        (folder,) = space.folder.glob("faiss/audio-*")
        folder.rename(tmp_path / "outside")
        for place in (str(tmp_path / "outside"), "../../outside", 3, None):
            (space.folder / "faiss" / "audio.json").write_text(json.dumps({"files": place}))
            assert len(engine.open(space).ids) == 0
            assert kept_in(space.folder) == []


def test_a_build_that_fails_leaves_the_old_files(tmp_path, space, songs, queries, monkeypatch):
    with _opened("faiss:least=50", tmp_path) as engine:
        index = synchronised(engine.open(space), songs.rows())
        before = sorted(Path(space.folder).rglob("*"))
        for song in range(2000, 2100):
            songs.put(song, queries[0])
        monkeypatch.setattr(faiss_module, "build", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            synchronised(index, songs.rows())
        assert sorted(Path(space.folder).rglob("*")) == before
        assert len(engine.open(space).ids) == 300


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lucene", "--index is 'lucene'; expected exact, faiss"),
        ("exact:fast", "expected exact, faiss"),
        ("faiss:speed=9", "no setting 'speed'; there are codes=…, lists=…"),
        ("faiss:codes=lsh", "codes is 'lsh'; expected sq8, pq, flat"),
        ("faiss:recall=all", "recall is 'all'; expected a number"),
        ("faiss:recall=1.5", "expected recall above 0"),
        ("milvus://localhost/songs", "expected milvus://HOST:PORT/COLLECTION"),
        ("milvus://localhost:19530", "expected milvus://HOST:PORT/COLLECTION"),
        ("milvus://localhost:19530/my-songs", "letters, digits and _"),
        ("milvus:songs.sqlite", "or milvus:FILE.db"),
    ],
)
def test_a_text_that_names_no_engine_is_told_what_there_is(text, said):
    with pytest.raises(UsageError) as told:
        engine_named(text)
    assert said in str(told.value)


@pytest.mark.parametrize(
    ("text", "package", "extra"),
    [("faiss", "faiss", "ann"), ("milvus:songs.db", "milvus_lite", "milvus"), ("milvus://h:1/c", "pymilvus", "milvus")],
)
def test_a_missing_package_is_named_with_its_extra(monkeypatch, text, package, extra):
    if text != "faiss":
        pytest.importorskip("pymilvus") if importlib.util.find_spec(package) else None
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'alcca\[{extra}\]'"):
        engine_named(text)
