"""Exact search: which words are the same, which come first, and what no text can do to it."""

import sqlite3
import unicodedata

import pytest

from alcca.errors import UsageError
from alcca.store import time_limit
from alcca.store.exact_words import MAX_PHRASE, MAX_WORDS, ExactWords, wanted_terms
from alcca.store.records import Song
from alcca.store.songs import Store


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path)
    yield store
    store.close()


def put(store, *lyrics, title="title"):
    with store.transaction():
        return [store.put_song(Song(f"{text} {title}", title, lyrics=text)) for text in lyrics]


SAME = [
    ("旧桥", "夜里的河水流过旧桥"),
    ("旧桥", "夜裡的河水流過舊橋"),
    ("漢気", "あの汉氣だ"),
    ("古い橋", "夜の川が古い橋を渡る"),
    ("love me tonight", "ＬＯＶＥ　ＭＥ　ＴＯＮＩＧＨＴ　と君が歌う"),
    ("がらす", "ｶﾞﾗｽの靴"),
    ("がらす", unicodedata.normalize("NFD", "ガラスの靴")),
    ("こひ", "コーヒーの香り"),
    ("人々", "駅の人々が"),
    ("강물", "밤의 강물이 낡은"),
    ("사랑해요", unicodedata.normalize("NFD", "널 사랑 해요")),
    ("αγαπη μου", "Αγάπη μου πού"),
    ("ΟΥΡΑΝΟΣ", "Ο ουρανός είναι"),
    ("τους αγγελους", "τοὺς ἀγγέλους"),
    ("течет", "Ночная река течёт"),
    ("мои", "мой дом"),
    ("мой", unicodedata.normalize("NFD", "мой дом")),
    ("privet", "Привет, мир"),
    ("strasse", "Die Straße führt"),
    ("STRAẞE", "die strasse"),
    ("lodka", "Łódka płynie"),
    ("oya", "Øya ligger"),
    ("aerlig", "Ærlig talt"),
    ("duong ve nha", "Đường về nhà xa lắm"),
    ("isik acik", "Bir IŞIK yandı, açık"),
    ("istanbul", "İSTANBUL'DA"),
    ("office", "The ofﬁce ﬂoor"),
    ("wasser", "Das Waſſer"),
    ("שלום", "שָׁלוֹם לָךְ"),
    ("שָׁלוֹם", "שלום לך"),
    ("בית ספר", "אל בית־ספר"),
    ("نهر الليل", "نَهْرُ اللَّيْلِ يَمُرُّ"),
    ("اكتب", "أَكْتُبُ اسْمَكَ"),
    ("حبيبي", "يا حـبـيـبـي"),
    ("الي متي", "إلى متى أنتظر"),
    ("ليله", "ليلة القدر"),
    ("می خواهم", "می‌خواهم در باران"),
    ("میخواهم", "می‌خواهم در باران"),
    ("كتاب", "کتاب را باز کن"),
    ("สะพานเก่า", "ไหลผ่านสะพานเก่า"),
    ("ນ້ຳ", "ແມ່ນ້ຳຂອງ"),
    ("ទឹក", "ជាទឹកភ្លៀង"),
    ("မိုး", "ယနေ့မိုးရွာ"),
    ("दिल", "दिल की बात"),
    ("जिन्दगी", "ज़िन्दगी का सफ़र"),
    ("dont", "I don’t know"),
    ("don't", "I dont know"),
    ("DON‘T", "I don`t know"),
    ("amour", "l'amour toujours"),
    ("merry go round", "a merry-go-round"),
    ("merrygoround", "a merry-go-round"),
    ("rock'n'roll", "rock 'n' roll"),
    ("ymca", "It's the Y.M.C.A."),
    ("cooperation", "co\u00adoper\u200bation of the wind"),
    ("dream", "𝓛𝓸𝓿𝓮 𝓲𝓼 𝓪 𝓭𝓻𝓮𝓪𝓶"),
    ("merr", "a merry-go-round"),
    ("merrygor", "a merry-go-round"),
]


@pytest.mark.parametrize(("words", "lyrics"), SAME)
def test_words_are_found_however_they_are_written(store, words, lyrics):
    put(store, "something else", lyrics)
    assert store.search_words(words) == [2]


@pytest.mark.parametrize(
    ("words", "lyrics"),
    [
        ("art", "my heart, depart"),
        ("ear", "hear me"),
        ("桥旧", "旧桥"),
        ("水桥", "水 流过 旧桥"),
        ("ka", "カラス"),
        ("go merry", "merry-go-roundabout, gone"),
        ("t", "never don"),
        ("darkness hel ", "hello darkness"),
        ("waithello", "wait... hello"),
        ("ab", "אב"),
        ("עם", "אם"),
        ("שמים", "סמים"),
    ],
)
def test_other_words_are_not_found(store, words, lyrics):
    put(store, lyrics)
    assert store.search_words(words) == ([1] if words == "go merry" else [])


def test_a_word_that_is_being_typed_is_found_by_its_beginning_and_whole_words_come_first(store):
    put(store, "artist artist artist artist", "the art of it, and many words more that make it long", "heart")
    assert store.search_words("art") == [2, 1]
    assert store.search_words("art ") == [2]
    assert store.search_words("art many") == [2]
    assert store.search_words("a") == []
    assert store.search_words("ar") == [1, 2]


def test_a_whole_word_comes_before_a_longer_one_as_it_is_typed(store):
    put(store, "øyane", "oya and more")
    assert store.search_words("øya") == [2, 1]


def test_words_as_they_are_typed_come_first(store):
    put(store, "oya oya", "the island", "a long line before the word, and øya then")
    assert store.search_words("øya") == [3, 1]
    assert store.search_words("oya") == [1, 3]
    put(store, "旧桥 旧桥", "夜裡流過的舊橋 夜裡流過")
    assert store.search_words("舊橋") == [5, 4]


def test_of_very_many_hits_those_with_the_words_in_the_title_come_first(store, monkeypatch):
    put(store, *(f"river {number} and many other words" for number in range(5)))
    put(store, "river", title="song")
    put(store, "short", title="The River")
    assert store.search_words("river ")[0] == 6
    monkeypatch.setattr("alcca.store.exact_words.MAX_RANKED", 6)
    assert store.search_words("river ") == [7, 1, 2, 3, 4, 5, 6]
    assert store.search_words("riv") == [7, 1, 2, 3, 4, 5, 6]
    assert store.search_words("short ") == [7]


def test_titles_and_artists_are_found_too(store):
    with store.transaction():
        store.put_song(Song("h", "Ærlig", artist="Sigur Rós"))
        store.put_song(Song("i", "AC/DC live, P!nk, The B-52’s"))
    assert store.search_words("sigur ros aerlig") == [1]
    assert [store.search_words(words) for words in ("ac/dc", "ac dc", "p!nk", "b52s", "b-52's")] == [[2]] * 5


@pytest.mark.parametrize(
    "text",
    ["a " * 10_000, "a A á Á a\u0301 a. (a) a! 'a' " * 1000, "a-" * MAX_PHRASE * 1000, "*a* " + '" - \0 ' * 1000],
    ids=["the same", "nearly the same", "a chain", "signs"],
)
def test_a_word_again_asks_for_nothing_more(text):
    assert len(wanted_terms(text)) <= 2


def test_different_words_are_limited_and_a_whole_song_is_not_too_long(store):
    words = [f"w{number}" for number in range(MAX_WORDS + 1)]
    assert len(wanted_terms(" ".join(words[:-1] * 3))) == MAX_WORDS
    for text in (" ".join(words), "-".join(words), "".join(map(chr, range(0x4E00, 0x4E00 + 5000)))):
        with pytest.raises(UsageError, match="at most 500 different words; give fewer"):
            store.search_words(text)
    put(store, " ".join(f"w'{number}" for number in range(MAX_WORDS // 2)))
    assert store.search_words(" ".join(f"w'{number}" for number in range(MAX_WORDS // 2))) == [1]


@pytest.mark.parametrize(
    "text",
    [
        "a " * 10_000,
        "river " * 3000,
        "a-a " * 5000,
        '"' * 20_000,
        "a" * 20_000,
        "\0" * 20_000,
        "NEAR( AND OR NOT " * 1000,
        "'" * 20_000,
        "a'" * 10_000,
        "あ" * 20_000,
    ],
    ids=lambda text: text[:6],
)
def test_no_text_that_can_be_typed_holds_a_search(store, text):
    asked = []
    put(store, "a river a river " * 500)
    store._db.set_trace_callback(lambda statement: asked.append(len(statement)))
    store.search_words(text)
    assert max(asked[-1:], default=0) < 21_000
    assert store.search_words("RIVER river") == [1]


def test_a_search_that_takes_too_long_is_stopped(store, monkeypatch):
    put(store, *(f"word {number} " * 30 for number in range(300)))
    monkeypatch.setattr(time_limit, "QUERY_SECONDS", 0.0)
    with pytest.raises(UsageError, match=r"took longer than 0 s; give fewer words, or rarer ones"):
        store.search_words("word")
    monkeypatch.undo()
    assert len(store.search_words("word")) == 300


def test_the_index_follows_its_songs(store):
    with store.transaction():
        store.put_song(Song("h", "Øya", lyrics="don’t go"))
        store.put_song(Song("i", "other", lyrics="don’t stay"))
        store.put_song(Song("h", "Øya", lyrics="stay"))
    assert store.search_words("dont") == [2]
    assert store.search_words("stay") == [1, 2]
    with store.transaction():
        store.put_song(Song("h", "Land", lyrics="stay"))
        store._delete([2])
    assert store.search_words("oya") == []
    assert store.search_words("stay") == [1]
    store._db.execute("INSERT INTO exact_words(exact_words) VALUES ('integrity-check')")


def test_a_song_whose_indexed_words_are_lost_is_removed_by_building_the_index_anew(store):
    put(store, "one river", "two rivers", "three rivers")
    with sqlite3.connect(store.folder / "songs.sqlite") as other:
        other.execute("UPDATE songs SET lyrics = 'one mountain' WHERE id = 2")
    with store.transaction():
        store._delete([1, 2])
    assert store.search_words("river") == [3]
    assert store.search_words("two") == store.search_words("mountain") == []
    with sqlite3.connect(store.folder / "songs.sqlite") as other:
        other.execute("UPDATE exact_words_of SET checksum = 0")
    with store.transaction():
        store.put_song(Song("three rivers title", "title", lyrics="four"))
    assert store.search_words("four") == [3]
    assert store.search_words("three") == []
    assert store.tables(ExactWords)._db.execute("SELECT count(*) FROM exact_words_of").fetchone() == (1,)
