"""What a library's search finds, as a method of comparisons: the same parts, candidates, fusion and certainty."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from alcca.cleaning.lyrics import clean_lyrics
from alcca.encoders.encoder import MFCC, AudioEncoder, LyricsEncoder
from alcca.errors import NotFittedError, TranscriptionError
from alcca.experiments.dataset import RECORDINGS
from alcca.experiments.directed import Directed
from alcca.matching.second_listening import Listen, Listening
from alcca.models.base import is_missing
from alcca.search.clip_query import MAX_LYRICS_CHARACTERS
from alcca.search.fusion import rank_songs
from alcca.search.part import HEARD, SOUND, Query
from alcca.search.reader import SongReader
from alcca.search.snapshot import Snapshot
from alcca.songs.recording_slice import RecordingSlice
from alcca.speech.recording_listener import RecordingListener
from alcca.store.database import Access
from alcca.store.embeddings import Embeddings
from alcca.store.records import Song, SongAudio
from alcca.store.songs import Store
from alcca.store.transcripts import SLICE, Transcripts
from alcca.training.candidates import DEFAULT_METHOD, encoders_for, methods_to_train, usual_encoders
from alcca.training.train import learn_space
from alcca.training.training_set import TrainingSet
from alcca.transcripts import Listened, Segment, Transcript

__all__ = ["SearchMethod"]

# The number of hits that people see by default; each part proposes at least `alcca.search.fusion.POOL` songs.
HITS = 10
MODEL = "of this fold"
AUDIO = SongAudio(None, 0.0, 0.0, 0.0, None, "")


class SearchMethod(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The search of a library, trained as `alcca.Library.train` trains it.

    Each side of the songs becomes a library of its own, in memory: one of lyrics, which the recordings search, and one
    of recordings, which the lyrics search. `alcca.search.fusion.rank_songs` ranks their songs for each query, as it
    does for `alcca.Library.search`. Songs that no part of the search proposes come last.

    Parameters
    ----------
    method : str
        What learns the common space, as for `alcca.Library.train`.
    audio_encoder, lyrics_encoder : str or encoder, optional
        Names, or encoders that have learned nothing. By default those that the method usually gets.
    components : int, optional
        By default chosen on a fifth of the training songs.
    words : bool
        Whether songs have transcripts.
    speech_model : str, optional
        The model that listens to a recording again where a search by it is unsure; by default none does.
    careful : bool
        As of `alcca.Library.search`.
    random_state : int

    Attributes
    ----------
    embedder_ : alcca.space.embedder.Embedder
        After `fit`.
    choice_ : alcca.training.selection.Choice
        The method's components, and how a cosine is converted to bits.
    """

    lyrics_view: ClassVar[str] = "texts"

    def __init__(
        self,
        method: str = DEFAULT_METHOD,
        *,
        audio_encoder: str | AudioEncoder | None = None,
        lyrics_encoder: str | LyricsEncoder | None = None,
        components: int | None = None,
        words: bool = True,
        speech_model: str | None = None,
        careful: bool = False,
        random_state: int = 0,
    ) -> None:
        self.method = method
        self.audio_encoder = audio_encoder
        self.lyrics_encoder = lyrics_encoder
        self.components = components
        self.words = words
        self.speech_model = speech_model
        self.careful = careful
        self.random_state = random_state

    @property
    def encoders(self) -> tuple[AudioEncoder, LyricsEncoder]:
        """The encoders of audio and of lyrics, unfitted."""
        return encoders_for(self._candidates, self.audio_encoder, self.lyrics_encoder, self._usual_encoders)

    @property
    def _candidates(self) -> dict[str, Any]:
        return methods_to_train(self.method)

    @property
    def _usual_encoders(self) -> tuple[str, str]:
        return usual_encoders(None if self.method == DEFAULT_METHOD else self.method)

    @property
    def audio_view(self) -> tuple[str, ...]:
        """The views of audio that it learns from and searches by."""
        sound = sound_view(self.encoders[0])
        return (sound, "transcripts", RECORDINGS) if self.words else (sound,)

    def fit(self, views: Sequence[Any], y: Any = None, groups: Any = None) -> Self:
        """Learn the common space from songs, as `alcca.Library.train` does.

        Parameters
        ----------
        views : (audio, lyrics)
            Audio as a mapping from each name of `audio_view` to that view; lyrics as n texts.
        y, groups : sequence of n, optional
            Labels, and songs that stay together when components are chosen.

        Raises
        ------
        LibraryError, UsageError
            As `alcca.Library.train`.
        """
        audio, lyrics = self.encoders
        recordings, texts = self._recordings(views[0]), [str(text) for text in views[1]]
        labels = [None] * len(texts) if y is None else [None if is_missing(label) else str(label) for label in y]
        together = range(len(texts)) if groups is None else groups
        songs = [
            Song(str(i), "", lyrics=text, label=label, group=str(group), id=i)
            for i, (text, label, group) in enumerate(zip(texts, labels, together, strict=True))
        ]
        encoded = None if lyrics.learns else lyrics.encode(texts)
        training_set = TrainingSet(songs, recordings.sounds, lyrics, encoded)
        self.embedder_, self.choice_, _ = learn_space(
            self._candidates, training_set, audio, self.components, random_state=self.random_state
        )
        return self

    def similarity(self, audio: Any, lyrics: Any) -> NDArray[np.float64]:
        """Scores of the lyrics for each recording: `directed_similarities` of recordings that search lyrics."""
        return self.directed_similarities(audio, lyrics)[0].scores

    def directed_similarities(self, audio: Any, lyrics: Any) -> tuple[Directed, Directed]:
        """Search lyrics by each recording, and recordings by each text.

        Parameters
        ----------
        audio : mapping
            From each name of `audio_view` to that view of n recordings.
        lyrics : sequence of m texts

        Returns
        -------
        (Directed, Directed)
            Of shapes (n, m) and (m, n). The worst of K ranked songs has the score 1, the best, if there are no ties, K;
            songs that are not ranked have 0.
        """
        if not hasattr(self, "embedder_"):
            raise NotFittedError("this SearchMethod is not fitted yet; call fit first")
        recordings, texts = self._recordings(audio), [str(text) for text in lyrics]
        by_audio = [
            Query(
                recording={SOUND: sound, **({} if heard is None else {HEARD: heard})},
                listening=self._listening(place),
            )
            for sound, heard, place in zip(recordings.sounds, recordings.heard, recordings.places, strict=True)
        ]
        with self._library(texts=texts) as (store, snapshot):
            of_lyrics = _search_all(snapshot, store, by_audio, len(texts))
        with self._library(recordings=recordings) as (store, snapshot):
            by_lyrics = [Query(text=clean_lyrics(text)[:MAX_LYRICS_CHARACTERS]) for text in texts]
            if self.careful and self.speech_model is not None:
                by_lyrics = self._listening_to(by_lyrics, recordings, snapshot, store)
            of_audio = _search_all(snapshot, store, by_lyrics, len(recordings.heard))
        return of_lyrics, of_audio

    def _recordings(self, audio: Any) -> "_Recordings":
        """Encode recordings, and make transcripts of texts."""
        encoder, named = self.encoders[0], dict(audio)
        sounds = named[sound_view(encoder)]
        if sound_is_encoded(encoder):
            sounds = np.asarray(sounds, dtype=np.float32)
        else:
            sounds = encoder.encode(np.asarray(sounds, dtype=np.float32))
        nothing = [None] * len(sounds)
        heard = [_transcript(heard) for heard in named.get("transcripts", nothing)]
        return _Recordings(sounds, heard, named.get(RECORDINGS, nothing))

    def _listening_to(
        self, queries: Sequence[Query], recordings: "_Recordings", snapshot: Snapshot, store: Store
    ) -> list[Query]:
        """Let searches by texts listen to recordings: first all that they ask of each recording, which is read once."""
        assert self.speech_model is not None
        places, model = recordings.places, self.speech_model
        asked: dict[RecordingSlice, dict[str, None]] = {}

        def note(song: Song) -> Listen:
            place = places[song.id - 1]

            def listen(texts: Sequence[Sequence[str]]) -> list[Listened]:
                if place is not None:
                    asked.setdefault(place, {}).update((excerpt, None) for text in texts for excerpt in text)
                return [Listened(0.0, "") for _ in texts]

            return listen

        _search_all(snapshot, store, [replace(query, listen_to=note) for query in queries], len(places))
        for place, excerpts in asked.items():
            with suppress(TranscriptionError):
                RecordingListener(model, place)([[excerpt] for excerpt in excerpts])
        return [
            replace(query, listen_to=lambda song: RecordingListener(model, places[song.id - 1])) for query in queries
        ]

    def _listening(self, place: RecordingSlice | None) -> Listening | None:
        if self.speech_model is None or place is None:
            return None
        return Listening(RecordingListener(self.speech_model, place), self.careful)

    @contextmanager
    def _library(
        self, *, texts: Sequence[str] | None = None, recordings: "_Recordings | None" = None
    ) -> Iterator[tuple[Store, Snapshot]]:
        """Make a library of lyrics, or of recordings, in memory; song i has the id i + 1."""
        folder = Path("songs of a fold")
        with closing(Store(folder, Access.NOWHERE)) as store:
            with store.transaction():
                store.set_setting("model", {"name": MODEL, "evidence": self.choice_.evidence})
                embeddings = store.tables(Embeddings)
                if texts is not None:
                    songs = [Song(str(i), "", lyrics=text or None) for i, text in enumerate(texts)]
                    ids = [store.put_song(song) for song in songs]
                    embeddings.put(MODEL, ids, [None] * len(ids), self.embedder_.embed_lyrics(texts))
                elif recordings is not None:
                    songs = [Song(str(i), "", audio=AUDIO) for i in range(len(recordings.heard))]
                    ids = [store.put_song(song) for song in songs]
                    for number, heard in zip(ids, recordings.heard, strict=True):
                        if heard is not None:
                            store.tables(Transcripts).put(number, heard, SLICE)
                    embeddings.put(MODEL, ids, self.embedder_.embed_audio(recordings.sounds), [None] * len(ids))
            yield store, Snapshot(store, folder, embedder=self.embedder_)


def sound_view(encoder: AudioEncoder) -> str:
    """The view of audio (`alcca.Dataset.audio_view`) from which an encoder's output is taken or computed."""
    if encoder.view is not None:
        return encoder.view
    return "audio_frames" if encoder.reads == MFCC else encoder.key


def sound_is_encoded(encoder: AudioEncoder) -> bool:
    """Whether `sound_view` has the encoder's output, and not what it reads."""
    return encoder.view is not None or encoder.reads != MFCC


class _Recordings(NamedTuple):
    """Recordings as encoded, shape (n, ...), their transcripts, and where they are."""

    sounds: NDArray[np.float32]
    heard: list[Transcript | None]
    places: Sequence[RecordingSlice | None]


def _transcript(heard: Transcript | str | None) -> Transcript | None:
    if heard is None or isinstance(heard, Transcript):
        return heard
    return Transcript((Segment(0.0, 0.0, heard),)) if heard.strip() else Transcript()


def _search_all(snapshot: Snapshot, store: Store, queries: Sequence[Query], songs: int) -> Directed:
    """Search the songs with ids from 1 by each query."""
    scores, probabilities = np.zeros((len(queries), songs)), np.zeros(len(queries))
    reader = SongReader(store)
    for row, query in enumerate(queries):
        ranking = rank_songs(snapshot.parts, query, reader, HITS, None)
        # Equal songs have equal scores, which retrieval ranks as the worst of them.
        place = np.cumsum(~ranking.ties)
        scores[row, ranking.songs - 1] = len(place) - place + 1
        probabilities[row] = ranking.probabilities[0] if len(place) else 0.0
    return Directed(scores, probabilities)
