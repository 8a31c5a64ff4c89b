"""The query of a search: what is read from a recording, its transcript or the reason why there is none, and texts."""

from types import SimpleNamespace

import numpy as np
import pytest

from alcca.errors import SpeechModelError, TranscriptionError, UntrainedError, UsageError
from alcca.search.clip import Clip
from alcca.search.clip_query import ClipQuery, query_of, text_query
from alcca.search.part import HEARD, SOUND, Query
from alcca.search.snapshot import Snapshot
from alcca.speech import recogniser
from alcca.transcripts import Listened, Transcript

SPEECH = np.ones(16_000, np.float32)
PARTS = {"words": SimpleNamespace(takes=HEARD), "space": SimpleNamespace(takes=SOUND)}


def clip_query(by="both", model="a model", **options):
    """A query of a recording, and the set of what its reader was asked for."""
    asked = []

    def read(needed):
        asked.append(needed)
        return Clip(np.ones((20, 161)) if SOUND in needed else None, SPEECH, 3.0, ("a note",))

    made = ClipQuery(SimpleNamespace(parts=PARTS, model=model), by, read, **options)
    (needed,) = asked
    return made, needed


@pytest.mark.parametrize(
    ("by", "model", "expected"),
    [
        ("both", "a model", {SOUND, HEARD}),
        ("words", "a model", {HEARD}),
        ("space", "a model", {SOUND}),
        ("both", None, {HEARD}),
        ("space", None, set()),
    ],
)
def test_only_what_the_chosen_parts_take_is_read(by, model, expected):
    made, needed = clip_query(by, model)
    assert needed == expected
    assert set(made.query.recording) == expected - {HEARD}
    assert made.notes == ("a note",)


def test_an_unknown_part_is_refused_before_anything_is_read():
    with pytest.raises(UsageError, match="expected words, space, or both"):
        clip_query("nothing")


def test_the_transcript_joins_the_sound():
    made, _ = clip_query()
    transcript = Transcript(start=3.0)
    assert (
        made.transcribe(lambda clip: transcript if clip.speech is SPEECH and clip.start == 3.0 else None) == transcript
    )
    assert set(made.query.recording) == {SOUND, HEARD}
    assert made.query.recording[HEARD] is transcript
    assert not made.query.missing


def test_the_reason_stands_in_for_a_missing_transcript():
    def fail(clip):
        raise TranscriptionError("it took too long")

    made, _ = clip_query()
    assert made.transcribe(fail) is None
    assert set(made.query.recording) == {SOUND}
    assert made.query.missing == {HEARD: "it took too long"}


def test_nothing_is_transcribed_that_no_part_takes():
    made, _ = clip_query("space")
    assert made.transcribe(lambda clip: pytest.fail("it was transcribed")) is None
    assert not made.query.missing


def test_only_what_was_transcribed_is_listened_to_again():
    made, _ = clip_query(careful=True)
    made.listen(lambda clip, texts: pytest.fail("it was listened to"))
    assert made.query.listening is None
    made.transcribe(lambda clip: Transcript())
    made.listen(lambda clip, texts: [Listened(float(len(clip.speech)), texts[0][0])], progress=True)
    listening = made.query.listening
    assert (listening.careful, listening.progress) == (True, True)
    assert listening.listen([["a line"]]) == [Listened(16_000.0, "a line")]


def test_a_search_tells_once_why_there_is_no_transcript(store, music, tmp_path, monkeypatch):
    def fail(model):
        raise SpeechModelError("there are no weights")

    monkeypatch.setattr(recogniser, "shared_recogniser", fail)
    snapshot, audio = Snapshot(store, tmp_path / "shelf"), music / "Danny.wav"
    query, notes = query_of(snapshot, store, audio=audio, lyrics=None, by="both")
    reason = "the recording was not transcribed: there are no weights"
    assert query == Query(missing={HEARD: reason})
    assert not any("transcribed" in note for note in notes)
    for by in ("words", "both"):
        with pytest.raises(UntrainedError, match=reason):
            snapshot.search(query, store, 5, by=by)
    assert query_of(snapshot, store, audio=audio, lyrics=None, by="space") == (Query(), notes)


def test_a_text_is_a_query_up_to_a_length():
    assert text_query("la " * 5_000) == Query(text="la " * 5_000)
    with pytest.raises(UsageError, match="20,003 characters"):
        text_query("la " * 6_667 + "la")
    with pytest.raises(UsageError, match="20,003 characters"):
        query_of(None, None, audio=None, lyrics="la " * 6_667 + "la", by="both")
