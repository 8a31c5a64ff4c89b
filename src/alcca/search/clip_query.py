"""Make the query of a search from a text or a recording."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from alcca.cleaning.lyrics import clean_query
from alcca.errors import MissingExtraError, SpeechModelError, TranscriptionError, UsageError
from alcca.matching.second_listening import Listening
from alcca.search.fusion import chosen_parts
from alcca.search.part import HEARD, SOUND, Query
from alcca.search.snapshot import Snapshot
from alcca.speech.recording_listener import RecordingListener
from alcca.store.songs import Store
from alcca.store.speech_model import speech_model_of
from alcca.store.transcripts import Transcripts

if TYPE_CHECKING:
    from alcca.search.clip import Clip
    from alcca.transcripts import Listened, Transcript

    Listen = Callable[[Clip, Sequence[Sequence[str]]], list[Listened]]

__all__ = ["MAX_LYRICS_CHARACTERS", "ClipQuery", "query_of", "text_query"]

# No song has more, and alignment with many songs takes time and memory for each character.
MAX_LYRICS_CHARACTERS = 20_000


def text_query(lyrics: str) -> Query:
    """Make the query of a search by a text.

    Raises
    ------
    UsageError
        If the cleaned text has more than 20,000 characters.
    """
    words = clean_query(lyrics)
    if len(words) > MAX_LYRICS_CHARACTERS:
        raise UsageError(
            f"the query lyrics have {len(words):,} characters; "
            f"expected at most {MAX_LYRICS_CHARACTERS:,}, a verse is enough"
        )
    return Query(text=lyrics)


class ClipQuery:
    """The query of a search by a recording: the recording is read at once, and can be transcribed later.

    Parameters
    ----------
    snapshot : Snapshot
        Its parts determine what the query needs.
    by : str
        The part of the search, or "both".
    read : function
        Takes the set of names that the query needs (`SOUND`, `HEARD`); returns the `Clip`, encoded if `SOUND` is one of
        them.
    careful : bool
        As of `Library.search`.

    Attributes
    ----------
    query : Query
        Everything known of the recording so far, and why the rest is missing.
    notes : tuple of str
        Remarks on the recording.

    Raises
    ------
    UsageError
        If there is no part of the search with this name, or a careful search compares no words.
    """

    def __init__(
        self, snapshot: Snapshot, by: str, read: "Callable[[frozenset[str]], Clip]", *, careful: bool = False
    ) -> None:
        needed = _needed(snapshot, by, careful)
        self._careful = careful
        # Only a model has an encoder.
        self._needed = needed if snapshot.model is not None else needed - {SOUND}
        self._clip = read(self._needed)
        self.notes = self._clip.notes
        self.query = Query(recording={} if self._clip.sound is None else {SOUND: self._clip.sound})

    def transcribe(self, transcribe: "Callable[[Clip], Transcript]") -> "Transcript | None":
        """Add the transcript of the recording to the query, or the reason why there is none.

        Parameters
        ----------
        transcribe : function
            Returns the transcript of a clip, or raises TranscriptionError; not called if no part needs a transcript.

        Returns
        -------
        Transcript or None
            None if the recording was not transcribed.
        """
        if HEARD not in self._needed:
            return None
        try:
            transcript = transcribe(self._clip)
        except TranscriptionError as error:
            self.query = replace(self.query, missing={HEARD: str(error)})
            return None
        self.query = replace(self.query, recording={**self.query.recording, HEARD: transcript})
        return transcript

    def listen(self, listen: "Listen", *, progress: bool = False) -> None:
        """Let the search listen to the recording again where it is unsure, if the recording was transcribed.

        Parameters
        ----------
        listen : function
            Takes a clip and, of each song, the excerpts to listen for; returns a `Listened` for each, or raises
            TranscriptionError.
        progress : bool
            As of `alcca.matching.second_listening.Listening`.
        """
        if HEARD in self.query.recording:
            clip = self._clip
            listening = Listening(lambda texts: listen(clip, texts), self._careful, progress)
            self.query = replace(self.query, listening=listening)


def _needed(snapshot: Snapshot, by: str, careful: bool) -> frozenset[str]:
    """What the parts of a search take from a recording; UsageError if a careful search has no use for words."""
    needed = frozenset(part.takes for part in chosen_parts(snapshot.parts, by).values())
    if careful and HEARD not in needed:
        raise UsageError(f"a careful search listens for words, and by={by!r} compares none; leave out one of them")
    return needed


def query_of(
    snapshot: Snapshot,
    store: Store,
    *,
    audio: str | os.PathLike[str] | None,
    lyrics: str | None,
    by: str,
    careful: bool = False,
    progress: bool = False,
) -> tuple[Query, tuple[str, ...]]:
    """Make the query of `Library.search`, with notes on the recording.

    A separate process decodes the recording, and this process transcribes it. The middle of the recording is used,
    whatever offset the library's songs have.

    Parameters
    ----------
    snapshot : Snapshot
        Its parts determine what is made from a recording.
    store : Store
        The library's store, which records the speech model of its transcripts.
    audio : path or None
    lyrics : str or None
        Used if ``audio`` is None.
    by : str
        The part of the search, or "both".
    careful : bool
        As of `Library.search`.
    progress : bool
        Show the progress of a second listening on standard error.

    Raises
    ------
    AudioError
        If the recording cannot be used, or it crashes the decoder.
    UsageError
        If there is no part of the search with this name, the text is too long, or a careful search compares no words.
    """
    if audio is None:
        query = text_query(lyrics or "")
        _needed(snapshot, by, careful)
        if careful:
            model = speech_model_of(store)
            transcripts = store.tables(Transcripts)
            query = replace(
                query,
                listen_to=lambda song: RecordingListener(model, transcripts.recordings([song])[0]),
                progress=progress,
            )
        return query, ()
    path = Path(audio).expanduser()

    def read(needed: frozenset[str]) -> "Clip":
        from alcca.search.clip import read_recording
        from alcca.songs.apart import read_slices_apart

        encoder = snapshot.space.sound_encoder if SOUND in needed else None
        return read_recording(path, encoder, slices=read_slices_apart)

    def transcribe(clip: "Clip") -> "Transcript":
        from alcca.speech.recogniser import shared_recogniser

        try:
            return shared_recogniser(speech_model_of(store)).hear(clip.speech, start=clip.start)
        except (MissingExtraError, SpeechModelError) as error:
            raise TranscriptionError(f"the recording was not transcribed: {error}") from error

    def listen(clip: "Clip", texts: Sequence[Sequence[str]]) -> "list[Listened]":
        from alcca.speech.recogniser import shared_recogniser

        return shared_recogniser(speech_model_of(store)).listen(clip.speech, texts)

    clip_query = ClipQuery(snapshot, by, read, careful=careful)
    clip_query.transcribe(transcribe)
    clip_query.listen(listen, progress=progress)
    return clip_query.query, clip_query.notes
