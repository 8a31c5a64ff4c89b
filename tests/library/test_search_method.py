"""What `evaluate` measures as "search" is what `Library.search` finds."""

import shutil
from zlib import crc32

import numpy as np
import pytest
from tests.making import write_song
from tests.networks import write_clap_model, write_sentence_model

from alcca import Library
from alcca.errors import LibraryError, NotFittedError, TranscriptionError
from alcca.experiments.fitting import Songs
from alcca.library.evaluation import library_methods
from alcca.library.search_method import SearchMethod
from alcca.models.contract import gather, take
from alcca.retrieval import score_instance_ranks
from alcca.speech import recogniser, recording_listener
from alcca.store.songs import Store
from alcca.store.transcripts import SLICE, Transcripts
from alcca.training import selection
from alcca.transcripts import Listened, Segment, Transcript

TRAINING, TEST = 30, 10
PROTOCOL = {"folds": 3, "shuffled_control": False, "n_jobs": 1}


def transcript(number, text):
    """What was heard of a song: a line and a half, no words of every fourth, nothing of every fifth."""
    if number % 5 == 4:
        return None
    if number % 4 == 3:
        return Transcript(language="en", model="fake")
    words = text.split()
    words = words[7 : 7 + 9] if number % 3 else words[:2]
    return Transcript((Segment(0.0, 4.0, " ".join(words)),), "en", 0.9, "fake", 0.0, 4.0)


@pytest.fixture(scope="module")
def places(tmp_path_factory, _adding_inline):
    """Folders of songs and of libraries; the library "trained" knows only the training songs."""
    place = tmp_path_factory.mktemp("search method")
    for number in range(TRAINING + TEST):
        kind = "training" if number < TRAINING else "test"
        song = write_song(place / kind / f"song {number:02d}.wav", number, seconds=2)
        if number >= TRAINING:
            for folder in ("texts", "recordings"):
                (place / folder).mkdir(exist_ok=True)
            shutil.copy(song, place / "recordings")
            shutil.copy(song.with_suffix(".txt"), place / "texts")
            (place / "texts" / f"{song.stem}.mp3").write_bytes(f"no sound of {number}".encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selection, "MIN_TO_CHOOSE", 20)
        with Library(place / "trained", progress=False) as library:
            library.add(place / "training")
            library.train()
    return place


def library_of(places, kind, to):
    """A library of test songs alone, with the model of the training songs."""
    shutil.copytree(places / "trained", to)
    store = Store(to)
    with store.transaction():
        store.drop_songs([song.id for song in store.songs()])
    store.close()
    library = Library(to, progress=False)
    library.add(places / kind)
    return library


@pytest.fixture
def dataset(places, tmp_path, inline):
    """All songs with their transcripts, the training songs first."""
    with Library(tmp_path / "all", progress=False) as library:
        for kind in ("training", "test"):
            library.add(places / kind)
        with library._opened.writing() as store, store.transaction():
            for song in store.songs():
                if (heard := transcript(int(song.title[-2:]), song.lyrics)) is not None:
                    store.tables(Transcripts).put(song.id, heard, SLICE)
        return library.dataset()


def fold(dataset, method):
    """The method fitted on the training songs, and both views of the test songs."""
    songs = Songs(dataset, np.arange(len(dataset)))
    audio, lyrics = gather(method, "audio", songs.audio), dataset.texts
    train, test = np.arange(TRAINING), np.arange(TRAINING, TRAINING + TEST)
    fitted = method.fit((take(audio, train), take(lyrics, train)), None, dataset.group[:TRAINING])
    return fitted, take(audio, test), take(lyrics, test)


def assert_ranked_alike(scores, probability, hits, titles):
    """The hits of a search have the order of scores, and all others have 0."""
    found = [titles.index(hit.title) for hit in hits]
    assert np.count_nonzero(scores) == len(found)
    # Equal scores may stand in any order.
    assert scores[found].tolist() == sorted(scores, reverse=True)[: len(found)]
    assert probability == pytest.approx(hits[0].probability if hits else 0.0, abs=1e-9)


class Ears:
    """Hears in a recording what it is told to, and finds each excerpt as well as its letters say."""

    heard, listened = None, 0

    def hear(self, samples, **_):
        if self.heard is None:
            raise TranscriptionError("it was not transcribed")
        return self.heard

    def listen(self, samples, texts):
        Ears.listened += 1
        assert samples.any()
        return [
            max(Listened(float(crc32(excerpt.encode()) % 150), excerpt[:20]) for excerpt in excerpts)
            for excerpts in texts
        ]


@pytest.mark.parametrize("careful", [False, True])
def test_ranks_and_certainty_are_those_of_a_search(careful, places, dataset, tmp_path, inline, monkeypatch):
    monkeypatch.setattr(selection, "MIN_TO_CHOOSE", 20)
    monkeypatch.setattr(recording_listener, "shared_recogniser", lambda model: Ears())
    recording_listener._found.clear()
    method, audio, lyrics = fold(dataset, SearchMethod(speech_model="fake", careful=careful))
    Ears.listened = 0
    assert method.choice_.chosen_on == TRAINING // 5
    by_audio, by_lyrics = method.directed_similarities(audio, lyrics)
    titles = list(dataset.ids[TRAINING:])
    np.testing.assert_array_equal(method.similarity(audio, lyrics), by_audio.scores)
    # It listens only to recordings that searches are unsure of, and once.
    unsure = Ears.listened
    assert TEST <= unsure < 3 * TEST if careful else 3 <= unsure < TEST
    method.directed_similarities(audio, lyrics)
    assert Ears.listened == unsure

    with library_of(places, "recordings", tmp_path / "recordings") as library:
        with library._opened.writing() as store, store.transaction():
            for song in store.songs():
                heard = dataset.transcripts[TRAINING + titles.index(song.title)]
                if heard is not None:
                    store.tables(Transcripts).put(song.id, heard, SLICE)
        searches = [library.search(lyrics=text, k=50, careful=careful) for text in lyrics]
    for row, hits in enumerate(searches):
        assert hits.asked[:2] == ("words", "space")
        assert careful or "listening" not in hits.asked
        assert_ranked_alike(by_lyrics.scores[row], by_lyrics.probabilities[row], hits, titles)
    assert careful == any("listening" in hits.asked for hits in searches)

    monkeypatch.setattr(recogniser, "shared_recogniser", lambda model: Ears())
    with library_of(places, "texts", tmp_path / "texts") as library:
        for row, title in enumerate(titles):
            Ears.heard = audio["transcripts"][row]
            hits = library.search(audio=places / "recordings" / f"{title}.wav", k=50, careful=careful)
            assert_ranked_alike(by_audio.scores[row], by_audio.probabilities[row], hits, titles)
    # Songs of which words were heard are found; chance is a mean of 5.5.
    ranks = score_instance_ranks(by_audio.scores), score_instance_ranks(by_lyrics.scores)
    worded = [
        row for row in range(TEST) if audio["transcripts"][row] and len(audio["transcripts"][row].text.split()) > 5
    ]
    assert len(worded) >= 3
    assert max(rank[worded].max() for rank in ranks) == 1


def test_a_library_measures_its_search_by_default(places, dataset, tmp_path, inline):
    with library_of(places, "test", tmp_path / "shelf") as library:
        assert list(library_methods(library._store)[0]) == ["search", "alcca"]
        with library._opened.writing() as store, store.transaction():
            for song in store.songs():
                if (heard := transcript(int(song.title[-2:]), song.lyrics)) is not None:
                    store.tables(Transcripts).put(song.id, heard, SLICE)
        methods, _ = library_methods(library._store)
        assert list(methods) == ["search", "heard", "alcca"]
        # As the library's model was trained, with as many components where they were not chosen.
        own = methods["search"]
        assert (own.method, own.audio_encoder.name, own.lyrics_encoder.name) == ("cca", "mfcc-stats", "tfidf")
        assert own.words
        found = library.evaluate(["search", "heard"], **PROTOCOL)
    ranks = found.to_frame()
    assert found.methods == ["search", "heard"]
    assert not found.failures
    instance = ranks[ranks["level"] == "instance"]
    known = instance.groupby("method", observed=True)["probability"].agg(["min", "max", "count"])
    assert known.loc["heard", "count"] == 0
    assert known.loc["search", "count"] == 2 * TEST
    assert 0 <= known.loc["search", "min"] < known.loc["search", "max"] <= 1


def test_without_a_fit_it_says_so():
    with pytest.raises(NotFittedError, match="fit first"):
        SearchMethod().similarity({}, [])


def test_a_search_by_networks_of_others_is_measured_with_them(places, tmp_path, inline, processes):
    pytest.importorskip("transformers")
    sentence, clap = write_sentence_model(tmp_path / "text"), write_clap_model(tmp_path / "sound")
    with Library(tmp_path / "shelf", progress=False) as library:
        library.add(places / "test")
        library.train(method="cca", audio_encoder=f"clap:{clap}", lyrics_encoder=f"sentence:{sentence}", components=2)
        found = library.evaluate("search,cca", **PROTOCOL, components=[2])
        assert found.methods == ["search", "cca"], found.failures
        assert not found.failures
        # A model that cannot be read is said, and the others are measured.
        shutil.rmtree(next((library.path / "models").iterdir()) / "model")
        rest = library.evaluate(**PROTOCOL, components=[2], epochs=1)
        assert rest.methods == ["alcca"]
        assert any(note.startswith("The search was not measured: ") for note in rest.notes)
        with pytest.raises(LibraryError):
            library.evaluate("search", **PROTOCOL)
