"""Every word once, and what of it is sung."""

import pytest

from alcca.timing.lyric_words import lyric_lines

TEXT = """[Chorus: x2]
Copper  lanterns - swing (x3)
♪
(Chorus)

[Am]Over the [G]quay bis
Refrain:
今日はいい天気 ですね
שלום עולם 99"""


def test_every_word_of_lines_with_letters_stands_once_in_order():
    lines = lyric_lines(TEXT)
    given = [line.split() for line in TEXT.splitlines() if line.strip() and line != "♪"]
    assert [[word.text for word in line.words] for line in lines] == given
    assert [line.text for line in lines] == [" ".join(words) for words in given]


def test_marks_are_not_sung():
    sung = [[word.sung for word in line.words] for line in lyric_lines(TEXT)]
    assert sung[:4] == [["", ""], ["Copper", "lanterns", "", "swing", ""], [""], ["Over", "the", "quay", "bis"]]
    assert sung[4] == [""]
    assert sung[5:] == [["今日はいい天気", "ですね"], ["שלום", "עולם", "99"]]


@pytest.mark.parametrize("text", ["[00:01.00]Hello you\n[00:02.00]again", "Hello you\r\nagain\r\n"])
def test_any_format_of_lyrics_is_read(text):
    assert [line.text for line in lyric_lines(text)] == ["Hello you", "again"]


def test_how_often_a_line_is_sung_is_not_sung():
    found = [line.sung for line in lyric_lines("Oh la x2\nla 3x\nx 4\nat 10\n2x2 is four")]
    assert found == ["Oh la", "la", "", "at 10", "2x2 is four"]


def test_blank_lines_part_stanzas():
    assert [line.stanza for line in lyric_lines("\none\ntwo\n\n\nsix\n♪\n\n[Verse]")] == [1, 1, 2, 3]
