import pytest

from alcca.songs.kinds import AUDIO_SUFFIXES, COMPANIONS, is_audio, passed_over, strange_suffix

PEOPLE_KEEP = """
dsf dff wv ape mpc mpp tta tak ac3 eac3 ec3 dts amr awb 3gp 3ga mka weba webm mp4 m4b caf oga spx opus aifc w64 rf64 ra
wma voc 8svx iff mp1 mp2 shn qoa thd
"""


@pytest.mark.parametrize("suffix", PEOPLE_KEEP.split())
def test_whatever_people_keep_music_in_is_sound(suffix):
    assert is_audio(f"Music/a song.{suffix}")
    assert is_audio(f"A.{suffix.upper()}")
    assert strange_suffix(f"a.{suffix}") is None


@pytest.mark.parametrize(
    "name", ["cover.jpg", "song.lrc", "list.m3u8", "songs.csv", "rip.log", "disc.cue", "Thumbs.DB"]
)
def test_what_lies_beside_music_is_not_counted(name):
    assert not is_audio(name)
    assert strange_suffix(name) is None


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("film.mkv", ".mkv"),
        ("clip.MOV", ".mov"),
        ("x.kar", ".kar"),
        ("TRACK01", ""),
        ("Vol.2 live at the old mill", ""),
    ],
)
def test_what_may_hold_sound_is_counted_by_suffix(name, suffix):
    assert strange_suffix(name) == suffix


def test_suffixes_have_one_kind():
    assert not AUDIO_SUFFIXES & COMPANIONS
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in AUDIO_SUFFIXES | COMPANIONS)


def test_many_kinds_are_counted_together():
    counts = {f".x{number}": 20 - number for number in range(11)}
    said = passed_over(counts)
    assert said.startswith("165 files were passed over: 20 .x0, 19 .x1, ")
    assert said.endswith(", 13 .x7, 33 of 3 other kinds")
    assert passed_over({}) is None
    assert passed_over({".kar": 0}) is None
