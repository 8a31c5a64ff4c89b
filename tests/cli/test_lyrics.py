"""What is written beside a recording: the words alone, each line with one time."""

import errno
import io
from dataclasses import replace
from pathlib import Path

import pytest

from alcca.cleaning.lyrics import clean_lyrics
from alcca.cleaning.timed_lines import timed_lines
from alcca.cli import lyrics
from alcca.errors import DiskError
from alcca.library.lyrics_proposals import Proposal
from alcca.store.records import Song, SongAudio
from alcca.transcripts import Segment, Transcript

LINES = ["copper lanterns swing along the quay", "you were always singing out of key", "salt upon the window"]
HEARD = Transcript(tuple(Segment(10.0 * i + 2, 10.0 * i + 6, line) for i, line in enumerate(LINES)))
SYNCED = "[ar:Ana]\n[ti:Harbour]\n[offset:+0]\n[re:tool]\n" + "\n".join(
    f"[00:{10 * i + 2:02d}.50]{line}" for i, line in enumerate(LINES)
)
PLAIN = (
    "[Verse 1: Ana]\n" + LINES[0] + "\n" + LINES[1] + "\n\n[Chorus]\n" + LINES[2] + "\n\nYou might also like\n12Embed"
)


def proposal(folder, content, duration=40.0):
    audio = SongAudio(None, 0.0, 30.0, 0.0, duration, "soundfile")
    song = Song("h", "harbour", audio=audio, paths=(str(folder / "harbour.wav"),))
    return Proposal(song, HEARD, folder / "a.lrc", clean_lyrics(content), 50.0, 1.0, "sure", content)


def written(folder, kind, content, **about):
    said = lyrics._write(proposal(folder, content, **about), kind, dry_run=False)
    assert said == f"wrote {folder / 'harbour'}.{kind}"
    return (folder / f"harbour.{kind}").read_text().splitlines()


@pytest.mark.parametrize("content", [SYNCED, PLAIN, PLAIN.replace("\n", "\r\n"), "\ufeff" + SYNCED])
def test_a_txt_holds_the_words_alone(tmp_path, content):
    assert [line for line in written(tmp_path, "txt", content) if line] == LINES


def test_the_words_of_a_track_are_named_after_it(tmp_path):
    track = proposal(tmp_path, PLAIN)
    track = replace(track, song=replace(track.song, paths=(str(tmp_path / "album.flac#03"),)))
    assert lyrics._write(track, "txt", dry_run=False) == f"wrote {tmp_path / 'album.03.txt'}"


def test_verses_stay_apart(tmp_path):
    assert written(tmp_path, "txt", PLAIN) == [LINES[0], LINES[1], "", LINES[2]]


def test_the_times_of_a_synced_text_are_kept(tmp_path):
    assert written(tmp_path, "lrc", SYNCED) == [f"[00:{10 * i + 2:02d}.50]{line}" for i, line in enumerate(LINES)]


def test_an_offset_lets_lines_come_sooner(tmp_path):
    lines = written(tmp_path, "lrc", SYNCED.replace("+0", "+500"))
    assert [line[:10] for line in lines] == ["[00:02.00]", "[00:12.00]", "[00:22.00]"]


def test_a_line_with_several_stamps_stands_at_each_of_them(tmp_path):
    content = f"[00:22.50][00:02.50]{LINES[0]}\n[00:12.50] <00:12.50>{LINES[1]}\n"
    both = [LINES[0], LINES[1], LINES[0]]
    assert written(tmp_path, "lrc", content) == [f"[00:{10 * i + 2:02d}.50]{line}" for i, line in enumerate(both)]
    assert written(tmp_path, "txt", content) == both


def test_a_section_has_no_time_and_a_line_without_stamp_stands_between_its_neighbours(tmp_path):
    content = f"[00:02.00]{LINES[0]}\n[00:05.00][Chorus]\n{LINES[1]}\n[00:22.00]{LINES[2]}\n"
    assert written(tmp_path, "lrc", content) == [f"[00:{10 * i + 2:02d}.00]{line}" for i, line in enumerate(LINES)]


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        "\n".join(f"[00:00.00]{line}" for line in LINES),
        "\n".join(f"[01:{10 * i:02d}.00]{line}" for i, line in enumerate(LINES)),
        "\n".join(f"[00:{10 * i + 19:02d}.00]{line}" for i, line in enumerate(LINES)),
        f"[00:02.50]{LINES[0]}\n{LINES[1]}\n{LINES[2]}",
    ],
    ids=["no stamps", "all the same", "beyond the end", "of another recording", "one line alone"],
)
def test_where_a_text_has_no_good_times_they_are_those_of_what_was_heard(tmp_path, content):
    lines = written(tmp_path, "lrc", content)
    assert lines == [f"[00:{10 * i + 2:02d}.00]{line}" for i, line in enumerate(LINES)]
    assert timed_lines("\n".join(lines)) == [(10.0 * i + 2, line) for i, line in enumerate(LINES)]


def test_no_file_is_replaced_not_even_a_link_to_nowhere(tmp_path):
    (tmp_path / "harbour.txt").symlink_to(tmp_path / "nowhere.txt")
    assert "already exists" in lyrics._write(proposal(tmp_path, PLAIN), "txt", dry_run=False)
    assert not (tmp_path / "nowhere.txt").exists()


class Full(io.StringIO):
    def write(self, text):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_told_and_leaves_no_half_of_a_text(tmp_path, monkeypatch):
    opened = Path.open

    def open_full(path, *arguments, **how):
        opened(path, *arguments, **how).close()
        return Full()

    monkeypatch.setattr(Path, "open", open_full)
    with pytest.raises(DiskError, match=r"harbour\.txt: the disk is full; make room and run it again"):
        lyrics._write(proposal(tmp_path, PLAIN), "txt", dry_run=False)
    assert list(tmp_path.iterdir()) == []
