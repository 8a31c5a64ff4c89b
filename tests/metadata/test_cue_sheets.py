"""Which recording a cue sheet is about, and what it says about the songs in it."""

from dataclasses import replace

import pytest
from tests.metadata import tagged

from alcca.metadata.cue_sheets import find_sheets, sheet_in_tags
from alcca.metadata.sidecars import SongTables
from alcca.metadata.tags import TagLyrics, Tags, read_tags
from alcca.metadata.track_text import rows_about_tracks, tags_with_sheet, track_text


def cue(name, titles=("One", "Two"), *, head=()):
    lines = [*head, f'FILE "{name}" WAVE']
    for number, title in enumerate(titles, 1):
        lines += [f"TRACK {number:02} AUDIO", f'TITLE "{title}"', f"INDEX 01 {number - 1:02}:00:00"]
    return "\n".join(lines)


def found(folder, encoding=None):
    files = [path for path in folder.rglob("*.*") if path.suffix.lower() in (".flac", ".mp3", ".wav")]
    sheets = find_sheets(folder.rglob("*.cue"), files, encoding)
    return {str(path.relative_to(folder)): sheet for path, sheet in sheets.of.items()}, sheets.problems


@pytest.mark.parametrize(
    ("sheet", "name", "audio"),
    [
        ("album.cue", "album.flac", "album.flac"),
        ("album.cue", "ALBUM.WAV", "Album.flac"),
        ("album.cue", r"C:\Rips\My Album\album.wav", "album.flac"),
        ("album.cue", "CDImage.wav", "album.flac"),
        ("Album.flac.cue", "CDImage.wav", "Album.flac"),
        ("album.cue", r"CD 1\image.wav", "CD 1/image.flac"),
        ("album.cue", "what? now: here.wav", "what_ now_ here.flac"),
        ("album.cue", "Café.wav", "Cafe\u0301.flac"),
    ],
)
def test_the_recording_is_found_by_the_name_it_once_had(tmp_path, sheet, name, audio):
    (tmp_path / audio).parent.mkdir(exist_ok=True)
    (tmp_path / audio).touch()
    (tmp_path / sheet).write_text(cue(name))
    sheets, problems = found(tmp_path)
    assert problems == []
    assert list(sheets) == [audio]
    assert [track.title for track in sheets[audio].tracks] == ["One", "Two"]


def test_a_missing_recording_and_a_damaged_sheet_are_told(tmp_path):
    (tmp_path / "other.flac").touch()
    (tmp_path / "gone.cue").write_text(cue("gone.wav"))
    (tmp_path / "other.cue").write_text("FILE x\nTRACK 1 AUDIO\nINDEX 01 soon")
    (tmp_path / "binary.cue").write_bytes(b"\xff\xfe\0\0\1\2\3" * 99)
    sheets, problems = found(tmp_path)
    assert sheets == {}
    assert len(problems) == 3
    assert "gone.cue: names 'gone.wav', but no such recording is there" in "\n".join(problems)
    assert "other.cue: is damaged: the time in line 3" in "\n".join(problems)


def test_the_nearest_of_several_sheets_is_used(tmp_path):
    (tmp_path / "album.flac").touch()
    (tmp_path / "a.cue").write_text(cue("album.wav", ("Other", "Two")))
    (tmp_path / "album.cue").write_text(cue("album.flac"))
    (tmp_path / "album.flac.cue").write_text(cue("album.flac"))
    sheets, problems = found(tmp_path)
    assert sheets["album.flac"].source == "album.flac.cue"
    assert problems == [
        f"{tmp_path / 'album.flac'}: album.flac.cue and a.cue divide it differently; album.flac.cue was used"
    ]


def test_the_encoding_is_found_or_given(tmp_path):
    (tmp_path / "album.flac").touch()
    text = cue("album.wav", ("夜里的河水很安静", "月亮代表我的心"), head=('TITLE "我们的歌在风里"',))
    (tmp_path / "album.cue").write_bytes(text.encode("gb18030"))
    for encoding in (None, "gb18030"):
        sheets, problems = found(tmp_path, encoding)
        assert problems == []
        assert sheets["album.flac"].album == "我们的歌在风里"


def test_a_sheet_of_split_files_fills_what_tags_lack(tmp_path):
    for name in ("01.mp3", "02.mp3"):
        (tmp_path / name).touch()
    lines = ['TITLE "Album"', 'PERFORMER "Band"']
    for number, title in ((1, "One"), (2, "Two")):
        lines += [f'FILE "{number:02}.wav" WAVE', f"TRACK {number} AUDIO", f'TITLE "{title}"', "INDEX 01 00:00:00"]
    (tmp_path / "album.cue").write_text("\n".join(lines))
    sheets, problems = found(tmp_path)
    assert problems == []
    assert not sheets["02.mp3"].divides
    tags = tags_with_sheet(Tags(title="Of the tag", lyrics=(TagLyrics("la"),)), sheets["02.mp3"])
    assert (tags.title, tags.artist, tags.album, len(tags.lyrics)) == ("Of the tag", "Band", "Album", 1)
    assert tags_with_sheet(Tags(), sheets["02.mp3"]).title == "Two"


def of_an_album(folder, **titles):
    (folder / "album.flac").touch()
    (folder / "album.cue").write_text(cue("album.flac", **titles, head=('TITLE "Album"', 'PERFORMER "Band"')))
    path = folder / "album.flac"
    sheet = find_sheets([folder / "album.cue"], [path]).of[path]
    tags = Tags(title="Album", artist="X", genre="Pop", lyrics=(TagLyrics("words of the album"),))
    tables = SongTables(folder)
    return [track_text(path, folder, tables, tags, sheet, track) for track in sheet.tracks], tables, sheet, path


def test_tracks_have_their_own_words(tmp_path):
    (tmp_path / "01 - One.lrc").write_text("[00:01.00]first words")
    (tmp_path / "two.txt").write_text("second words")
    (tmp_path / "album.03.lrc").write_text("[00:01.00]third words")
    (tmp_path / "album.txt").write_text("Ripped with care by nobody")
    texts, *_ = of_an_album(tmp_path, titles=("One", "Two", "Three: A/B", "Four"))
    assert [text.lyrics for text in texts] == ["first words", "second words", "third words", None]
    assert [text.title for text in texts] == ["One", "Two", "Three: A/B", "Four"]
    assert {(text.artist, text.album, text.label) for text in texts} == {("Band", "Album", "Pop")}
    assert "04 - Four.lrc" in texts[3].lyrics_reason


def test_a_text_that_fits_two_tracks_is_not_used(tmp_path):
    (tmp_path / "Intro.txt").write_text("which of them")
    texts, *_ = of_an_album(tmp_path, titles=("Intro", "Song", "Intro"))
    assert [text.lyrics for text in texts] == [None, None, None]
    assert "Intro.txt: fits several songs" in texts[0].lyrics_reason


def test_rows_of_tables_are_found_by_title(tmp_path):
    (tmp_path / "songs.csv").write_text(
        "file,title,lyrics\nalbum.flac,One,first words\nalbum.flac,two,second words\n03 - Three.flac,,third words\n"
        "other.flac,Four,words of another\n"
    )
    texts, tables, sheet, path = of_an_album(tmp_path, titles=("One", "Two", "Three", "Four"))
    assert [text.lyrics for text in texts] == ["first words", "second words", "third words", None]
    (unused,) = tables.unused_rows([path], rows_about_tracks(path, tables, sheet))
    assert "1 of its 4 rows are about no file here: 'other.flac'" in unused


def test_a_track_without_a_title_has_a_name(tmp_path):
    texts, *_ = of_an_album(tmp_path, titles=("", "Two"))
    assert texts[0].title == "Album, 1"


@pytest.mark.parametrize("suffix", ["flac", "mp3", "ape"])
def test_a_sheet_in_the_tags(tmp_path, suffix):
    text = cue("CDImage.wav").replace("\n", "\r\n")
    path = tmp_path / f"album.{suffix}"
    if suffix == "flac":
        path.write_bytes(tagged.flac(f"CUESHEET={text}"))
    elif suffix == "mp3":
        path.write_bytes(tagged.id3(tagged.frame("TXXX", tagged.txxx("CUESHEET", text))) + b"\xff\xfb\x90\0" * 200)
    else:
        path.write_bytes(b"MAC " + bytes(200) + tagged.ape({"Cuesheet": text}))
    sheet, notes = sheet_in_tags(read_tags(path))
    assert notes == []
    assert [(track.title, track.start, track.end) for track in sheet.tracks] == [("One", 0, 60), ("Two", 60, None)]


def test_a_damaged_sheet_in_the_tags_is_told():
    assert sheet_in_tags(Tags()) == (None, [])
    sheet, (note,) = sheet_in_tags(Tags(cue_sheet="TRACK 1 AUDIO\nINDEX 01 a"))
    assert sheet is None
    assert note.startswith("the cue sheet in its tags is damaged")


def test_sound_before_the_first_track_is_told(tmp_path):
    *_, sheet, _ = of_an_album(tmp_path, titles=("One", "Two"))
    late = replace(sheet, tracks=tuple(replace(track, start=track.start + 20) for track in sheet.tracks))
    assert late.notes == ["the 20 s before its first track in album.cue belong to no song"]
    assert sheet.notes == []
