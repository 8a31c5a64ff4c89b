"""Words as a part of a search: what finds what, and what is shown for it."""

from dataclasses import replace

import pytest
from tests.search.conftest import heard

from alcca.errors import LyricsError, UntrainedError, UsageError
from alcca.search.filters import Filter
from alcca.search.part import HEARD, Query
from alcca.search.snapshot import Snapshot
from alcca.store.records import Song
from alcca.store.songs import Store
from alcca.store.transcripts import SLICE, Transcripts
from alcca.transcripts import Transcript


@pytest.fixture
def snapshot(store):
    return Snapshot(store, store.folder)


def ask(snapshot, store, text=None, heard=None, why=None):
    recording = {} if heard is None else {HEARD: heard}
    return snapshot.search(Query(text, recording, {} if why is None else {HEARD: why}), store, 5)


@pytest.mark.parametrize(
    ("said", "title", "line"),
    [
        ("guten abend gut nackt mit rosen bedacht", "Guten Abend", "Guten Abend, gut Nacht, mit Rosen bedacht"),
        ("o clair de la lune mon ami pierro", "Clair de lune", "Au clair de la lune, mon ami Pierrot"),
        ("a lass my love you do me wrong", "Greensleeves", "Alas, my love, you do me wrong"),
        ("ya no puedo caminar por que no tiene", "La cucaracha", "ya no puede caminar"),
    ],
)
def test_what_is_heard_in_a_clip_finds_the_song_by_its_lyrics_in_any_language(snapshot, store, said, title, line):
    found = ask(snapshot, store, heard=heard(said, start=31.0))
    best = found.hits[0]
    assert best.song.title == title
    (evidence,) = best.evidence
    assert evidence.part == "words"
    assert evidence.passages[0].line == line
    assert 31 <= evidence.passages[0].start < evidence.passages[0].end <= 35
    assert best.bits == evidence.bits > 10


def test_a_clip_finds_a_song_without_lyrics_by_what_was_heard_in_it(snapshot, store):
    found = ask(snapshot, store, heard=heard("frosty winds made moan earth stood hard as iron"))
    assert found.hits[0].song.title == "Hidden"
    assert found.hits[0].probability > 0.9


def test_a_remembered_line_finds_the_recording_and_tells_when_it_is_sung(snapshot, store):
    found = ask(snapshot, store, text="earth stood hard as iron")
    assert found.hits[0].song.title == "Hidden"
    assert found.hits[0].evidence[0].passages[0].start == pytest.approx(14, abs=1)


def test_a_typed_line_finds_lyrics_that_nobody_has_heard(snapshot, store):
    found = ask(snapshot, store, text="the pipes are calling")
    assert found.hits[0].song.title == "Danny"
    passage = found.hits[0].evidence[0].passages[0]
    assert passage.line.startswith("Oh Danny boy")
    assert passage.start is None


def test_a_song_is_found_as_its_characters_are_written_and_as_they_are_read(store):
    lyrics, aloud = "窓の外に星が降る\n銀河の鉄道が走る", "まどのそとにほしがふる\nぎんがのてつどうがはしる"
    with store.transaction():
        number = store.put_song(Song("galaxy", "Galaxy", lyrics=lyrics, lyrics_aloud=aloud))
        transcript = heard("ギンガの鉄道が走る", start=31.0)
        store.tables(Transcripts).put(number, transcript, SLICE)
    snapshot = Snapshot(store, store.folder)
    for text in ("銀河の鉄道が走る", "ギンガのテツドウがハシル", "ginga no tetsudou ga hashiru"):
        best = ask(snapshot, store, text=text).hits[0]
        assert best.song.title == "Galaxy"
        assert best.evidence[0].passages[0].line == "銀河の鉄道が走る"
        assert best.evidence[0].passages[0].start == pytest.approx(31, abs=1)
    best = ask(snapshot, store, heard=heard("ほしがふるぎんがのてつどう", start=7.0)).hits[0]
    assert best.song.title == "Galaxy"
    assert {passage.line for passage in best.evidence[0].passages} <= set(lyrics.split("\n"))


@pytest.mark.parametrize(
    ("lyrics", "typed"),
    [
        ("נַהַר הַלַּיְלָה עוֹבֵר תַּחַת הַגֶּשֶׁר", "נהר הלילה עובר תחת הגשר"),
        ("نهر الليل يمر تحت الجسر", "نَهْرُ اللَّيْلِ يَمُرُّ تَحْتَ الجِسْرِ"),
    ],
)
def test_pointed_and_plain_texts_find_one_another(store, lyrics, typed):
    with store.transaction():
        store.put_song(Song("river", "River", lyrics=lyrics))
    found = ask(Snapshot(store, store.folder), store, text=typed).hits[0]
    assert (found.song.title, found.certainty) == ("River", "sure")
    assert len(found.evidence[0].passages[0].words) == 5


def test_a_search_keeps_to_the_songs_that_a_filter_allows(snapshot, store):
    everything = {one.title: number for number, one in snapshot.summaries.items()}
    allowed = frozenset({everything["Danny"], everything["Shenandoah"]})
    found = snapshot.search(Query(text="Alas, my love, you do me wrong"), store, 5, allowed)
    assert {hit.song.title for hit in found.hits} <= {"Danny", "Shenandoah"}
    assert found.among == 2
    assert snapshot.among(Filter()) is None


def test_what_cannot_be_answered_says_why(snapshot, store):
    with pytest.raises(UntrainedError, match=r"the recording has not been transcribed.*train it first"):
        ask(snapshot, store)
    with pytest.raises(UntrainedError, match="no words were recognised in the recording"):
        ask(snapshot, store, heard=Transcript())
    with pytest.raises(UntrainedError, match="the text has no words"):
        ask(snapshot, store, text="  ?! ")
    with pytest.raises(UsageError, match="expected words, space, or both"):
        snapshot.search(Query(text="river"), store, 5, by="smell")
    assert ask(snapshot, store, text="qqqq xxxx zzzz").hits == []


def test_a_trained_library_refuses_words_that_nothing_knows(library):
    with pytest.raises(LyricsError, match="no word is known to the model"):
        library.search(lyrics="qqqqq zzzzz")


def test_a_song_follows_its_lyrics_into_the_index_and_out_of_it(store, music):
    kept = store.tables(Transcripts)
    song = next(song for song in store.songs() if song.title == "Danny")
    assert kept.lyrics_index.search("thepipesarecalling")[0] == song.id
    with store.transaction():
        store.put_song(replace(song, lyrics="xylophone jukebox"))
    assert kept.lyrics_index.search("xylophonejukebox")[0] == song.id
    assert kept.lyrics_index.search("thepipesarecalling")[0] != song.id
    with store.transaction():
        store.drop_songs([song.id])
    assert song.id not in kept.lyrics_index.search("xylophonejukebox")


def test_a_slice_that_moves_is_no_longer_heard_but_a_whole_song_is(store):
    kept = store.tables(Transcripts)
    song = next(song for song in store.songs() if song.title == "Hidden")
    moved = replace(song, audio=replace(song.audio, start=song.audio.start + 5))
    for extent, left in ((SLICE, set()), ("song", {song.id})):
        with store.transaction():
            store.put_song(song)
            kept.put(song.id, heard("in the bleak midwinter"), extent)
            store.put_song(moved)
        assert set(kept.of([song.id])) == left
        assert (kept.heard_index.search("inthebleakmidwinter") == [song.id]) == bool(left)


def test_a_damaged_transcript_is_seen_and_not_believed(store):
    song = next(song for song in store.songs() if song.title == "Hidden")
    assert store.damaged() == set()
    with store.transaction():
        store._db.execute("UPDATE transcripts SET heard = replace(heard, 'bleak', 'black') WHERE song = ?", (song.id,))
    assert store.damaged() == {song.id}
    assert store.tables(Transcripts).of([song.id]) == {}


def test_a_library_of_the_first_format_is_upgraded_when_it_is_opened(store):
    tables = [row[0] for row in store._db.execute("SELECT name FROM sqlite_master WHERE name LIKE 'candidates%'")]
    with store.transaction():
        store._db.execute("DROP TABLE transcripts")
        for table in tables:
            store._db.execute(f"DROP TABLE IF EXISTS {table}")
        store._db.execute("PRAGMA user_version = 1")
    store.close()
    again = Store(store.folder)
    song = next(song for song in again.songs() if song.title == "Danny")
    assert again.tables(Transcripts).lyrics_index.search("thepipesarecalling")[0] == song.id
    assert again.tables(Transcripts).extents() == {}


def test_a_search_reads_each_song_and_each_transcript_once(snapshot, store, monkeypatch):
    read = {"songs": [], "transcripts": []}
    kept = store.tables(Transcripts)
    songs, of = store.songs, kept.of
    monkeypatch.setattr(store, "songs", lambda ids: read["songs"].extend(ids) or songs(ids))
    monkeypatch.setattr(kept, "of", lambda ids: read["transcripts"].extend(ids) or of(ids))
    assert ask(snapshot, store, heard=heard("oh danny boy the pipes the pipes are calling")).hits
    for ids in read.values():
        assert len(ids) == len(set(ids)) > 0
