"""Tests of `alcca.cleaning.voices`: names of those who sing, before the words of duets."""

import pytest

from alcca.cleaning.lyrics import clean_lyrics
from alcca.cleaning.timed_lines import timed_lines

DUETS = (
    (
        "男：我把名字写在云上\n女:夜里的河水流过旧桥\n合唱：我们一起走",
        "我把名字写在云上\n夜里的河水流过旧桥\n我们一起走",
    ),
    ("（男）我把名字写在云上\n(女1)夜里的河水\n【合】一起走", "我把名字写在云上\n夜里的河水\n一起走"),
    ("남: 사랑해요\n여: 나도요\n함께: 영원히", "사랑해요\n나도요\n영원히"),
    ("He: I want you\nSHE : I need you\n[Both] together now", "I want you\nI need you\ntogether now"),
    ("Male & Female: Copper lanterns\nMale: on the quay", "Copper lanterns\non the quay"),
    ("Он: Ночная река\nОна: старый мост\nВместе: облака", "Ночная река\nстарый мост\nоблака"),
    # AZLyrics names whoever sings what follows.
    ("[Ann:]\nCopper lanterns\n[Bob &amp; Ann:]\non the quay", "Copper lanterns\n\non the quay"),
)
SUNG = (
    "All: I ever wanted",
    "He said: go\nShe said: stay",
    "(all) of me\n(both) of us",
    "Heaven: a place on earth\nHe: the one",
    "[oh: yeah]\nAllez: go",
    "合欢花开了\n男人和女人",
)


@pytest.mark.parametrize(("text", "sung"), DUETS)
def test_the_voices_of_a_duet_are_no_words(text, sung):
    assert clean_lyrics(text) == sung
    assert clean_lyrics(sung) == sung


@pytest.mark.parametrize("text", SUNG)
def test_what_only_looks_like_a_voice_is_sung(text):
    assert clean_lyrics(text) == text


def test_lines_keep_their_times():
    assert timed_lines("[00:01.00]男：云上\n[00:04.00]女：旧桥") == [(1.0, "云上"), (4.0, "旧桥")]
