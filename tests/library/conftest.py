"""A small trained library."""

import shutil

import pytest
from tests.making import write_song

from alcca import Library

EPOCHS = 3


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory):
    """A trained library of thirty songs; tests get a copy."""
    place = tmp_path_factory.mktemp("trained")
    for number in range(30):
        write_song(place / "music" / f"song {number:02d}.wav", number)
    write_song(place / "music" / "no words.wav", 60, lyrics=False)
    (place / "music" / "no sound.mp3").touch()
    (place / "music" / "no sound.txt").write_text("river mountain morning silver and nothing to hear")
    with Library(place / "library", progress=False) as library:
        library.add(place / "music")
        library.train(epochs=EPOCHS)
    return place


@pytest.fixture
def place(trained_once, tmp_path):
    shutil.copytree(trained_once, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture
def library(place):
    with Library(place / "library", progress=False) as library:
        yield library
