import pytest

from alcca.cleaning.lyrics import clean_lyrics
from alcca.cleaning.sections import is_section_line, is_section_mark


@pytest.mark.parametrize(
    "mark",
    [
        "Chorus",
        "CHORUS",
        "Verse 12",
        "Pre-Chorus",
        "Post-Chorus",
        "Intro: Guitar Solo",
        "Outro",
        "Hook x2",
        "Bridge",
        "Couplet 3 : Nom",
        "Refrain",
        "Pré-Refrain",
        "Estribillo",
        "Puente",
        "Coro",
        "Verso 1",
        "Strophe 2",
        "Brücke",
        "Zwischenspiel",
        "Part I",
        "Strofa",
        "Ritornello",
        "Ponte",
        "Refrão",
        "Ponte 2",
        "Zwrotka 1",
        "Refren",
        "Przejście",
        "Куплет 2",
        "Припев",
        "Бридж",
        "Nakarat",
        "Köprü",
        "サビ",
        "Aメロ",
        "후렴",
        "副歌",
        "Instrumental Break",
        "Guitar Solo",
        "x2",
        "3x",
        "Repeat",
        'Letra de "Título"',
        "Текст песни «Имя»",
        "Songtext zu „Titel“",
        "Refräng",
        "Omkvæd",
        "Γέφυρα",
        "完",
    ],
)
def test_section_marks_of_many_languages(mark):
    assert is_section_mark(mark)
    assert clean_lyrics(f"one\n[{mark}]\ntwo") == "one\n\ntwo"


@pytest.mark.parametrize(
    "sung", ["oh yeah", "hook me up", "the end of it all", "", "123", "drop the bass", "la la la", "x", "I"]
)
def test_words_in_brackets_stay(sung):
    assert not is_section_mark(sung)


@pytest.mark.parametrize(
    "line",
    [
        *("Chorus:", "CHORUS :", "Verse 1", "*** Refrain ***", "Pre-Chorus:", "Coro：", "-- Strophe 3 --"),
        *("- END -", "***The End***", "— 完 —", "Repeat chorus", "repeat the chorus x2"),
    ],
)
def test_section_lines(line):
    assert is_section_line(line)


@pytest.mark.parametrize(
    "line",
    [
        "Chorus",
        "Refrain from it",
        "Bridge",
        "Break 2",
        "- the chorus of angels sings -",
        "Final countdown:",
        "2",
        "The end",
        "- the end",
    ],
)
def test_lines_that_may_be_sung(line):
    assert not is_section_line(line)
