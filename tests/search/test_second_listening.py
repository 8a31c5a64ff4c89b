"""Where a search is unsure, it listens to the recording again: for which songs, and what becomes of what it finds."""

from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import numpy as np
import pytest
from tests.search.conftest import LINES, heard

from alcca import Library
from alcca.errors import TranscriptionError, UntrainedError, UsageError
from alcca.matching.second_listening import EXCERPTS, LISTENING, Listening
from alcca.search import fusion
from alcca.search.clip import Clip
from alcca.search.clip_query import ClipQuery, query_of
from alcca.search.fusion import rank_songs
from alcca.search.part import HEARD, SOUND, Candidates, Query
from alcca.search.reader import SongReader
from alcca.search.snapshot import Snapshot
from alcca.speech import recogniser
from alcca.transcripts import Listened, Segment, Transcript

# What is sung, and what the recogniser makes of it.
PIPES = "the pipes, the pipes are calling"
WORDLESS = Transcript(guesses=(Segment(10, 40, "pipes pipes"),), model="fake", start=10.0, seconds=30.0)
NOTHING = Transcript(seconds=30.0)
MUMBLED = heard("love the rolling pipes")


class Ears:
    """A listener that finds the words of one song, and nothing of others."""

    def __init__(self, word="Danny", bits=150.0):
        self.word, self.bits, self.calls = word, bits, []

    def __call__(self, texts):
        self.calls.append(texts)
        return [
            Listened(self.bits, PIPES) if self.word in " ".join(text) else Listened(12.0, text[0]) for text in texts
        ]

    @property
    def asked(self):
        return {line for call in self.calls for text in call for excerpt in text for line in excerpt.splitlines()}


@pytest.fixture
def snapshot(store):
    return Snapshot(store, store.folder)


@pytest.fixture
def ids(snapshot):
    return {one.title: number for number, one in snapshot.summaries.items()}


def query(transcript, ears, *, careful=False):
    return Query(recording={HEARD: transcript}, listening=Listening(ears, careful))


def titles(found):
    return [hit.song.title for hit in found.hits]


# Which searches


def test_a_search_that_is_sure_does_not_listen_again(snapshot, store):
    ears, known = Ears(), heard("guten abend gut nacht mit rosen bedacht mit näglein besteckt schlupf unter die deck")
    once = snapshot.search(Query(recording={HEARD: known}), store, 5)
    assert once.hits[0].certainty == "sure"
    assert snapshot.search(query(known, ears), store, 5) == once
    assert ears.calls == []


def test_a_search_that_is_unsure_finds_what_is_sung(snapshot, store):
    once = snapshot.search(Query(recording={HEARD: MUMBLED}), store, 5)
    assert once.hits[0].song.title != "Danny"
    found = snapshot.search(query(MUMBLED, Ears()), store, 5)
    best = found.hits[0]
    assert (best.song.title, best.certainty) == ("Danny", "sure")
    assert found.asked == ("words", LISTENING)
    assert best.bits == pytest.approx(sum(one.bits for one in best.evidence))


def test_a_text_is_not_listened_for(snapshot, store):
    ears = Ears()
    asked = Query(text="love the rolling pipes", listening=Listening(ears))
    assert snapshot.search(asked, store, 5).asked == ("words",)
    assert ears.calls == []


# Without words


def test_a_song_of_which_no_word_is_read_is_found_by_its_guesses(snapshot, store):
    with pytest.raises(UntrainedError, match="no words were recognised"):
        snapshot.search(Query(recording={HEARD: WORDLESS}), store, 5)
    ears = Ears()
    found = snapshot.search(query(WORDLESS, ears), store, 5)
    assert titles(found)[0] == "Danny"
    assert (found.asked, found.among) == ((LISTENING,), len(LINES))
    assert found.notes == ("the words: no words were recognised in the recording", *found.notes[1:])
    (evidence,) = found.hits[0].evidence
    assert (evidence.part, evidence.score, evidence.bits) == (LISTENING, 150.0, found.hits[0].bits)
    # The lines in which the words are; without times, which a listener does not know.
    assert evidence.passages[0].line == "Oh Danny boy, the pipes, the pipes are calling"
    assert evidence.passages[0].start is None
    # Words of songs that are not sung are not shown.
    assert all(one.passages == [] for hit in found.hits[1:] for one in hit.evidence)


def test_without_guesses_only_a_careful_search_has_anything_to_listen_for(snapshot, store):
    ears = Ears()
    with pytest.raises(UntrainedError, match="no words were recognised"):
        snapshot.search(query(NOTHING, ears), store, 5)
    assert ears.calls == []
    assert titles(snapshot.search(query(NOTHING, ears, careful=True), store, 5))[0] == "Danny"


def test_a_careful_search_listens_for_all_lyrics(snapshot, store, monkeypatch):
    monkeypatch.setattr(fusion, "POOL", 1)
    ears, careful = Ears("nothing"), Ears("nothing")
    # Where nothing speaks for any song, the reasons are the answer.
    for asked in (query(WORDLESS, ears), query(WORDLESS, careful, careful=True)):
        with pytest.raises(UntrainedError, match="no words were recognised"):
            snapshot.search(asked, store, 5)
    assert ears.asked == set(LINES["Danny"].splitlines())
    assert careful.asked == {line for lyrics in LINES.values() for line in lyrics.splitlines()}


def test_without_a_listener_a_search_says_why(snapshot, store):
    def fail(texts):
        raise TranscriptionError("the model has gone")

    plain = snapshot.search(Query(recording={HEARD: MUMBLED}), store, 5)
    found = snapshot.search(query(MUMBLED, fail), store, 5)
    assert found.notes == (*plain.notes, "no second listening: the model has gone")
    assert replace_notes(found) == replace_notes(plain)
    with pytest.raises(UntrainedError, match=r"no words were recognised.*; no second listening: the model has gone"):
        snapshot.search(query(WORDLESS, fail), store, 5)


def replace_notes(found):
    return found._replace(notes=())


# Which songs


def test_a_filter_holds_for_what_is_listened_for(snapshot, store, ids):
    allowed = frozenset({ids["Shenandoah"], ids["La cucaracha"]})
    for careful in (False, True):
        ears = Ears("cucaracha")
        found = snapshot.search(query(heard("pipes are calling"), ears, careful=careful), store, 5, allowed)
        assert {hit.song.id for hit in found.hits} <= allowed
        assert ears.asked <= set((LINES["Shenandoah"] + "\n" + LINES["La cucaracha"]).splitlines())
    assert titles(found)[0] == "La cucaracha"
    assert found.among == 2


def test_a_song_without_lyrics_is_not_listened_for(snapshot, store, ids):
    ears = Ears("nothing")
    asked = query(heard("frosty pipes"), ears, careful=True)
    ranking = rank_songs(snapshot.parts, asked, SongReader(store), 9, None)
    assert ids["Hidden"] not in ranking.found
    assert set(ranking.found) == {ids[title] for title in LINES}


@dataclass
class Told:
    """A part that proposes these songs, with these bits, and considers others."""

    says: dict[int, float]
    considers: list[int] = field(default_factory=list)
    everything: list[int] = field(default_factory=list)
    title: str = "a part"
    takes: str = HEARD

    def lacks(self, query):
        return None

    def among(self, query, allowed):
        return 100

    def ask(self, query, reader, k, allowed):
        def of(ids):
            bits = np.array([self.says.get(number, np.nan) for number in ids.tolist()])
            return bits, np.nan_to_num(bits)

        return Candidates(np.array(sorted(self.says, key=lambda number: -self.says[number]), np.int64), of)

    def consider(self, query, reader, k, allowed):
        return self.everything if k is None else self.considers[:k]

    def considered(self, query, allowed):
        return len(self.everything)


class Songs:
    def __init__(self, gone=()):
        self.gone, self.read = gone, []

    def songs(self, ids):
        self.read += ids
        return [SimpleNamespace(id=number, lyrics=f"song{number}") for number in ids if number not in self.gone]


def rank(*parts, ears, careful=False, gone=(), transcript=NOTHING):
    songs = Songs(gone)
    named = {str(number): part for number, part in enumerate(parts)}
    return rank_songs(named, query(transcript, ears, careful=careful), songs, 5, None), songs


def test_what_no_part_has_proposed_comes_first_if_it_is_sung():
    ears = Ears("song9")
    ranking, _ = rank(Told({1: 8.0, 2: 5.0}, considers=[9, 2]), Told({3: 1.0}), ears=ears)
    assert ears.calls == [[["song1"], ["song2"], ["song3"], ["song9"]]]
    assert ranking.songs[0] == 9
    assert ranking.probabilities[0] > 0.97
    # The others have the evidence of their parts, and what the listening took from it.
    bits = dict(zip(ranking.songs.tolist(), ranking.bits, strict=True))
    for number, told in {1: 8.0, 2: 5.0, 3: 1.0, 9: 0.0}.items():
        assert bits[number] == pytest.approx(told + ranking.found[number].bits)
        assert (ranking.found[number].bits > 0) is (number == 9)


def test_excerpts_that_share_words_with_a_guess_come_first():
    rank(Told({1: 8.0}, [2, 9]), ears=(ears := Ears()), transcript=Transcript(guesses=(Segment(0, 9, "song9"),)))
    assert ears.calls[0][0] == ["song9"]


def test_parts_that_take_no_words_do_not_listen():
    ranking, _ = rank(Told({1: 8.0}, [9], takes=SOUND), ears=(ears := Ears()))
    assert (ears.calls, ranking.songs.tolist()) == ([], [1])


def test_a_song_that_was_not_listened_for_keeps_its_evidence():
    proposed = {number: 0.001 * number for number in range(1, 61)}
    ranking, _ = rank(Told(proposed), ears=Ears("nothing"))
    assert len(ranking.found) == EXCERPTS
    bits = dict(zip(ranking.songs.tolist(), ranking.bits, strict=True))
    assert set(bits) == set(proposed)
    assert all(bits[number] == proposed[number] for number in set(proposed) - set(ranking.found))
    assert min(ranking.found) == 61 - EXCERPTS


def test_songs_are_compared_with_all_that_could_have_been_listened_for():
    few, _ = rank(Told({1: 3.0}), ears=Ears("song1"))
    many, _ = rank(Told({1: 3.0}, everything=list(range(100_000))), ears=Ears("song1"))
    assert (few.among, many.among) == (100, 100_000)
    assert many.probabilities[0] < few.probabilities[0]


def test_a_careful_search_reads_no_more_songs_than_it_listens_for():
    everything = list(range(50_000, 0, -10))
    ranking, songs = rank(Told({7: 3.0}, [90], everything), ears=Ears("nothing"), careful=True)
    assert songs.read == [7, 90, *(number for number in range(10, 10_000, 10) if number != 90)]
    assert len(ranking.found) == 1_000


def test_a_song_that_has_gone_is_not_listened_for():
    ranking, _ = rank(Told({1: 3.0, 2: 2.0}), ears=(ears := Ears("song2")), gone=(1,))
    assert ears.calls == [[["song2"]]]
    assert ranking.songs.tolist() == [2, 1]


def test_two_versions_of_a_song_share_the_probability():
    ranking, _ = rank(Told({}, [*range(50, 70), 4, 41]), ears=Ears("song4"))
    assert ranking.songs[:2].tolist() == [4, 41]
    assert ranking.probabilities[:2] == pytest.approx([0.5, 0.5], abs=0.01)
    assert ranking.ties[:3].tolist() == [False, True, False]


# Searches by a text, in recordings


def search_recordings(snapshot, store, text, listens, allowed=None):
    """Search by a text, and listen to recordings of these titles; of all others it is not possible."""
    asked = []

    def listen_to(song):
        def listen(texts):
            asked.append((song.title, texts))
            if song.title not in listens:
                raise TranscriptionError("no recording of it is known")
            return [Listened(listens[song.title], texts[0][0])]

        return listen

    return snapshot.search(Query(text=text, listen_to=listen_to), store, 5, allowed), dict(asked)


def test_a_text_finds_a_recording_of_which_no_word_was_read(snapshot, store):
    text = "love the rolling pipes"
    found, asked = search_recordings(snapshot, store, text, {"Humming": 150.0, "Danny": 12.0})
    best = found.hits[0]
    assert (best.song.title, best.certainty, found.asked) == ("Humming", "sure", ("words", LISTENING))
    (evidence,) = best.evidence
    assert (evidence.part, evidence.score) == (LISTENING, 150.0)
    assert set(asked) > {"Humming", "Danny"}
    assert asked["Humming"] == [[text]]
    reason = f"{len(asked) - 2} of {len(asked)} songs could not be listened to, such as: no recording of it is known"
    assert found.notes == (*snapshot.search(Query(text=text), store, 5).notes, reason)


def test_recordings_that_are_not_allowed_are_not_listened_to(snapshot, store, ids):
    for other, expected in (("Humming", {"Humming"}), ("Danny", set())):
        allowed = frozenset({ids[other], ids["Shenandoah"]})
        found, asked = search_recordings(snapshot, store, "xylophone jukebox", {"Humming": 150.0}, allowed)
        assert set(asked) == set(titles(found)) == expected


def test_a_song_without_a_recording_is_not_listened_to(store):
    with store.transaction():
        for song in store.songs():
            if song.title == "Danny":
                store.put_song(replace(song, audio=None))
    found, asked = search_recordings(Snapshot(store, store.folder), store, "love the rolling pipes", {"Humming": 9.0})
    assert "Danny" in titles(found)
    assert "Danny" not in asked


def test_a_text_that_is_sure_listens_to_no_recording(snapshot, store):
    found, asked = search_recordings(snapshot, store, "\n".join(LINES["Guten Abend"].splitlines()), {})
    assert (titles(found)[0], found.hits[0].certainty, asked) == ("Guten Abend", "sure", {})


# From the clip on


def clip_query(by="both", **options):
    """A query of a recording, by parts as of a library."""
    parts = {"words": SimpleNamespace(takes=HEARD), "space": SimpleNamespace(takes=SOUND)}
    clip = Clip(None, np.ones(16_000, np.float32), 3.0, ())
    return ClipQuery(SimpleNamespace(parts=parts, model=None), by, lambda needed: clip, **options), clip


@pytest.mark.parametrize("careful", [False, True])
def test_the_clip_that_was_transcribed_is_listened_to(careful):
    made, clip = clip_query(careful=careful)
    made.transcribe(lambda _: WORDLESS)
    given = []
    made.listen(lambda *what: given.append(what) or [Listened(1.0, "a")])
    assert made.query.listening.careful is careful
    assert made.query.listening.listen([["a"]]) == [Listened(1.0, "a")]
    assert given == [(clip, [["a"]])]
    assert made.query.recording == {HEARD: WORDLESS}


def test_a_clip_without_a_transcript_is_not_listened_to():
    def fail(clip):
        raise TranscriptionError("it took too long")

    for by, transcribe in (("words", fail), ("space", lambda clip: WORDLESS)):
        made, _ = clip_query(by)
        made.transcribe(transcribe)
        made.listen(lambda clip, texts: pytest.fail("it was listened to"))
        assert made.query.listening is None


def test_a_careful_search_that_compares_no_words_is_refused_before_the_recording_is_read(snapshot, store):
    with pytest.raises(UsageError, match="listens for words, and by='space' compares none"):
        clip_query("space", careful=True)
    for given in ({"audio": "missing.wav"}, {"lyrics": "la la la"}):
        with pytest.raises(UsageError, match="listens for words, and by='space' compares none"):
            query_of(snapshot, store, **{"audio": None, "lyrics": None, **given}, by="space", careful=True)


class Recogniser:
    """Reads no word of a recording, and finds the words of Danny in it."""

    def __init__(self):
        self.ears, self.samples = Ears(), []

    def hear(self, samples, *, start=0.0):
        self.samples.append(samples)
        return replace(WORDLESS, start=start)

    def listen(self, samples, texts):
        self.samples.append(samples)
        return self.ears(texts)


@pytest.fixture
def whisper(monkeypatch):
    whisper = Recogniser()
    monkeypatch.setattr(recogniser, "shared_recogniser", lambda model: whisper)
    return whisper


@pytest.fixture
def library(store):
    store.close()
    with Library(store.folder, progress=False) as library:
        yield library


@pytest.mark.parametrize("careful", [False, True])
def test_python_finds_by_a_second_listening_and_explains_it(library, music, whisper, careful, monkeypatch):
    monkeypatch.setattr(fusion, "POOL", 1)
    hits = library.search(audio=music / "Greensleeves.wav", careful=careful)
    assert (hits[0].title, hits[0].certainty) == ("Danny", "sure")
    assert hits.asked == (LISTENING,)
    (evidence,) = hits[0].evidence
    assert evidence.part == LISTENING
    assert (hits[0].line, evidence.passages[0].line) == ("Oh Danny boy, the pipes, the pipes are calling",) * 2
    # The same samples were read and listened to; the guesses are kept and not shown.
    one, other = whisper.samples
    assert one is other
    assert (hits.heard.text, hits.heard.guesses) == ("", WORDLESS.guesses)
    assert ("La cucaracha, la cucaracha" in whisper.ears.asked) is careful


def test_python_does_not_listen_by_the_space(library, music, whisper):
    with pytest.raises(UntrainedError):
        library.search(audio=music / "Greensleeves.wav", by="space")
    assert whisper.samples == []


def test_python_keeps_to_a_label(store, music, whisper):
    with store.transaction():
        for song in store.songs():
            if song.title in ("Danny", "Shenandoah"):
                store.put_song(replace(song, label="river" if song.title == "Shenandoah" else "glen"))
    store.close()
    with Library(store.folder, progress=False) as library, pytest.raises(UntrainedError):
        library.search(audio=music / "Greensleeves.wav", label="river", careful=True)
    assert whisper.ears.asked == set(LINES["Shenandoah"].splitlines())
