"""The song that is sung is found by its words; names and lengths help, and never decide against clear words."""

import json
import random

import pytest
from tests.lyric_databases.songs import song, words, write_lrclib

from alcca.lyric_databases.database import LyricDatabase
from alcca.lyric_databases.evidence import LEAST, MOST
from alcca.lyric_databases.identifying import _Answer
from alcca.matching.posterior import SURE
from alcca.transcripts import Segment, Transcript

SONGS = 150


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    folder = tmp_path_factory.mktemp("identifying")
    songs = [song(number) for number in range(SONGS)]
    songs += [
        # One song in two languages, a title of two songs, versions with other lengths, instrumentals.
        song(200, title="Hafen", artist="Nobody"),
        song(201, title="Hafen", artist="Nobody"),
        song(202, title="Same Name", artist="The First"),
        song(203, title="Same Name", artist="The Second"),
        song(204, title="Long Way", artist="Walker", duration=200.0, synced="[00:01.00]one\n"),
        song(204, title="Long Way", artist="Walker", duration=260.0, album="Live"),
        song(205, title="Quiet Piece", artist="Player", duration=222.0, lyrics=None, instrumental=1),
        song(206, title="", artist="", album=""),
        song(
            207,
            title="Timed",
            lyrics=None,
            synced="\n".join(f"[00:0{n}.00]{line}" for n, line in enumerate(words(207, 54).split("\n"))),
        ),
    ]
    path = write_lrclib(folder / "lrclib.sqlite3", songs)
    with LyricDatabase.open(path, index=folder / "index", progress=False) as opened:
        yield opened


def misheard(text, seed=0, share=0.25):
    """A transcript in which a share of the letters is wrong."""
    draw = random.Random(seed)
    return "".join(
        draw.choice("aeiounrst") if letter.isalpha() and draw.random() < share else letter for letter in text
    )


def heard(number, seed=0):
    return misheard(words(number)[100:450], seed)


def test_the_right_song_is_first_and_sure(database):
    for number in range(0, SONGS, 10):
        (found, *_) = database.identify(heard(number))
        assert (found.title, found.certainty) == (song(number)["title"], "sure")
        assert found.lyrics == words(number)


def test_words_of_no_song_are_not_sure(database):
    for number in range(1000, 1040):
        assert all(one.certainty != "sure" for one in database.identify(heard(number)))


@pytest.mark.parametrize("spoken", [None, "", Transcript(), "♪♪♪", "a"])
def test_without_words_and_names_there_is_no_answer(database, spoken):
    assert database.identify(spoken) == []


def test_wrong_names_never_beat_words_that_are_heard(database):
    for number in range(0, SONGS, 10):
        other = song((number + 31) % SONGS)
        found = database.identify(
            heard(number), title=other["title"], artist=other["artist"], duration=other["duration"],
            file_name=f"{other['artist']} - {other['title']}.mp3",
        )  # fmt: skip
        assert (found[0].title, found[0].certainty) == (song(number)["title"], "sure")


def test_wrong_names_and_words_of_no_song_are_not_sure(database):
    for number in range(1000, 1030):
        other = song(number - 1000)
        found = database.identify(
            heard(number) + " " + words(number - 1000).split()[0], title=other["title"], artist=other["artist"]
        )
        assert all(one.certainty != "sure" for one in found)


def test_names_that_agree_add_bits_and_others_take_some_away(database):
    right = song(40)
    bits = [
        database.identify(heard(40), title=title, artist=artist)[0].bits
        for title, artist in ((right["title"], right["artist"]), (None, None), ("Another", "Unknown"))
    ]
    assert bits[0] > bits[1] > bits[2]


def test_names_alone_are_likely_at_most(database):
    right = song(40)
    (found, *_) = database.identify(None, title=right["title"], artist=right["artist"], duration=right["duration"])
    assert (found.title, found.certainty) == (right["title"], "likely")
    assert found.probability <= 0.9 < SURE


def test_names_decide_between_songs_that_fit_as_well(database):
    for artist in ("The First", "The Second"):
        found = database.identify(None, title="Same Name", artist=artist)
        assert found[0].artist == artist


def test_a_few_words_are_enough_where_names_agree(database):
    few = misheard(words(61)[:40], 3, 0.3)
    alone = database.identify(few)
    named = database.identify(few, file_name=f"07 - {song(61)['artist']} - {song(61)['title']} (Live).flac")
    assert named[0].title == song(61)["title"]
    assert named[0].probability > (alone[0].probability if alone else 0.0)


def test_one_song_in_two_languages_is_told_by_its_words(database):
    for number in (200, 201):
        found = database.identify(heard(number), title="Hafen", artist="Nobody")
        assert (found[0].lyrics, found[0].certainty) == (words(number), "sure")


def test_versions_are_one_answer_and_the_length_chooses_among_them(database):
    for duration, album in ((200.5, "First"), (259.0, "Live")):
        found = database.identify(heard(204), duration=duration)
        assert (found[0].album, found[0].versions, found[0].certainty) == (album, 2, "sure")
        assert [one.title for one in found].count("Long Way") == 1
    assert database.identify(heard(204), duration=200.5)[0].synced == "[00:01.00]one"


def test_a_song_with_timed_lyrics_alone_has_lyrics_too(database):
    (found, *_) = database.identify(words(207, 54))
    assert (found.title, found.lyrics, found.certainty) == ("Timed", words(207, 54), "sure")
    assert found.synced.startswith("[00:00.00]")


def test_an_instrumental_is_an_answer_where_nothing_was_heard(database):
    (found, *_) = database.identify(Transcript(), title="Quiet Piece", artist="Player", duration=222.0)
    assert (found.title, found.instrumental, found.lyrics, found.certainty) == ("Quiet Piece", True, "", "likely")
    found = database.identify(heard(3), title="Quiet Piece", artist="Player", duration=222.0)
    assert found[0].title == song(3)["title"]
    unknown = database.identify(heard(1000), title="Quiet Piece", artist="Player", duration=222.0)
    assert all(one.certainty == "a guess" for one in unknown)


def test_a_song_without_a_name_is_found_by_its_words(database):
    assert database.identify(heard(206))[0].lyrics == words(206)


def test_a_line_that_a_song_quotes_is_not_sure_to_be_that_song(tmp_path):
    line = words(500).split("\n")[0]
    songs = [song(number) for number in range(20)]
    songs[3]["lyrics"] += "\n" + line
    path = write_lrclib(tmp_path / "a.sqlite3", songs)
    with LyricDatabase.open(path, index=tmp_path / "index", progress=False) as database:
        found = database.identify(words(500))
        assert found[0].title == song(3)["title"]
        assert found[0].certainty == "likely"


def test_values_for_programs_are_json(database):
    (found, *_) = database.identify(heard(10))
    assert json.loads(json.dumps(found.to_dict()))["certainty"] == "sure"


def sung(number, start):
    lines = misheard(words(number), number, 0.2).split("\n")
    return [Segment(start + 5 * place, start + 5 * place + 4, line) for place, line in enumerate(lines)]


def test_songs_of_a_concert_are_told_apart(database):
    silence = [Segment(200.0, 204.0, "zwz wzw qwq fwf kwk jwj pwp")]
    segments = [*sung(5, 0.0), *silence, *sung(80, 210.0), *sung(204, 400.0)]
    found = database.songs_in(Transcript(tuple(segments), "en"))
    known = [part for part in found if part.candidates]
    assert [part.candidates[0].title for part in known] == [song(5)["title"], song(80)["title"], "Long Way"]
    assert [part.candidates[0].certainty for part in known] == ["sure"] * 3
    for part, (start, end) in zip(known, ((0, 99), (210, 309), (400, 499)), strict=True):
        assert abs(part.start - start) <= 12
        assert abs(part.end - end) <= 12


def test_one_song_is_one_stretch_and_words_of_none_have_no_candidates(database):
    (found,) = database.songs_in(Transcript(tuple(sung(7, 0.0)), "en"))
    assert (found.start, found.end, found.candidates[0].title) == (0.0, 99.0, song(7)["title"])
    assert all(not part.candidates for part in database.songs_in(Transcript(tuple(sung(1000, 0.0)), "en")))
    assert database.songs_in(Transcript()) == []


def test_what_is_said_after_a_song_is_not_of_it(database):
    said = Segment(112.0, 119.0, "zwz wzw qwq fwf kwk jwj pwp zqz wqw xqx jqj vwv qjq wxw zjz fqf")
    found = database.songs_in(Transcript((*sung(5, 0.0), said), "en"))
    assert [(part.end, bool(part.candidates)) for part in found] == [(99.0, True), (119.0, False)]


def test_all_names_together_are_limited():
    answer = _Answer(None, b"", heard=10.0, named=500.0)
    assert answer.bits(MOST) == 10.0 + MOST
    answer.named = -500.0
    assert answer.bits(MOST) == 10.0 + LEAST
