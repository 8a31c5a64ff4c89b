"""Songs whose lyrics give the readings of their characters are found by both."""

from contextlib import closing

import pytest

from alcca.store.readings import Readings
from alcca.store.records import Song
from alcca.store.songs import Store
from alcca.store.transcripts import Transcripts

SONG = Song("h", "夜", lyrics="銀河の鉄道が\n走る", lyrics_aloud="ぎんがのてつどうが\nはしる")


@pytest.fixture
def store(tmp_path):
    with closing(Store(tmp_path)) as store:
        with store.transaction():
            store.put_song(SONG)
        yield store


def test_they_are_kept_and_found(store):
    assert store.songs()[0].lyrics_aloud == SONG.lyrics_aloud
    for words in ("銀河", "ぎんが", "ギンガの", "走る", "はしる"):
        assert store.search_words(words) == [1]
    index = store.tables(Transcripts).lyrics_index
    assert index.letters(1) == "yinhenotiedaogazouruginganotetsudougahashiru"


def test_they_change_with_the_song(store):
    with store.transaction():
        store.put_song(Song("h", "夜", lyrics=SONG.lyrics, lyrics_aloud="あまのがわ"))
    assert [store.search_words(words) for words in ("ぎんが", "あまのがわ", "銀河")] == [[], [1], [1]]
    with store.transaction():
        store.put_song(Song("h", "夜", lyrics=SONG.lyrics))
    assert [store.search_words(words) for words in ("あまのがわ", "銀河")] == [[], [1]]
    assert store.songs()[0].lyrics_aloud is None
    assert store.tables(Transcripts).lyrics_index.letters(1) == "yinhenotiedaogazouru"
    assert store.stale_indexes() == []
    with store.transaction():
        store._delete([1])
    assert store.stale_indexes() == []
    assert store._db.execute("SELECT count(*) FROM readings").fetchone() == (0,)


def test_damage_is_seen(store):
    assert store.damaged() == set()
    store._db.execute("UPDATE readings SET text = 'ほし'")
    assert store.tables(Readings).damaged() == store.damaged() == {1}
    assert store.songs()[0].lyrics_aloud is None


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM exact_words_of",
        "INSERT INTO exact_words_of VALUES (7, 7)",
        "INSERT INTO exact_words(rowid, lyrics) VALUES (7, 'ghost')",
        "INSERT INTO exact_words(exact_words) VALUES ('delete-all')",
    ],
)
def test_an_index_that_does_not_agree_with_the_songs_is_seen_and_made_anew(store, damage):
    assert store.stale_indexes() == []
    store._db.execute(damage)
    assert store.stale_indexes() == ["exact words"]
    with store.transaction():
        store.rebuild_indexes()
    assert store.stale_indexes() == []
    assert store.search_words("ぎんが") == [1]
