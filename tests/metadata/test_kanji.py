"""Readings of Japanese lyrics, by a dictionary."""

import pytest

from alcca.metadata.kanji import has_dictionary, in_kana
from alcca.metadata.sidecars import SongTables
from alcca.metadata.song_text import fingerprint, read_song_text


@pytest.fixture
def song(tmp_path):
    (tmp_path / "song.txt").write_text("銀河の鉄道が\n運命(さだめ)の夜に", encoding="utf-8")
    return tmp_path / "song.mp3"


def aloud(song):
    return read_song_text(song, song.parent, SongTables(song.parent)).lyrics_aloud


def test_words_are_read_as_the_lyrics_say_and_else_as_the_dictionary_says(song):
    assert aloud(song) == "ギンガのテツドウが\nさだめのヨルに"
    assert in_kana("今日は、ＬＯＶＥ　ＭＥ 二人") == "キョウは、ＬＯＶＥ　ＭＥ フタリ"


@pytest.mark.parametrize("text", ["", "河水流过旧桥", "ひらがな\n\nカタカナ", "Words", "の" + "漢" * 20_000])
def test_other_texts_stay(text):
    assert in_kana(text) == text


def test_without_the_dictionary_only_the_readings_that_the_lyrics_give_are_known(song, monkeypatch):
    before = fingerprint(song, song.parent, SongTables(song.parent))
    monkeypatch.setattr("alcca.metadata.kanji.has_dictionary", lambda: False)
    assert aloud(song) == "銀河の鉄道が\nさだめの夜に"
    monkeypatch.setattr("alcca.metadata.song_text.has_dictionary", lambda: False)
    assert fingerprint(song, song.parent, SongTables(song.parent)) != before
    song.with_suffix(".txt").write_text("銀河の鉄道が", encoding="utf-8")
    assert aloud(song) is None


def test_the_dictionary_is_looked_for():
    assert has_dictionary()
