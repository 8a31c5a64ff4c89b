"""The main job on real songs: the songbook as a music folder in six formats, and twenty real recordings."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import librosa
import numpy as np
import pytest
from tests.songs.encoding import FORMATS

from alcca import Library
from alcca.songs.audio import read_slice

pytestmark = [pytest.mark.data, pytest.mark.slow]

SONGS = 19
LANGUAGES = {"de", "en", "fr", "it", "xx"}


@pytest.fixture(scope="module")
def songbook(data_folder, tmp_path_factory):
    """Nineteen songs of the songbook, rendered as a person would keep them."""
    if shutil.which("fluidsynth") is None:
        reason = "fluidsynth is not installed; apt-get install fluidsynth timgm6mb-soundfont"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("songbook")
    tool = data_folder.parent / "tools" / "render_songbook.py"
    # With this seed, nineteen are enough for each language, and for each place of the lyrics with each format.
    options = ["--limit", str(SONGS), "--seed", "24442"]
    subprocess.run([sys.executable, tool, folder, *options], check=True, stdout=subprocess.DEVNULL)
    return folder


@pytest.fixture(scope="module")
def library(songbook, data_folder, tmp_path_factory):
    """A library trained on the songbook, with the twenty recordings added afterwards."""
    with Library(tmp_path_factory.mktemp("library"), progress=False) as library:
        library.add(songbook)
        library.train(epochs=5)
        library.add(data_folder / "cc_songs")
        yield library


def from_folder(library, folder):
    return [song for song in library.songs() if song.paths[0].startswith(str(folder.absolute()))]


def test_every_song_of_every_format_is_usable(library, songbook):
    songs = from_folder(library, songbook)
    assert len(songs) == SONGS
    assert all(song.usable for song in songs)
    kept = {(Path(song.paths[0]).suffix, Path(song.lyrics_source).suffix) for song in songs}
    beside = {(f".{suffix}", lyrics) for suffix in FORMATS for lyrics in (".lrc", ".txt")}
    # The tool writes no lyrics into the tags of ogg and wav.
    inside = {(f".{suffix}", "") for suffix in FORMATS if suffix not in ("ogg", "wav")}
    assert kept == beside | inside
    assert {song.language for song in songs} == LANGUAGES
    assert all(song.label and song.group for song in songs)
    assert not any("[" in line[:1] for song in songs for line in song.lyrics.splitlines())


def test_every_recording_is_added_with_its_own_words_and_sound(library, data_folder):
    songs = from_folder(library, data_folder)
    assert len(songs) == 20
    assert all(song.usable for song in songs)
    stored = library._store.features("mfcc", [song.id for song in songs])
    for song, features in zip(songs, stored, strict=True):
        samples = read_slice(Path(song.paths[0])).samples
        expected = librosa.feature.mfcc(y=samples, sr=22_050, n_mfcc=20, n_fft=2048, hop_length=4096, center=False)
        np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-3)
        line = max(song.lyrics.splitlines(), key=len)
        assert song.id in [hit.id for hit in library.find(line, k=5)]


def test_names_beyond_ascii_survive(library, data_folder):
    names = {Path(song.paths[0]).name for song in from_folder(library, data_folder)}
    assert "jam_séculaire_feat__nÿme___saru.ogg" in names


def test_the_recordings_can_be_searched_with_a_model_that_never_saw_them(library, data_folder):
    songs = from_folder(library, data_folder)
    everything = len(library.songs())
    for song in songs[:2]:
        assert song.id in [hit.id for hit in library.search(audio=song.paths[0], k=everything)]
        assert song.id in [hit.id for hit in library.search(lyrics=song.lyrics, k=everything)]
