import pytest

from alcca.cleaning.chords import without_chord_lines
from alcca.cleaning.lyrics import clean_lyrics


@pytest.mark.parametrize(
    "name",
    [
        "A",
        "Am",
        "C#",
        "Bb",
        "B♭",
        "F#m7",
        "F#m7/C#",
        "Csus4",
        "Dsus",
        "Cmaj7",
        "CM7",
        "Gadd9",
        "E7(b9)",
        "A7#5",
        "Hm",
        "Ddim",
        "E+",
        "B°",
        "C6/9",
    ],
)
def test_chords(name):
    assert clean_lyrics(f"Copper lan[{name}]terns") == "Copper lanterns"


@pytest.mark.parametrize("word", ["Amen", "Bad", "I", "am", "Add", "Dad", "FM", "AM", "Go", "Hey", "La"])
def test_words_that_are_no_chords(word):
    assert clean_lyrics(f"Copper [{word}] lanterns") == " ".join(f"Copper [{word}] lanterns".split())


@pytest.mark.parametrize(
    "line",
    [
        "Am   F   C/G",
        "| G | D7 | Em | C | x2",
        "F#m7  B/D#  (x2)",
        "Intro: Am F C G",
        "[Am]  [F]  [C]",
        "C  G7  -  C",
        "N.C.  G7  C",
        "Lam7 Sol7 Do#",
        "e|--0--2h3--|",
        "B|-----------|",
        "G|---2/4---p2-| x2",
        "Am: x02210",
        "Capo 2",
        "Capo on 3rd fret",
        "Capo: 3",
    ],
)
def test_lines_of_chords_go(line):
    assert clean_lyrics(f"Copper lanterns\n{line}\non the quay").replace("\n\n", "\n") == "Copper lanterns\non the quay"


@pytest.mark.parametrize(
    "line",
    [
        "A B C",
        "A",
        "Hm, hm",
        "Hm Hm Hm",
        "Do re mi fa sol",
        "La la la",
        "Sim, sim",
        "- - 99",
        "Like a G6",
        "Am I",
        "G",
        "G7",
        "E A E A O",
        "FM AM",
    ],
)
def test_sung_lines_that_look_like_chords(line):
    text = f"Copper lanterns\n{line}\non the quay"
    assert clean_lyrics(text) == text


def test_letters_alone_are_chords_in_a_chord_sheet():
    sheet = ["Am  F", "Copper lanterns", "C/G  D", "on the quay", "A", "G D", "I am here"]
    assert without_chord_lines(sheet) == [None, "Copper lanterns", None, "on the quay", None, None, "I am here"]
    assert without_chord_lines(sheet[3:]) == ["on the quay", "A", "G D", "I am here"]


def test_chordpro():
    song = """{title: Harbour}
{st:Nobody}
# made by hand
{start_of_verse: Verse 1}
[Am]Copper lan[F]terns on the [C]quay
{end_of_verse}
{soc}
[*softly] La la #1
{eoc}
{c: twice}
{sot}
e|--0--2--|
not sung
{eot}
{x_own: something}
{define: Bes base-fret 1 frets 1 1 3 3 3 1}
out of key"""
    assert clean_lyrics(song) == "Copper lanterns on the quay\n\nLa la #1\n\nout of key"


def test_braces_and_hashes_of_songs_that_are_no_chordpro():
    assert clean_lyrics("# la la #\n{oh yeah}\n#1 in my heart") == "# la la #\n{oh yeah}\n#1 in my heart"
    assert clean_lyrics("{soc}\nla\n{sot}\nnever ends") == "la\nnever ends"
