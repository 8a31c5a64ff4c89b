"""A library whose songs are heard by somebody who knows what is sung."""

import shutil
from pathlib import Path

import pytest
from tests.libraries import Inline
from tests.making import write_song

from alcca import Library
from alcca.store.songs import Store
from alcca.store.transcripts import SLICE, Transcripts
from alcca.transcripts import Segment, Transcript
from alcca.workers import local

LINES = {
    "Guten Abend": "Guten Abend, gut Nacht, mit Rosen bedacht\nmit Näglein besteckt, schlupf unter die Deck",
    "Clair de lune": "Au clair de la lune, mon ami Pierrot\nprête-moi ta plume pour écrire un mot",
    "Greensleeves": "Alas, my love, you do me wrong\nto cast me off discourteously\nand I have loved you well and long",
    "Shenandoah": "Oh Shenandoah, I long to see you\naway, you rolling river",
    "La cucaracha": "La cucaracha, la cucaracha\nya no puede caminar\nporque no tiene, porque le falta",
    "Danny": "Oh Danny boy, the pipes, the pipes are calling\nfrom glen to glen, and down the mountain side",
}
# Nobody wrote down the words of these two.
SUNG = {
    "Hidden": "In the bleak midwinter frosty wind made moan\nearth stood hard as iron water like a stone",
    "Humming": "",
}


def heard(text: str, start: float = 10.0) -> Transcript:
    """A transcript with a line each four seconds."""
    lines = [line for line in text.splitlines() if line]
    segments = tuple(Segment(start + 4 * i, start + 4 * i + 4, line, -0.3, 0.1) for i, line in enumerate(lines))
    return Transcript(segments, "en" if segments else None, 0.9 if segments else 0.0, "fake", start, 30.0)


@pytest.fixture(scope="session")
def music(tmp_path_factory) -> Path:
    """Six songs with words beside them, and two without."""
    folder = tmp_path_factory.mktemp("sung")
    for number, (title, words) in enumerate(LINES.items()):
        write_song(folder / f"{title}.wav", number, seconds=2).with_suffix(".txt").write_text(words)
    for number, title in enumerate(SUNG, 50):
        write_song(folder / f"{title}.wav", number, seconds=2, lyrics=False)
    return folder


@pytest.fixture(scope="session")
def sung_once(music, tmp_path_factory) -> Path:
    """The folder of a library of them, in which two were heard; tests get a copy as `store`."""
    folder = tmp_path_factory.mktemp("sung library") / "shelf"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "process_pool", Inline().pool)
        with Library(folder, progress=False) as library:
            library.add(music)
    store = Store(folder)
    ids = {song.title: song.id for song in store.songs()}
    with store.transaction():
        for title, words in SUNG.items():
            store.tables(Transcripts).put(ids[title], heard(words), SLICE)
    store.close()
    return folder


@pytest.fixture
def store(sung_once, tmp_path) -> Store:
    """A store of them, in which two were heard."""
    shutil.copytree(sung_once, tmp_path / "shelf")
    return Store(tmp_path / "shelf")
