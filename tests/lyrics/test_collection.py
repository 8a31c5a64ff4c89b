"""Lyrics for folders of music: what is timed, found, checked and told, and which files are written."""

import os
import sqlite3
from pathlib import Path

import pytest
from tests.lyrics.fakes import HARBOUR, ORCHARD, heard

from alcca.errors import UsageError
from alcca.lyrics.collection import write_lyrics
from alcca.lyrics.memory import FILE
from alcca.texts.timed import parse

LINES = HARBOUR.splitlines()


def lrc(words, *, first=1.0, step=2.0, head=""):
    return head + "".join(f"[00:{first + step * i:05.2f}]{line}\n" for i, line in enumerate(words.splitlines()))


def one(results):
    (result,) = results
    return result


def starts(path):
    return [(line.start, line.text) for line in parse(path.read_text(encoding="utf-8")).lines if line.text]


@pytest.fixture
def music(tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    return folder


def test_lyrics_beside_a_recording_get_times(ear, music):
    song = ear.record(music / "harbour.wav", heard(HARBOUR))
    (music / "harbour.txt").write_text(f"[Verse]\n{HARBOUR}\nand a line that nobody sings")
    result = one(write_lyrics(music))
    assert (result.recording, result.status, result.source) == (str(song), "timed", "harbour.txt")
    assert result.written == (str(music / "harbour.lrc"),)
    assert (result.lines, result.unsung) == (4, ("and a line that nobody sings",))
    assert starts(music / "harbour.lrc") == [(1.0 + 2 * i, line) for i, line in enumerate(LINES)]
    assert "[re:alcca" in (music / "harbour.lrc").read_text()
    assert (ear.times, ear.decoded) == (1, 1)


def test_a_second_run_has_nothing_to_do(ear, music):
    ear.record(music / "harbour.wav", heard(HARBOUR))
    ear.record(music / "wrong.wav", heard(ORCHARD))
    for name in ("harbour", "wrong"):
        (music / f"{name}.txt").write_text(HARBOUR)
    list(write_lyrics(music))
    again = {result.recording: result for result in write_lyrics(music)}
    assert [result.status for result in again.values()] == ["done", "doubtful"]
    assert [result.remembered for result in again.values()] == [False, True]
    assert (ear.times, ear.decoded) == (2, 2)


def test_a_run_that_is_interrupted_goes_on(ear, music):
    for name in "abc":
        ear.record(music / f"{name}.wav", heard(HARBOUR))
        (music / f"{name}.txt").write_text(HARBOUR)
    results = write_lyrics(music, jobs=1)
    next(results)
    results.close()
    done = ear.times
    assert done < 3 or not (music / "c.lrc").exists()
    assert {result.status for result in write_lyrics(music, jobs=1)} <= {"done", "timed"}
    assert all((music / f"{name}.lrc").exists() for name in "abc")
    assert ear.times <= 4


def test_other_formats_cost_no_second_listening(ear, music):
    ear.record(music / "harbour.wav", heard(HARBOUR))
    (music / "harbour.txt").write_text(HARBOUR)
    dry = one(write_lyrics(music, dry_run=True))
    assert dry.written == (str(music / "harbour.lrc"),)
    assert not (music / "harbour.lrc").exists()
    result = one(write_lyrics(music, formats=("srt", "vtt", "ttml")))
    assert [path.rsplit(".", 1)[1] for path in result.written] == ["srt", "vtt", "ttml"]
    assert starts(music / "harbour.srt")[1] == (3.0, LINES[1])
    assert ear.times == 1


def test_times_of_an_earlier_run_become_other_formats_without_listening(ear, music, tmp_path, monkeypatch):
    ear.record(music / "harbour.wav", heard(HARBOUR))
    (music / "harbour.txt").write_text(HARBOUR)
    list(write_lyrics(music))
    monkeypatch.setenv("ALCCA_CACHE", str(tmp_path / "another cache"))
    result = one(write_lyrics(music, formats=("lrc", "srt")))
    assert (result.status, result.written, ear.times) == ("timed", (str(music / "harbour.srt"),), 1)
    assert starts(music / "harbour.srt") == [(1.0 + 2 * i, line) for i, line in enumerate(LINES)]


def test_clips_that_differ_in_nothing_but_their_sound_are_not_taken_for_one_another(ear, music):
    first = ear.record(music / "one" / "clip.wav", heard(HARBOUR))
    second = music / "two" / "clip.wav"
    second.parent.mkdir()
    sound = bytearray(first.read_bytes())
    sound[len(sound) // 2 :] = sound[len(sound) // 2 :][::-1]
    second.write_bytes(sound)
    for song in (first, second):
        song.with_suffix(".txt").write_text(HARBOUR)
        os.utime(song, (1e9, 1e9))
    list(write_lyrics(first.parent))
    assert one(write_lyrics(second.parent)).remembered is False
    assert ear.times == 2


def test_words_that_are_wanted_later_are_told(ear, music):
    ear.record(music / "harbour.wav", heard(HARBOUR))
    (music / "harbour.txt").write_text(HARBOUR)
    list(write_lyrics(music))
    before = (music / "harbour.lrc").read_text()
    result = one(write_lyrics(music, words=True))
    assert (result.status, result.written) == ("unwritten", ())
    assert result.reason == "harbour.lrc is there without times of words; remove it to have them"
    assert (music / "harbour.lrc").read_text() == before


def test_lyrics_of_another_song_are_named_and_not_written(ear, music):
    ear.record(music / "harbour.wav", heard(ORCHARD))
    (music / "harbour.txt").write_text(HARBOUR)
    result = one(write_lyrics(music))
    assert (result.status, result.written) == ("doubtful", ())
    assert result.reason == "these lyrics do not fit this recording: 0% of the words were found"
    assert not (music / "harbour.lrc").exists()


@pytest.mark.parametrize("content", ["mine", "", "[00:59.00]mine\n"])
def test_no_file_is_replaced(ear, music, content):
    ear.record(music / "harbour.wav", heard(HARBOUR))
    (music / "songs.csv").write_text('file_name,lyrics\nharbour.wav,"' + HARBOUR + '"\n')
    (music / "harbour.lrc").write_text(content)
    list(write_lyrics(music, retime=False, again=True))
    assert (music / "harbour.lrc").read_text() == content


def test_a_link_to_nowhere_is_not_followed(ear, music):
    ear.record(music / "harbour.wav", heard(HARBOUR))
    (music / "harbour.txt").write_text(HARBOUR)
    (music / "harbour.lrc").symlink_to(music / "nowhere.lrc")
    one(write_lyrics(music))
    assert not (music / "nowhere.lrc").exists()


def test_times_that_are_right_are_left(ear, music):
    ear.record(music / "harbour.wav", heard(HARBOUR))
    (music / "harbour.lrc").write_text(lrc(HARBOUR, first=1.2))
    before = (music / "harbour.lrc").read_bytes()
    result = one(write_lyrics(music, retime=True))
    assert (result.status, result.written, result.offset) == ("checked", (), -0.2)
    assert (music / "harbour.lrc").read_bytes() == before


def test_times_that_are_off_are_told_and_corrected_only_when_that_is_asked(ear, music):
    ear.record(music / "harbour.wav", heard(HARBOUR, first=3.5))
    (music / "harbour.lrc").write_text(before := lrc(HARBOUR))
    result = one(write_lyrics(music))
    assert (result.status, result.offset, result.written) == ("off", 2.5, ())
    assert "2.5 s later" in result.reason
    assert (music / "harbour.lrc").read_text() == before
    result = one(write_lyrics(music, retime=True))
    assert (result.status, result.written) == ("retimed", (str(music / "harbour.lrc"),))
    assert starts(music / "harbour.lrc") == [(3.5 + 2 * i, line) for i, line in enumerate(LINES)]
    assert (music / "harbour.lrc.bak").read_text() == before
    assert one(write_lyrics(music)).status == "done"


def test_a_file_that_is_corrected_keeps_its_headers_and_its_words(ear, music):
    ear.record(music / "harbour.wav", heard(HARBOUR, first=3.5))
    words = lrc(HARBOUR).replace("]Copper lanterns", "]<00:01.00>Copper <00:01.40>lanterns")
    (music / "harbour.lrc").write_text(f"[ti:My own]\n[by:Ana]\n[offset:+1000]\n[re:editor]\n{words}")
    assert one(write_lyrics(music, retime=True)).status == "retimed"
    content = (music / "harbour.lrc").read_text()
    assert content.splitlines()[:2] == ["[ti:My own]", "[by:Ana]"]
    assert "offset" not in content
    assert "[re:editor]" not in content
    assert content.count("[ti:") == content.count("[re:alcca") == 1
    assert "[00:03.50]<00:03.50>Copper <00:03.90>lanterns" in content


def test_a_copy_is_kept_beside_older_copies(ear, music):
    ear.record(music / "harbour.wav", heard(HARBOUR, first=3.5))
    (music / "harbour.lrc").write_text(before := lrc(HARBOUR))
    (music / "harbour.lrc.bak").write_text("older")
    one(write_lyrics(music, retime=True))
    assert (music / "harbour.lrc.bak").read_text() == "older"
    assert (music / "harbour.lrc.bak1").read_text() == before


def test_a_file_of_times_without_any_is_not_replaced_unless_that_is_asked(ear, music):
    ear.record(music / "harbour.wav", heard(HARBOUR))
    (music / "harbour.lrc").write_text(HARBOUR)
    result = one(write_lyrics(music))
    assert (result.status, ear.times) == ("unwritten", 0)
    assert "has no times" in result.reason
    assert one(write_lyrics(music, retime=True)).written == (str(music / "harbour.lrc"),)
    assert (music / "harbour.lrc.bak").read_text() == HARBOUR
    assert starts(music / "harbour.lrc")[0] == (1.0, LINES[0])
    assert "<" not in (music / "harbour.lrc").read_text()


def test_without_lyrics_nothing_is_listened_to_unless_there_is_a_source(ear, music):
    ear.record(music / "harbour.wav", heard(HARBOUR))
    result = one(write_lyrics(music))
    assert (result.status, ear.times) == ("nothing", 0)
    assert result.reason.startswith("looked for")


def test_lyrics_are_found_by_what_is_sung(ear, music, tmp_path):
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "one.txt").write_text(f"[Chorus]\n{HARBOUR}")
    # A person has set the times of another recording of the song, a little beside those that are heard.
    lines = zip((1.0, 3.1, 4.9), ORCHARD.splitlines(), strict=True)
    (texts / "two.lrc").write_text("".join(f"[00:{start:05.2f}]{line}\n" for start, line in lines))
    ear.record(music / "01.wav", heard(HARBOUR))
    ear.record(music / "02.wav", heard(ORCHARD, first=5.0))
    ear.record(music / "03.wav", heard("nothing of this kind is anywhere in those files of words"))
    found = list(write_lyrics(music, sources=[texts]))
    assert [result.status for result in found] == ["found", "found", "nothing"]
    assert "no more than a guess" in found[2].reason
    assert [result.certainty for result in found[:2]] == ["sure", "sure"]
    assert [result.source for result in found[:2]] == [str(texts / "one.txt"), str(texts / "two.lrc")]
    # Moved to where this recording has its words.
    assert [start for start, _ in starts(music / "02.lrc")] == [5.0, 7.1, 8.9]
    assert not (music / "03.lrc").exists()
    assert (ear.times, ear.decoded) == (3, 3)
    list(write_lyrics(music, sources=[texts]))
    assert (ear.times, ear.decoded) == (3, 3)


def test_two_recordings_of_one_song_get_the_same_lyrics(ear, music, tmp_path):
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "one.txt").write_text(HARBOUR)
    ear.record(music / "live.wav", heard(HARBOUR, first=9.0))
    ear.record(music / "studio.wav", heard(HARBOUR))
    assert [result.status for result in write_lyrics(music, sources=[texts])] == ["found", "found"]
    assert starts(music / "live.lrc")[0][0] == 9.0


def test_of_texts_with_the_same_words_the_one_with_the_name_is_taken(ear, music, tmp_path):
    texts = tmp_path / "texts"
    texts.mkdir()
    for name in ("A first", "Harbour Live", "Z"):
        (texts / f"{name}.txt").write_text(HARBOUR)
    ear.record(music / "03 - Harbour (Live).wav", heard(HARBOUR))
    result = one(write_lyrics(music, sources=[texts]))
    assert (result.certainty, result.source) == ("sure", str(texts / "Harbour Live.txt"))


def test_a_database_of_lyrics_is_a_source(ear, music, tmp_path):
    database = tmp_path / "lyrics.csv"
    database.write_text(f'title,artist,album,lyrics\nHarbour,Ana,Tides,"{HARBOUR}"\nOrchard,Ben,,"{ORCHARD}"\n')
    ear.record(music / "01.wav", heard(HARBOUR))
    result = one(write_lyrics(music, sources=[database]))
    assert (result.status, result.artist, result.certainty) == ("found", "Ana", "sure")
    assert "[ti:Harbour]\n[ar:Ana]\n[al:Tides]" in (music / "01.lrc").read_text()


def test_a_concert_gets_the_lyrics_of_all_its_songs(ear, music, tmp_path, monkeypatch):
    """Without a cue sheet: the database parts what was heard."""
    monkeypatch.setattr("alcca.lyrics.listening.SECONDS_OF_A_SONG", 10.0)
    database = tmp_path / "lyrics.csv"
    database.write_text(f'title,artist,lyrics\nHarbour,Ana,"{HARBOUR}"\nOrchard,Ana,"{ORCHARD}"\n')
    ear.record(music / "concert.wav", heard(f"{HARBOUR}\n{ORCHARD}", step=5.0))
    result = one(write_lyrics(music, sources=[database]))
    assert (result.status, result.title, result.artist) == ("found", "Harbour / Orchard", "Ana")
    assert [song.split(" ", 1)[1] for song in result.songs] == ["Harbour", "Orchard"]
    assert [text for _, text in starts(music / "concert.lrc")] == [*LINES, *ORCHARD.splitlines()]
    assert "[ti:concert]\n[ar:Ana]\n" in (music / "concert.lrc").read_text()


def test_known_lyrics_that_do_not_fit_are_looked_for_too(ear, music, tmp_path):
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "one.txt").write_text(ORCHARD)
    ear.record(music / "harbour.wav", heard(ORCHARD))
    (music / "harbour.txt").write_text(HARBOUR)
    result = one(write_lyrics(music, sources=[texts]))
    assert (result.status, result.reason) == ("found", "those of harbour.txt are of another song")
    assert [text for _, text in starts(music / "harbour.lrc")] == ORCHARD.splitlines()


def test_what_was_heard_is_written_only_when_that_is_asked(ear, music, tmp_path):
    ear.record(music / "harbour.wav", heard(HARBOUR))
    ear.record(music / "hum.wav", heard(""))
    assert [result.status for result in write_lyrics(music, transcribe=True)] == ["transcribed", "instrumental"]
    text = (music / "harbour.lrc").read_text()
    assert "[by:Whisper base, transcribed]" in text
    assert "[re:alcca" in text
    # Better lyrics take the place of what was heard, which is alcca's own.
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "one.txt").write_text(HARBOUR.upper())
    assert [result.status for result in write_lyrics(music, sources=[texts])] == ["found", "instrumental"]
    assert starts(music / "harbour.lrc")[0] == (1.0, LINES[0].upper())
    assert "transcribed" not in (music / "harbour.lrc").read_text()
    assert not (music / "harbour.lrc.bak").exists()


def test_lyrics_that_come_later_take_the_place_of_what_was_heard(ear, music):
    ear.record(music / "harbour.wav", heard(HARBOUR))
    formats = ["lrc", "srt"]
    assert one(write_lyrics(music, formats=formats, transcribe=True)).status == "transcribed"
    assert one(write_lyrics(music, formats=formats)).status == "done"
    (music / "harbour.txt").write_text(HARBOUR.upper())
    result = one(write_lyrics(music, formats=formats))
    assert result.status == "timed"
    assert starts(music / "harbour.lrc")[0] == (1.0, LINES[0].upper())
    assert starts(music / "harbour.srt")[0] == (1.0, LINES[0].upper())
    assert one(write_lyrics(music, formats=formats)).status == "done"


def test_what_was_heard_is_replaced_in_all_formats_but_where_someone_has_changed_it(ear, music, tmp_path):
    ear.record(music / "harbour.wav", heard(HARBOUR))
    assert one(write_lyrics(music, formats=["lrc", "srt", "vtt"], transcribe=True)).status == "transcribed"
    (music / "harbour.vtt").write_text(changed := (music / "harbour.vtt").read_text() + "\nNOTE mine\n")
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "one.txt").write_text(HARBOUR.upper())
    result = one(write_lyrics(music, formats=["lrc", "srt", "vtt"], sources=[texts]))
    assert result.status == "found"
    assert [Path(path).name for path in result.written] == ["harbour.lrc", "harbour.srt"]
    assert starts(music / "harbour.srt")[0] == (1.0, LINES[0].upper())
    assert (music / "harbour.vtt").read_text() == changed


def test_an_instrumental_is_an_answer(ear, music):
    ear.record(music / "hum.wav", heard(""))
    (music / "hum.txt").write_text("[Instrumental]")
    result = one(write_lyrics(music, transcribe=True))
    assert (result.status, ear.times) == ("instrumental", 0)


def test_tracks_of_an_album_that_is_one_file(ear, music):
    album = ear.record(music / "album.wav", heard(""))
    (music / "album.cue").write_text(
        'FILE "album.wav" WAVE\nTRACK 01 AUDIO\nTITLE "Harbour"\nINDEX 01 00:00:00\n'
        'TRACK 02 AUDIO\nTITLE "Orchard"\nINDEX 01 00:01:00\n'
    )
    ear.sung[10] = heard(HARBOUR)
    (music / "album.01.txt").write_text(HARBOUR)
    first, second = sorted(write_lyrics(music), key=lambda result: result.recording)
    assert (first.recording, first.status) == (f"{album}#01", "timed")
    assert (second.recording, second.status) == (f"{album}#02", "nothing")
    assert starts(music / "album.01.lrc")[0] == (1.0, LINES[0])


def test_only_recordings_without_lyrics(ear, music):
    ear.record(music / "harbour.wav", heard(HARBOUR))
    (music / "harbour.txt").write_text(HARBOUR)
    ear.record(music / "hum.wav", heard(""))
    assert [one.status for one in write_lyrics(music, missing=True, transcribe=True)] == ["left", "instrumental"]


def test_a_file_without_sound_has_a_reason(ear, music):
    (music / "broken.mp3").write_bytes(b"no sound" * 100)
    (music / "broken.txt").write_text(HARBOUR)
    result = one(write_lyrics(music))
    assert result.status == "unreadable"
    assert "broken.mp3" in result.reason


def test_a_name_in_an_old_encoding(ear, music):
    ear.record(music / "safe.wav", heard(HARBOUR)).rename(music / os.fsdecode(b"M\xfcde.wav"))
    (music / os.fsdecode(b"M\xfcde.txt")).write_text(HARBOUR)
    assert one(write_lyrics(music)).status == "timed"
    assert one(write_lyrics(music)).status == "done"


def test_files_and_folders_are_gone_over_once(ear, music):
    song = ear.record(music / "harbour.wav", heard(HARBOUR))
    (music / "harbour.txt").write_text(HARBOUR)
    assert len(list(write_lyrics([music, song, str(music)]))) == 1


def test_what_cannot_be_read_is_noted_once(ear, music, monkeypatch):
    ear.record(music / "harbour.wav", heard(HARBOUR))
    (music / "harbour.lrc").symlink_to("harbour.lrc")
    monkeypatch.chdir(music.parent)
    notes = []
    list(write_lyrics("music", notes=notes))
    assert len(notes) == 1
    assert "harbour.lrc: cannot be read" in notes[0]


def test_a_folder_that_cannot_be_written_is_told(ear, music, monkeypatch):
    ear.record(music / "harbour.wav", heard(HARBOUR))
    (music / "harbour.txt").write_text(HARBOUR)

    def refuse(path, data):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("alcca.lyrics.files.create_file", refuse)
    result = one(write_lyrics(music))
    assert (result.status, result.failed) == ("unwritten", ("harbour.lrc was not written: Permission denied",))


def test_a_damaged_memory_is_begun_anew(ear, music, tmp_path):
    place = tmp_path / "cache" / "lyrics" / FILE
    place.parent.mkdir(parents=True)
    place.write_bytes(b"no database" * 1000)
    ear.record(music / "harbour.wav", heard(HARBOUR))
    (music / "harbour.txt").write_text(HARBOUR)
    assert one(write_lyrics(music)).status == "timed"
    assert sqlite3.connect(place).execute("SELECT count(*) FROM heard").fetchone() == (1,)


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        ({"formats": ("lrc", "pdf")}, "unknown format of lyrics 'pdf'"),
        ({"formats": ()}, "no format"),
        ({"sources": ["nowhere"]}, "nowhere: no such file or folder"),
        ({"language": "klingon"}, "'klingon' is unknown"),
        ({"encoding": "klingon"}, "'klingon' is unknown"),
        ({"jobs": 0}, "jobs is 0"),
        ({"transcribe": True, "formats": ("srt", "txt")}, "write lrc or elrc too"),
    ],
)
def test_wrong_wishes_are_told(ear, music, wishes, told):
    with pytest.raises(UsageError, match=told):
        list(write_lyrics(music, **wishes))


@pytest.mark.parametrize(("place", "told"), [("nowhere", "no such folder"), ("s3://bucket/music", "on this machine")])
def test_wrong_places_are_told(ear, place, told):
    with pytest.raises(UsageError, match=told):
        list(write_lyrics(place))
