"""Tests of `alcca.texts.translations`: what is shown below a line, and not sung."""

import pytest

from alcca.texts.timed import damage_in, parse

ENGLISH = ["Copper lanterns on the quay", "You were singing", "Salt", "Nobody who left"]
CHINESE = ["码头上的铜灯笼", "你在唱歌", "盐", "离开的人"]
JAPANESE = ["夜の川が渡る", "君を待つ", "Hold me tight", "雲に書く"]
ROMAJI = ["yoru no kawa ga wataru", "kimi wo matsu", "Hold me tight", "kumo ni kaku"]


def lrc(*languages, at=5):
    return [f"[00:{at + 5 * number:02d}.00]{line}" for lines in languages for number, line in enumerate(lines)]


def words(text):
    return [line.text for line in parse(text).lines]


@pytest.mark.parametrize("first", [ENGLISH, JAPANESE])
def test_a_translation_at_the_same_time_is_not_sung(first):
    blocks = lrc(first, CHINESE)
    for order in (blocks, sorted(blocks, key=lambda line: line[:10])):
        text = "\n".join(order)
        assert words(text) == first
        assert "translations" in damage_in(text)


def test_readings_and_translation_below_a_line():
    assert words("\n".join(sorted(lrc(JAPANESE, ROMAJI, CHINESE), key=lambda line: line[:10]))) == JAPANESE


def test_a_translation_without_a_stamp():
    assert words("\n".join(f"{line}\n{below}" for line, below in zip(lrc(ENGLISH), CHINESE, strict=True))) == ENGLISH


def test_lines_of_one_script_and_now_and_then_a_second_voice_stay():
    both = ["Kupferne Laternen", "Du hast gesungen", "Salz", "Keiner der ging"]
    text = "\n".join(sorted(lrc(ENGLISH, both), key=lambda line: line[:10]))
    assert len(words(text)) == 8
    assert damage_in(text) is None
    assert (
        words("\n".join(lrc(ENGLISH, CHINESE[:2], at=5)))
        == [line for pair in zip(ENGLISH[:2], CHINESE[:2], strict=True) for line in pair] + ENGLISH[2:]
    )


def test_a_text_that_was_saved_behind_itself_is_sung_once():
    text = "\n".join(lrc(ENGLISH))
    assert words(f"[ti:x]\n{text}\n[ti:x]\n{text}\n") == ENGLISH
    assert words("[00:01.00]la\n[00:02.00]la\nla") == ["la", "la", "la"]
    layer = "Dialogue: {},0:00:12.00,0:00:14.00,Default,,0,0,0,,Copper\n"
    assert words(layer.format(0) + layer.format(1)) == ["Copper"]
