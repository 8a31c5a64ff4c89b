"""Cue sheets as programs write them, and what is damaged of them."""

import pytest

from alcca.errors import DataError
from alcca.texts.cue import parse_cue


def sheet(*lines):
    return parse_cue("\r\n".join(lines))


def tracks(cue):
    return [(track.number, track.start, track.end, track.title) for file in cue.files for track in file.tracks]


def test_a_sheet_of_exact_audio_copy():
    cue = sheet(
        '\ufeffREM GENRE "Alternative Rock"', "REM DATE 1999", "REM DISCID 860B640B", "CATALOG 0724384260924",
        'PERFORMER "The "Band""', "TITLE Live  at\tHome", 'FILE "Range.wav" WAVE',
        "  TRACK 01 AUDIO", '    TITLE "One"', '    PERFORMER "Guest"', "    FLAGS DCP", "    ISRC GBAYE9900001",
        "    INDEX 01 00:00:00",
        "  TRACK 02 AUDIO", '    TITLE ""', "    PREGAP 00:02:00", "    INDEX 00 119:58:10", "    INDEX 01 120:00:74",
        "    INDEX 02 120:10:00", "", "nonsense ; here",
    )  # fmt: skip
    assert (cue.title, cue.performer, cue.genre) == ("Live at Home", 'The "Band"', "Alternative Rock")
    assert [file.name for file in cue.files] == ["Range.wav"]
    assert tracks(cue) == [(1, 0.0, 7200.987, "One"), (2, 7200.987, None, None)]
    assert [track.performer for track in cue.files[0].tracks] == ["Guest", None]


def test_files_without_quotes_and_in_any_case():
    cue = sheet("file My Album.flac wave", "track 1 audio", "index 1 0:0:0", "TRACK 10 AUDIO", "INDEX 01 3:25:74")
    assert cue.files[0].name == "My Album.flac"
    assert tracks(cue) == [(1, 0.0, 205.987, None), (10, 205.987, None, None)]


def test_the_gap_before_a_track_may_be_in_the_file_before_it():
    cue = sheet(
        'FILE "a.wav" WAVE', "TRACK 01 AUDIO", "INDEX 01 00:00:00", "TRACK 02 AUDIO", "INDEX 00 03:00:00",
        'FILE "b.wav" WAVE', "INDEX 01 00:00:00", "TRACK 03 AUDIO", "INDEX 01 02:00:00",
    )  # fmt: skip
    assert [(file.name, len(file.tracks)) for file in cue.files] == [("a.wav", 1), ("b.wav", 2)]
    assert tracks(cue)[0] == (1, 0.0, None, None)
    assert tracks(cue)[1] == (2, 0.0, 120.0, None)


def test_a_file_that_is_named_before_each_track_is_one_file():
    cue = sheet(
        'FILE "a.wav" WAVE', "TRACK 01 AUDIO", "INDEX 01 00:00:00",
        'FILE "a.wav" WAVE', "TRACK 02 AUDIO", "INDEX 01 01:00:00",
    )  # fmt: skip
    assert len(cue.files) == 1
    assert tracks(cue) == [(1, 0.0, 60.0, None), (2, 60.0, None, None)]


def test_data_is_no_track_but_ends_the_one_before_it():
    cue = sheet(
        'FILE "a.bin" BINARY', "TRACK 01 AUDIO", "INDEX 01 00:00:00", "TRACK 02 MODE1/2352", "INDEX 01 01:00:00"
    )
    assert tracks(cue) == [(1, 0.0, 60.0, None)]
    assert cue.data_tracks == 1


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["hello"], "is no cue sheet"),
        (['FILE "a.wav" WAVE'], "is no cue sheet"),
        (['FILE "a.wav" WAVE', "TRACK one AUDIO"], "line 2 should name a track"),
        (['FILE "a.wav" WAVE', "TRACK 01 AUDIO"], r"its track 1 \(line 2\) has no INDEX 01"),
        (['FILE "a.wav" WAVE', "TRACK 01 AUDIO", "INDEX 01 00:00:75"], "the time in line 3"),
        (['FILE "a.wav" WAVE', "TRACK 01 AUDIO", "INDEX 01 00:60:00"], "the time in line 3"),
        (["TRACK 01 AUDIO", "INDEX 01 00:00:00"], "belongs to no FILE"),
        (
            ['FILE "a.wav" WAVE', *(line for n in (1, 1) for line in (f"TRACK {n} AUDIO", "INDEX 01 00:00:00"))],
            "several tracks 1",
        ),
        (
            ['FILE "a.wav" WAVE', "TRACK 1 AUDIO", "INDEX 01 01:00:00", "TRACK 2 AUDIO", "INDEX 01 00:30:00"],
            "track 2 begins before",
        ),
    ],
)
def test_damage_is_told(lines, reason):
    with pytest.raises(DataError, match=reason):
        sheet(*lines)
