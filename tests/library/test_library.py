"""Training, searching and evaluating through the library's face."""

import sqlite3
import subprocess
import sys

import numpy as np
import pytest
from tests.libraries import EPOCHS
from tests.making import write_song

from alcca import Library, Results
from alcca.errors import AlccaError, AudioError, LibraryError, LyricsError, UsageError
from alcca.store.embeddings import Embeddings
from alcca.training import train as training

# Songs are read in this process, where the processes are not what is tested.
pytestmark = pytest.mark.usefixtures("inline")


def vectors(library):
    name = library._store.setting("model")["name"]
    return library._store.tables(Embeddings).vectors(name, "audio"), library._store.tables(Embeddings).vectors(
        name, "lyrics"
    )


def test_every_song_with_a_view_is_embedded_by_it(library):
    (heard, audio), (read, lyrics) = vectors(library)
    titles = {song.id: song.title for song in library.songs()}
    assert len(heard) == len(read) == 31
    assert "no words" in {titles[i] for i in heard} - {titles[i] for i in read}
    assert "no sound" in {titles[i] for i in read} - {titles[i] for i in heard}
    assert audio.shape == lyrics.shape == (31, 10)
    assert np.isfinite(audio).all()
    assert np.isfinite(lyrics).all()


def test_the_same_seed_gives_the_same_model(library):
    library.train(method="alcca", epochs=EPOCHS)
    before = vectors(library)
    library.train(method="alcca", epochs=EPOCHS)
    after = vectors(library)
    np.testing.assert_array_equal(before[0][1], after[0][1])
    np.testing.assert_array_equal(before[1][1], after[1][1])
    library.train(method="alcca", epochs=EPOCHS, random_state=1)
    assert not np.array_equal(before[0][1], vectors(library)[0][1])


def test_another_process_searches_alike(library, place):
    hits = library.search(lyrics="golden river morning", k=5)
    script = (
        "import sys; from alcca import Library\n"
        "hits = Library(sys.argv[1], progress=False).search(lyrics='golden river morning', k=5)\n"
        "for hit in hits: print(hit.id, hit.score)"
    )
    output = subprocess.run(
        [sys.executable, "-c", script, str(place / "library")], check=True, capture_output=True, text=True
    ).stdout
    assert output.split() == [str(x) for hit in hits for x in (hit.id, hit.score)]


def test_a_song_in_training_finds_its_own_words(library, place):
    # Thirty songs and 200 dimensions: CCA can fit the training pairs, so they must come first.
    song = next(song for song in library.songs() if song.title == "song 05")
    assert library.search(audio=place / "music" / "song 05.wav", k=1)[0].title == "song 05"
    assert library.search(lyrics=song.lyrics, k=1)[0].title == "song 05"


def test_hits_are_ranked_by_cosine_and_show_a_line(library):
    hits = library.search(lyrics="river mountain morning", k=31, by="space")
    assert [hit.rank for hit in hits] == list(range(1, 32))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(-1.0001 <= hit.score <= 1.0001 for hit in hits)
    assert "no words" in {hit.title for hit in hits}
    assert all(hit.line.startswith("only song") for hit in hits if hit.title != "no words")


def test_find_is_exact_and_shows_the_line_with_the_word(library):
    (hit,) = library.find("nothing hear")
    assert (hit.title, hit.score) == ("no sound", None)
    assert "nothing to hear" in hit.line
    assert library.find("nothing hear zzz") == []


def test_find_reads_no_vectors(library, monkeypatch):
    with Library(library.path) as fresh:
        monkeypatch.setattr(Embeddings, "vectors", None)
        assert len(fresh.find("nothing hear")) == 1


def test_new_songs_are_found_without_training_again(library, place):
    write_song(place / "music" / "song new.wav", 77)
    library.add(place / "music")
    assert library.status()["model"]["songs_since"] == 1
    hits = library.search(lyrics="river", k=100)
    assert "song new" in {hit.title for hit in hits}
    assert "song new" in {hit.title for hit in library.search(audio=place / "music" / "song 01.wav", k=100)}


def test_a_song_with_new_words_is_embedded_anew(tmp_path, music):
    with Library(tmp_path / "library", progress=False) as library:
        library.add(music)
        library.train(epochs=1)
        (read, before) = vectors(library)[1]
        (music / "artist 0" / "song 03.txt").write_text("comet comet valley desert")
        library.add(music)
        (_, after) = vectors(library)[1]
        changed = [read[i] for i in range(len(read)) if not np.array_equal(before[i], after[i])]
        assert [song.title for song in library.songs(changed)] == ["song 03"]


def test_training_that_fails_leaves_the_model_in_use(library, monkeypatch):
    before = vectors(library)
    hits = library.search(lyrics="river", k=3)

    def interrupted(store, name, embedder, ids, workers, **how):
        training_embed(store, name, embedder, ids[:5], workers, **how)
        raise KeyboardInterrupt

    training_embed = training.embed_songs
    monkeypatch.setattr(training, "embed_songs", interrupted)
    with pytest.raises(KeyboardInterrupt):
        library.train(epochs=1, random_state=5)
    np.testing.assert_array_equal(vectors(library)[0][1], before[0][1])
    assert library.search(lyrics="river", k=3) == hits
    monkeypatch.undo()
    library.train(epochs=1)
    assert len(list((library.path / "models").iterdir())) == 1
    with sqlite3.connect(library.path / "songs.sqlite") as other:
        assert other.execute("SELECT count(DISTINCT model) FROM embeddings").fetchone() == (1,)


def test_a_search_sees_what_another_process_trained(library, place):
    first = library.search(lyrics="river", k=3)
    with Library(place / "library", progress=False) as other:
        other.train(method="alcca", epochs=EPOCHS)
        assert library.search(lyrics="river", k=3) == other.search(lyrics="river", k=3) != first
        assert first.asked == ("words", "space")


def test_labels_filter(tmp_path):
    for number in range(14):
        write_song(tmp_path / "m" / f"{number}.wav", number)
    rows = "\n".join(f"{number}.wav,{'calm' if number % 2 else 'happy'}" for number in range(14))
    (tmp_path / "m" / "songs.csv").write_text("file,label\n" + rows)
    with Library(tmp_path / "library", progress=False) as library:
        library.add(tmp_path / "m")
        library.train(epochs=1)
        assert library.status()["labels"] == {"happy": 7, "calm": 7}
        assert len(library.search(lyrics="river", label="calm")) == 7
        assert {hit.label for hit in library.search(lyrics="river", label="calm")} == {"calm"}
        assert {hit.label for hit in library.find("only", label="happy")} == {"happy"}
        with pytest.raises(UsageError, match=r"no song has the label 'sad'.* happy, calm"):
            library.search(lyrics="river", label="sad")


@pytest.mark.parametrize(
    ("query", "error", "words"),
    [
        ({}, UsageError, "exactly one"),
        ({"audio": "a.mp3", "lyrics": "b"}, UsageError, "exactly one"),
        ({"lyrics": "river", "k": 0}, UsageError, "k is 0"),
        ({"lyrics": "[Chorus]"}, LyricsError, "no word is known to the model"),
        ({"lyrics": "xyzzy plugh"}, LyricsError, "no word is known to the model"),
        ({"audio": "nowhere.mp3"}, AudioError, "nowhere.mp3"),
    ],
)
def test_searches_that_cannot_be_answered(library, query, error, words):
    with pytest.raises(error, match=words):
        library.search(**query)


def test_what_needs_a_model_or_songs_says_so(tmp_path, music):
    with Library(tmp_path / "library", progress=False) as library:
        with pytest.raises(LibraryError, match="train it first"):
            library.search(lyrics="river")
        with pytest.raises(LibraryError, match="0 songs have both"):
            library.train()
        library.add(music / "artist 0")
        with pytest.raises(LibraryError, match="4 songs have both"):
            library.evaluate()


def test_a_library_is_a_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file"):
        Library(tmp_path / "file")


def test_evaluation_is_kept_and_shows_chance_and_control(library):
    results = library.evaluate("cca", components=[2, 5])
    assert set(results.to_frame()["components"]) == {2, 5}
    kept = Results.load(library.path / "evaluation")
    assert kept.to_frame()["rank"].tolist() == results.to_frame()["rank"].tolist()


def test_finished_fits_are_kept_until_the_songs_change(library):
    fits = library.path / "evaluation" / "fits"
    library.evaluate("cca", components=[2], n_jobs=1)
    current = {library.dataset().fingerprint, library.dataset().words_fingerprint}
    assert {path.name for path in fits.iterdir()} == current
    before = {path: path.stat().st_mtime_ns for path in fits.rglob("*.*")}
    (fits / "of other songs").mkdir()
    library.evaluate("cca", components=[2], n_jobs=1)
    assert {path.name for path in fits.iterdir()} == current
    assert {path: path.stat().st_mtime_ns for path in fits.rglob("*.*")} == before


def test_descriptors_that_cannot_be_computed_cost_one_method_alone(library, monkeypatch):
    def missing(*args, **kwargs):
        raise LibraryError("song 3: its file is gone")

    monkeypatch.setattr("alcca.library.evaluation.encode_songs", missing)
    results = library.evaluate("cca,spotify-dcca", components=[2], folds=3, n_jobs=1, shuffled_control=False)
    assert set(results.ranks["method"]) == {"cca"}
    assert any("song 3: its file is gone" in note for note in results.notes)
    assert {failure.method for failure in results.failures} == {"spotify-dcca"}


def test_a_damaged_model_is_named(library):
    (folder,) = (library.path / "models").iterdir()
    arrays = folder / "model" / "fitted" / "arrays.safetensors"
    arrays.write_bytes(arrays.read_bytes()[:1000])
    with pytest.raises(AlccaError, match=str(folder)):
        library.search(lyrics="river")
