"""The library: a music collection that can be searched by sound and by words."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from alcca.errors import AlccaError, LibraryError, UsageError
from alcca.library.hits import Hits, found_words, hit
from alcca.library.parts.embeddings import Embeddings
from alcca.library.parts.fusion import BOTH, chosen_parts
from alcca.library.parts.part import SOUND, Query
from alcca.library.parts.transcripts import SLICE, Transcripts
from alcca.library.records import AddReport, Song
from alcca.library.snapshot import Filter, Snapshot
from alcca.library.status import describe
from alcca.library.store import Store

if TYPE_CHECKING:
    from types import TracebackType

    from alcca.encoders.encoder import AudioEncoder, Encoder, LyricsEncoder
    from alcca.experiments.dataset import Dataset
    from alcca.experiments.results import Results
    from alcca.library.hearing import HearReport
    from alcca.library.proposals import Proposals
    from alcca.library.training import TrainReport
    from alcca.transcripts import Transcript

__all__ = ["Library"]


class Library:
    """A folder that holds songs, their features, a trained model and the index for searching.

    Parameters
    ----------
    path : path
        The library's folder (not the music folder); made when missing.
    progress : bool
        Show on standard error how far long work has come.

    Raises
    ------
    UsageError
        ``path`` is a file, or cannot be made.
    LibraryError
        The folder's database is damaged or written by a newer alcca.

    Examples
    --------
    >>> import tempfile
    >>> with Library(tempfile.mkdtemp() + "/my.alcca", progress=False) as library:
    ...     library.status()["songs"]
    0
    """

    def __init__(self, path: str | os.PathLike[str], *, progress: bool = True) -> None:
        self.path = Path(path)
        self._progress = progress
        self._seen: Snapshot | None = None
        if self.path.exists() and not self.path.is_dir():
            raise UsageError(f"{self.path}: is a file; a library is a folder, name another place")
        try:
            self._store = Store(self.path)
        except OSError as error:
            raise UsageError(f"{self.path}: cannot be made ({error.strerror}); name another place") from error

    def close(self) -> None:
        """Close the library's database."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _only_writer(self) -> Iterator[None]:
        from filelock import FileLock, Timeout

        try:
            with FileLock(self.path / ".lock", timeout=0):
                yield
        except Timeout as error:
            raise LibraryError(
                f"{self.path}: another process is adding to this library or training it; wait until it is done"
            ) from error

    # Songs in

    def add(
        self,
        folder: str | os.PathLike[str],
        *,
        offset: float | None = None,
        retry: bool = False,
        jobs: int | None = None,
        hear: str | None = None,
        speech_model: str | os.PathLike[str] | None = None,
        offline: bool = False,
    ) -> AddReport:
        """Add every song below a music folder; go on where an earlier call was stopped.

        A song is known by its file's content: a file that was moved is not read again, one that has changed
        is. Songs that cannot be used are kept with the reason. When the library has a model, new songs are
        embedded with it and can be searched at once. Then the words of songs that nobody has listened to are heard,
        which takes about a second a song.

        Parameters
        ----------
        folder : path
            A folder, searched with all folders below it, or one audio file.
        offset : float, optional
            Where the 30 s slice of each song starts, in seconds. The library remembers the choice, and reads
            songs again whose slice was another. Without it: what the library remembers, else the middle.
        retry : bool
            Try again the files whose audio could not be used.
        jobs : int, optional
            Worker processes; as many as there are processors when not given.
        hear : str, optional
            "slice" hears the 30 s that the features describe, "song" whole recordings, "off" nothing. Without it
            $ALCCA_HEAR, else "slice", and where that is impossible a note in the report says why.
        speech_model, offline
            As in `hear`.

        Returns
        -------
        AddReport
            What was added, changed, moved, heard, and what cannot be used and why.

        Raises
        ------
        UsageError
            The folder does not exist or cannot be read; a negative offset; jobs below 1; an unknown ``hear``.
        MissingExtraError, SpeechModelError
            ``hear`` was given, and there is nothing to hear with.
        LibraryError
            Another process is writing to the library.
        """
        from alcca.library.ears import ears_for_adding
        from alcca.library.ingest import add_folder

        if offset is not None and not 0 <= offset < float("inf"):
            raise UsageError(f"offset is {offset}; expected seconds from the start of the song, 0 or more")
        if jobs is not None and jobs < 1:
            raise UsageError(f"jobs is {jobs}; expected the number of worker processes, 1 or more")
        with self._only_writer():
            ears = ears_for_adding(self._store, hear, speech_model, offline=offline)
            remembered = self._store.setting("offset")
            chosen = remembered if offset is None else offset
            report = add_folder(
                self._store,
                Path(folder).expanduser(),
                offset=chosen,
                retry=retry or chosen != remembered,
                jobs=jobs,
                keep_sound=ears.extent == SLICE,
                progress=self._progress,
            )
            with self._store.transaction():
                self._store.set_setting("offset", chosen)
            report.notes += self._embed_new()
            if ears.note:
                report.notes.append((str(self.path), ears.note))
            if ears.open:
                report.hearing = ears.hear(self._store, language=None, again=False, progress=self._progress)
        return report

    def _embed_new(self) -> list[tuple[str, str]]:
        """Put new songs into the learned space; what cannot be put there, and why."""
        from alcca.library.training import embed_new

        model = self._store.setting("model")
        if model is None or not self._store.kept(Embeddings).missing(model["name"]):
            return []
        try:
            embedder = self._snapshot.space.embedder
        except AlccaError as error:
            return [(str(self.path), f"new songs cannot be put into the learned space: {error}")]
        return embed_new(self._store, model["name"], embedder, progress=self._progress)

    def hear(
        self,
        *,
        extent: str = "slice",
        again: bool = False,
        language: str | None = None,
        speech_model: str | os.PathLike[str] | None = None,
        offline: bool = False,
    ) -> "HearReport":
        """Hear the words of the songs that nobody has listened to; go on where an earlier call was stopped.

        Parameters
        ----------
        extent : str
            "slice", the 30 s that a song's features describe, or "song", the whole recording.
        again : bool
            Hear all songs, also those that were heard before: with another model, or in another language.
        language : str, optional
            ISO 639-1 code of what is sung in all of them. Without it a song's own language, else the detected one.
        speech_model : str or path, optional
            A Whisper model by name ("tiny" … "large-v3"), or its folder. Without it $ALCCA_SPEECH_MODEL, else the one
            that the library was heard with, else "base".
        offline : bool
            Fetch no model from the hub.

        Returns
        -------
        HearReport
            How many were heard, in how many there were no words, and what could not be heard and why.

        Raises
        ------
        UsageError
            An unknown extent or language.
        MissingExtraError, SpeechModelError
            There is nothing to hear with.
        LibraryError
            Another process is writing to the library.
        """
        from alcca.library.ears import ears_for_hearing

        with self._only_writer():
            ears = ears_for_hearing(self._store, extent, speech_model, offline=offline)
            return ears.hear(self._store, language=language, again=again, progress=self._progress)

    def transcripts(self, ids: Sequence[int]) -> "dict[int, Transcript]":
        """What was heard in songs, by id; songs that nobody has listened to are left out."""
        return {song: stored.transcript for song, stored in self._store.kept(Transcripts).of(ids).items()}

    def songs(self, ids: Sequence[int] | None = None) -> list[Song]:
        """All songs, those that cannot be used included; or those with the given ids, in that order."""
        return self._store.songs(ids)

    def status(self) -> dict[str, Any]:
        """What is in the library, what cannot be used and why, and what is trained; plain values.

        Returns
        -------
        dict
            ``songs``, ``usable`` (with audio and lyrics), ``audio_only``, ``lyrics_only``, ``labels`` and
            ``languages`` (name to count), ``lyrics_sources``, ``missing_files``, ``damaged`` (songs with a
            stored row that does not match its checksum), ``offset``, ``rejects`` (file and reason), ``model``
            (None, or when and on what it was trained, and how many usable songs came since), ``hearing`` (how many
            songs were ``heard``, are ``without_words`` or ``not_heard``, by which ``models``, in which ``languages``).
        """
        return describe(self._store, self.path)

    # Learning

    def train(
        self,
        *,
        method: str | None = None,
        audio_encoder: "str | AudioEncoder | None" = None,
        lyrics_encoder: "str | LyricsEncoder | None" = None,
        components: int | None = None,
        epochs: int | None = None,
        random_state: int = 0,
    ) -> "TrainReport":
        """Fit the lyric features and a model on the library's songs, embed every song, rebuild the index.

        The model in use stays in use until the new one is whole, whatever happens in between.

        Parameters
        ----------
        method : str, optional
            What learns the common space: a method of `evaluate` by name ("kernel-cca", "alcca:ridge=0.1"), the dotted
            name of a class, or "best", which compares several on a fifth of the songs. Without it kernel CCA, which
            measures best on real songs (docs/results.md).
        audio_encoder : str or AudioEncoder, optional
            What describes the sound: an encoder of `evaluate` by name ("mfcc-stats", "descriptors", "clap:MODEL"), or
            one that was made already. Each song is encoded once, and what is done is kept when that is interrupted.
            Without it what the method insists on, else MFCC.
        lyrics_encoder : str or LyricsEncoder, optional
            What describes the lyrics ("tfidf", "sentence:MODEL"). One that learns is fitted on the songs that the model
            is fitted on, and kept with it. Without it Doc2Vec.
        components : int, optional
            Canonical components. When not given, those of 10, 20, … 100 are taken that find best the songs of a fifth
            of the library, after a first training on the rest; a library of fewer than a hundred songs gets ten.
        epochs : int, optional
            Passes over the songs, of a method that makes them; its own when not given.
        random_state : int
            Same seed, same songs: same model.

        Raises
        ------
        UsageError
            A method that is unknown, or cannot learn a library's space; an unknown encoder, or one from which the
            method does not learn.
        MissingExtraError
            A package that an encoder needs is not installed.
        LibraryError
            Fewer than ten usable songs, or fewer than a hundred where the best method is asked for; a model that
            cannot be kept without pickle; another process is writing.
        """
        from alcca.library.learners import DEFAULT_METHOD
        from alcca.library.training import train_model

        with self._only_writer():
            return train_model(
                self._store,
                self.path,
                method=DEFAULT_METHOD if method is None else method,
                audio_encoder=audio_encoder,
                lyrics_encoder=lyrics_encoder,
                components=components,
                epochs=epochs,
                random_state=random_state,
                progress=self._progress,
            )

    @property
    def _snapshot(self) -> Snapshot:
        # Another process may have trained or added meanwhile: the version tells.
        if self._seen is None or self._seen.version != self._store.version:
            self._seen = Snapshot(self._store, self.path, self._seen)
        return self._seen

    # Songs and lyrics out

    def search(
        self,
        *,
        audio: str | os.PathLike[str] | None = None,
        lyrics: str | None = None,
        k: int = 10,
        label: str | None = None,
        artist: str | None = None,
        by: str = BOTH,
    ) -> Hits:
        """Songs that a recording is of, or whose words or sound fit a text.

        What is heard in a recording is matched with the songs' lyrics and with what was heard in them, and its sound
        is compared with their lyrics in the learned space. A text is matched with what was heard in the songs and with
        their lyrics, and compared with their sound.

        Parameters
        ----------
        audio : path, optional
            A recording.
        lyrics : str, optional
            A text, a remembered line or a whole song.
        k : int
            How many songs, 1 or more.
        label, artist : str, optional
            Only songs with this label, or by this artist.
        by : str
            "words" or "space" for one part of the search alone; "both" fuses those that can answer.

        Returns
        -------
        Hits
            A list of `Hit`, with what was ``heard`` in the recording and ``notes`` on parts that could not answer.

        Raises
        ------
        UsageError
            Not exactly one of ``audio`` and ``lyrics``; ``k`` below 1; a label or an artist that no song has; an
            unknown ``by``.
        AudioError, LyricsError
            The recording or the text cannot be used.
        UntrainedError
            The library has no model yet, and no other part of the search can answer.
        """
        from alcca.library.listening import listen

        if (audio is None) == (lyrics is None):
            raise UsageError("search takes either audio=FILE or lyrics=TEXT; give exactly one of them")
        snapshot, among = self._snapshot, self._among(k, label, artist)
        notes: tuple[str, ...] = ()
        if audio is not None:
            takes = [part.takes for part in chosen_parts(snapshot.parts, by).values()]
            encoder = snapshot.space.sound_encoder if SOUND in takes else None
            query, notes = listen(Path(audio).expanduser(), self._store, takes, encoder)
        else:
            query = Query(text=lyrics)
        found = snapshot.search(query, self._store, k, among, by)
        hits = [hit(rank, one) for rank, one in enumerate(found.hits, 1)]
        return Hits(hits, heard=query.heard, asked=found.asked, notes=(*notes, *found.notes))

    def find(self, words: str, *, k: int = 10, label: str | None = None, artist: str | None = None) -> Hits:
        """Songs that hold every one of the words in title, artist or lyrics: exact search, needs no model.

        Accents and case do not matter.

        Raises
        ------
        UsageError
            No words; ``k`` below 1; a label or an artist that no song has.
        """
        among = self._among(k, label, artist)
        if not words.split():
            raise UsageError("no words to find; give one or more")
        ids = self._store.search_words(words, among)[:k]
        return Hits(found_words(i, song, words) for i, song in enumerate(self._store.songs(ids), 1))

    def _among(self, k: int, label: str | None, artist: str | None) -> frozenset[int] | None:
        if k < 1:
            raise UsageError(f"k is {k}; expected the number of songs to list, 1 or more")
        where = Filter(label, artist)
        # Exact search of the whole library shall read no vectors.
        return None if where == Filter() else self._snapshot.among(where)

    def propose_lyrics(self, folder: str | os.PathLike[str]) -> "Proposals":
        """Propose for recordings without lyrics which texts below a folder are theirs, one text to one recording.

        Parameters
        ----------
        folder : path
            Searched with all folders below it for ``.txt`` and ``.lrc`` files that are not a song's lyrics already.

        Raises
        ------
        UsageError
            No such folder, or no such texts in it.
        """
        from alcca.library.proposals import propose_lyrics

        return propose_lyrics(self._store, self._snapshot, Path(folder).expanduser())

    # Evaluation

    def dataset(
        self,
        *,
        language: str | None = None,
        descriptors: bool = False,
        csv: Path | str | None = None,
        encoders: "Sequence[Encoder]" = (),
    ) -> "Dataset":
        """The usable songs as arrays for `alcca.cross_validate`; only those in one language if given.

        Parameters
        ----------
        language : str, optional
            Only songs in this language.
        descriptors : bool
            With 65 descriptors of each track, computed when first asked for, which takes about 0.1 s a song.
        csv : path, optional
            A table of your own descriptors (Spotify's, say) to take instead; see `alcca.library.descriptor_table`.
        encoders : sequence of AudioEncoder or LyricsEncoder
            With what they make of the songs (`Dataset.encoded`), computed when first asked for. Those that learn from
            songs are left out: a comparison fits them in each fold.

        Raises
        ------
        LibraryError
            Fewer than ten usable songs, or a song that cannot be described or encoded.
        UsageError, DataError
            No such table, or one that does not have every song.
        """
        from alcca.library.evaluation import make_dataset

        return make_dataset(
            self._store,
            self.path,
            language=language,
            descriptors=descriptors or csv is not None,
            csv=None if csv is None else Path(csv),
            encoders=encoders,
            progress=self._progress,
            alone=self._only_writer,
        )

    def evaluate(
        self,
        methods: Any = None,
        *,
        language: str | None = None,
        csv: Path | str | None = None,
        audio_encoders: Any = None,
        lyrics_encoders: Any = None,
        keep: Path | str | None = None,
        **protocol: Any,
    ) -> "Results":
        """Five-fold retrieval results on the library's songs; the last one is kept in the library.

        Parameters
        ----------
        methods : estimator, text, list of them, or dict of name to estimator
            As `alcca.cross_validate` takes them; ``"all"`` for every method of the paper's comparison. Without it what
            is searched with: fused, heard and alcca where songs were heard, else alcca.
        language, csv
            As in `dataset`. Descriptors are computed when a method learns from them.
        audio_encoders, lyrics_encoders : names, encoder, list of them, or dict of name to encoder, optional
            Compare each method with each pair of these, as `alcca.experiments.grid.compare_encoders` does. Without them
            the paper's: MFCC and Doc2Vec.
        keep : path, optional
            Where finished fits are kept, so that a broken run goes on; in the library when not given.
        **protocol
            Of `alcca.cross_validate`: folds, components, seed and so on.

        Raises
        ------
        LibraryError
            Fewer than ten usable songs.
        UsageError, DataError
            As `dataset` and `alcca.cross_validate`.
        """
        from dataclasses import replace

        from alcca.encoders.registry import audio_encoder, lyrics_encoder, named_encoders
        from alcca.experiments.methods import default_methods, named_methods
        from alcca.library.evaluation import evaluate_songs
        from alcca.models.contract import view_names

        audio = named_encoders(audio_encoders, audio_encoder)
        lyrics = named_encoders(lyrics_encoders, lyrics_encoder)
        named = default_methods(self.dataset(language=language)) if methods is None else named_methods(methods)
        views = {view for method in named.values() for view in view_names(method, "audio")}
        described = "audio_descriptors" in views | {encoder.view for encoder in audio.values()}
        try:
            encoders = [*audio.values(), *lyrics.values()]
            songs = self.dataset(language=language, descriptors=described, csv=csv, encoders=encoders)
        except LibraryError as error:
            # Without them one method fails and says so; the others do not need them.
            songs = replace(
                self.dataset(language=language, encoders=encoders), notes=(f"Without descriptors: {error}.",)
            )
        usual = {"n_jobs": os.cpu_count() or 1, "verbose": self._progress}
        return evaluate_songs(
            named,
            songs,
            self.path / "evaluation",
            keep,
            audio_encoders=audio,
            lyrics_encoders=lyrics,
            **{**usual, **protocol},
        )
