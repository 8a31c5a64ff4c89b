"""The library: a music collection that can be searched by sound and by words."""

import contextlib
import functools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from alcca.errors import UsageError
from alcca.indexing.reports import AddReport
from alcca.library.status import describe
from alcca.search.engines.by_name import EXACT, engine_named
from alcca.search.filters import Filter
from alcca.search.fusion import BOTH
from alcca.search.hits import Hits, found_words, hit
from alcca.search.part import HEARD
from alcca.search.snapshot import Snapshot
from alcca.store.opening import OpenStore
from alcca.store.records import Song
from alcca.store.songs import Store
from alcca.store.transcripts import Transcripts
from alcca.workers.cluster import Cluster
from alcca.workers.local import LocalWorkers
from alcca.workers.opening import opened
from alcca.workers.workers import Workers

if TYPE_CHECKING:
    from types import TracebackType

    from alcca.encoders.encoder import AudioEncoder, Encoder, LyricsEncoder
    from alcca.experiments.dataset import Dataset
    from alcca.experiments.results import Results
    from alcca.indexing.reports import TranscriptionReport
    from alcca.library.lyrics_proposals import Proposals
    from alcca.lyrics.results import Result
    from alcca.training.train import TrainReport
    from alcca.transcripts import Transcript

__all__ = ["Library"]


class Library:
    """A music library in a folder: songs, their features, a trained model, and the indexes for searching.

    Parameters
    ----------
    path : path
        The library's folder (not the music folder). The first `add` creates it; until then the library is empty.
    progress : bool
        Show progress on standard error.
    index : str
        The search engine: "exact", "faiss" or "milvus://host:port/collection"; see docs/scale.md.
    cluster : Cluster or str, optional
        Do long work (adding, transcribing, training, evaluating) on the workers of the Dask scheduler at this address
        (``tcp://host:8786``); needs the extra ``cluster``. The library stays on this machine, and the results are the
        same.

    Raises
    ------
    UsageError
        If ``path`` is a file, or ``index`` names no engine.
    MissingExtraError
        If the packages of the engine are not installed.
    LibraryError
        If the database is damaged or was written by a newer version of alcca.

    Examples
    --------
    >>> import tempfile
    >>> with Library(tempfile.mkdtemp() + "/my.alcca", progress=False) as library:
    ...     library.status()["songs"]
    0
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        progress: bool = True,
        index: str = EXACT,
        cluster: Cluster | str | None = None,
    ) -> None:
        self.path = Path(path)
        self._engine = engine_named(index)
        self._progress = progress
        self._asked_cluster = cluster
        self._at_the_end = contextlib.ExitStack()
        self._opened = OpenStore(self.path)
        self._seen: tuple[Store, Snapshot] | None = None

    @property
    def is_made(self) -> bool:
        """Whether the folder holds a library. The first `add` creates it; reading never does."""
        return self._opened.is_made

    def close(self) -> None:
        """Close the database and the index, and disconnect from the cluster."""
        self._engine.close()
        self._at_the_end.close()
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self.close()

    @property
    def _store(self) -> Store:
        return self._opened.store

    @functools.cached_property
    def _cluster(self) -> Workers | None:
        # Most calls need no connection.
        return None if self._asked_cluster is None else self._at_the_end.enter_context(opened(self._asked_cluster))

    def _workers(self, jobs: int | None = None) -> Workers:
        return self._cluster or LocalWorkers(jobs)

    @property
    def _snapshot(self) -> Snapshot:
        # Another process may have trained or added songs: the version shows it.
        store = self._store
        before = None if self._seen is None or self._seen[0] is not store else self._seen[1]
        if before is None or before.version != store.version:
            self._seen = (store, Snapshot(store, self.path, before, self._engine))
        assert self._seen is not None
        return self._seen[1]

    # Songs

    def add(
        self,
        folder: str | os.PathLike[str],
        *,
        offset: float | None = None,
        retry: bool = False,
        encoding: str | None = None,
        jobs: int | None = None,
        hear: str | None = None,
        speech_model: str | os.PathLike[str] | None = None,
        offline: bool = False,
    ) -> AddReport:
        """Add all songs in a music folder; an interrupted call continues where it stopped.

        A song is identified by the content of its file: moved files are not read again, changed files are. Songs that
        cannot be used are stored with the reason. If the library has a model, new songs are embedded and can be
        searched at once. Finally, songs without a transcript are transcribed, which takes about a second per song.

        Parameters
        ----------
        folder : path
            A folder, searched recursively, or one audio file; the workers of a cluster must see it under the same path.
            Or the address of a folder that fsspec supports, such as ``s3://bucket/music``, which needs the extra
            ``cluster``, and for S3 the package s3fs.
        offset : float, optional
            Start of the 30 s slice of each song, in seconds. The library remembers it, and reads songs with another
            slice again. Default: the remembered offset, else the middle of the song.
        retry : bool
            Try again files whose audio could not be used.
        encoding : str, optional
            Of lyric files and tables below the folder that are not Unicode, such as "gbk" or "cp1251"; the library
            remembers it for their songs. "auto" forgets it. Default: the remembered one, else it is detected.
        jobs : int, optional
            Number of worker processes, and of songs that are transcribed at the same time. Default: the number of
            processors. Ignored on a cluster.
        hear : str, optional
            What to transcribe: "slice" (the 30 s in which most is sung, or those from ``offset`` on), "song" (whole
            recordings) or "off".
            Default: $ALCCA_HEAR, else "slice"; if that is impossible, a note in the report gives the reason.
        speech_model, offline
            As in `hear`.

        Returns
        -------
        AddReport
            Counts of added, changed, moved and transcribed files, and the files that cannot be used with the reasons.

        Raises
        ------
        UsageError
            If the folder or address does not exist or cannot be read, the library cannot be created, ``offset`` is
            negative, ``jobs`` is below 1, or ``encoding`` or ``hear`` is unknown.
        MissingExtraError, SpeechModelError
            If ``hear`` was given and there is no speech model.
        DiskError
            If the library's disk is full or read-only; songs added before are kept.
        LibraryError
            If another process is writing to the library.
        ClusterError
            If the cluster fails, or a worker does not see the folder.
        """
        from alcca.indexing.pipeline import add_songs, checked_music
        from alcca.texts.encodings import checked_encoding

        encoding = checked_encoding(encoding)
        music = checked_music(folder, offset, jobs)
        with self._opened.writing() as store:
            return add_songs(
                store,
                music,
                offset=offset,
                retry=retry,
                encoding=encoding,
                hear=hear,
                speech_model=speech_model,
                offline=offline,
                embedder=lambda: self._snapshot.space.embedder,
                progress=self._progress,
                workers=self._workers(jobs),
            )

    def hear(
        self,
        *,
        extent: str = "slice",
        again: bool = False,
        doubtful: bool = False,
        language: str | None = None,
        speech_model: str | os.PathLike[str] | None = None,
        offline: bool = False,
    ) -> "TranscriptionReport":
        """Transcribe songs that have no transcript; an interrupted call continues where it stopped.

        Parameters
        ----------
        extent : str
            "slice" (the 30 s in which most is sung; if the library has an offset, those from there on) or "song" (the
            whole recording).
        again : bool
            Transcribe all songs, including those with a transcript: with another model, or in another language.
        doubtful : bool
            Instead of new songs, transcribe again songs whose transcript is empty or doubtful, if that may find more
            words: an earlier version of alcca or another model made the transcript. ``extent`` is ignored; as much of
            each song is transcribed as before.
        language : str, optional
            ISO 639-1 code of the language of all songs. Default: each song's own language, else the detected one.
        speech_model : str or path, optional
            A Whisper model by name ("tiny" … "large-v3"), or its folder. Default: $ALCCA_SPEECH_MODEL, else the model
            that the library was transcribed with, else "base".
        offline : bool
            Download no model.

        Returns
        -------
        TranscriptionReport
            Counts of transcribed songs and of songs without words, and the songs that failed with the reasons.

        Raises
        ------
        UsageError
            If the extent or language is unknown, or both ``again`` and ``doubtful`` are given.
        MissingExtraError, SpeechModelError
            If there is no speech model.
        DiskError
            If the library's disk is full or read-only; transcripts made before are kept.
        LibraryError
            If another process is writing to the library.
        ClusterError
            If the cluster fails, or a worker has no speech model.
        """
        from alcca.indexing.transcription_settings import settings_for_hearing

        if again and doubtful:
            raise UsageError("again hears all songs, doubtful some of them; give one of the two")
        with self._opened.writing_if_made() as store:
            settings = settings_for_hearing(store, extent, speech_model, offline=offline)
            return settings.transcribe(
                store,
                self._workers(),
                language=language,
                again=again,
                doubtful=doubtful,
                progress=self._progress,
            )

    def songs(self, ids: Sequence[int] | None = None) -> list[Song]:
        """All songs, including unusable ones; or the songs with the given ids, in that order."""
        with self._store.named_errors():
            return self._store.songs(ids)

    def transcripts(self, ids: Sequence[int]) -> "dict[int, Transcript]":
        """The transcripts of songs, by id; songs without a transcript are left out."""
        with self._store.named_errors():
            return {song: stored.transcript for song, stored in self._store.tables(Transcripts).of(ids).items()}

    def status(self) -> dict[str, Any]:
        """Describe the library's songs, model and transcripts in plain values.

        Returns
        -------
        dict
            ``songs``, ``usable`` (with audio and lyrics), ``audio_only``, ``lyrics_only``, ``labels`` and ``languages``
            (name to count), ``lyrics_sources``, ``missing_files``, ``damaged`` (songs with a stored row that does not
            match its checksum), ``offset``, ``rejects`` (file and reason), ``model`` (None, or when and on what it was
            trained, the number of usable songs added since, and whether its files have ``checksums``), ``indexes`` (the
            faiss files of the model's vectors, with their measured recall), ``hearing`` (counts of songs that were
            ``heard``, are ``without_words``, ``not_heard`` or ``doubtful``, by ``models`` and ``languages``).
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
        """Fit the lyrics features and a model on the library's songs, embed every song, and rebuild the index.

        The current model stays in use until the new one is complete.

        Parameters
        ----------
        method : str, optional
            The method that learns the common space: a method of `evaluate` by name ("kernel-cca", "alcca:ridge=0.1"),
            the dotted name of a class, or "best", which compares several methods on a fifth of the songs. Default: CCA
            with a ridge on the encoders below, which ranks well on real songs and takes seconds (docs/results.md).
        audio_encoder : str or AudioEncoder, optional
            The encoder of the sound: a name as in `evaluate` ("mfcc-stats", "descriptors", "clap:MODEL"), or an object.
            Each song is encoded once; an interrupted call keeps what was encoded. Default: what the method requires,
            else MFCC for a named method, as in the paper, and "mfcc-stats" for the default method and "best".
        lyrics_encoder : str or LyricsEncoder, optional
            The encoder of the lyrics ("tfidf", "sentence:MODEL"). An encoder that learns is fitted on the songs that
            the model is fitted on, and stored with it. Default: Doc2Vec for a named method, else "tfidf".
        components : int, optional
            Number of canonical components. Default: the number among 10, 20, … 100 that ranks a held-out fifth of the
            songs best after a first training on the rest; 10 for a library of fewer than a hundred songs.
        epochs : int, optional
            Training epochs, for methods that have them. Default: the method's own.
        random_state : int
            Seed: the same songs and seed give the same model.

        Raises
        ------
        UsageError
            If a number is invalid; if the method is unknown or cannot learn a library's space; if an encoder is unknown
            or unsuitable for the method.
        MissingExtraError
            If a package that an encoder needs is not installed.
        DiskError
            If the library's disk is full or read-only; the current model stays.
        LibraryError
            If there are fewer than ten usable songs, or fewer than a hundred for "best"; if the model cannot be stored
            without pickle; if another process is writing.
        """
        from alcca.training.train import train_model

        with self._opened.writing_if_made() as store:
            return train_model(
                store,
                self.path,
                method=method,
                audio_encoder=audio_encoder,
                lyrics_encoder=lyrics_encoder,
                components=components,
                epochs=epochs,
                random_state=random_state,
                progress=self._progress,
                workers=self._workers(),
            )

    def dataset(
        self,
        *,
        language: str | None = None,
        descriptors: bool = False,
        csv: Path | str | None = None,
        encoders: "Sequence[Encoder]" = (),
    ) -> "Dataset":
        """Return the usable songs as arrays for `alcca.cross_validate`.

        Parameters
        ----------
        language : str, optional
            Only songs in this language.
        descriptors : bool
            Include 65 descriptors of each track, computed on first use (about 0.1 s per song).
        csv : path, optional
            A table of your own descriptors (Spotify's, for example) instead; see `alcca.indexing.descriptor_table`.
        encoders : sequence of AudioEncoder or LyricsEncoder
            Include the songs encoded by these (`Dataset.encoded`), computed on first use. Encoders that learn are left
            out: a comparison fits them in each fold.

        Raises
        ------
        LibraryError
            If there are fewer than ten usable songs, or a song cannot be described or encoded.
        UsageError, DataError
            If the table does not exist, or lacks a song.
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
            workers=self._workers,
            alone=self._opened.writing_if_made,
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
        epochs: int | None = None,
        **protocol: Any,
    ) -> "Results":
        """Cross-validate methods on the library's songs; the results are stored in the library if it can be written.

        Parameters
        ----------
        methods : estimator, text, list of them, or dict of name to estimator
            As in `alcca.cross_validate`; ``"all"`` for all methods of the paper's comparison, ``"search"`` for what
            `search` does with this library, with its method and encoders trained on the training songs of each fold.
            Default: search, heard (if songs were transcribed) and alcca.
        language, csv
            As in `dataset`. Descriptors are computed if a method needs them.
        audio_encoders, lyrics_encoders : names, encoder, list of them, or dict of name to encoder, optional
            Compare each method with each pair of encoders, as `alcca.experiments.grid.compare_encoders` does. Default:
            the paper's, MFCC and Doc2Vec.
        keep : path, optional
            Folder for finished fits, so that an interrupted comparison continues. Default: in the library. With
            ``fresh=True`` existing fits are ignored.
        epochs : int, optional
            Replaces the epochs of every method that has them and is given by name.
        **protocol
            Settings of `alcca.cross_validate`: folds, components, seed, tune and so on.

        Raises
        ------
        LibraryError
            If there are fewer than ten usable songs.
        UsageError, DataError
            As in `dataset` and `alcca.cross_validate`.
        """
        from alcca.library.evaluation import evaluate_library

        return evaluate_library(
            functools.partial(self.dataset, language=language),
            self._store,
            methods,
            csv=csv,
            audio_encoders=audio_encoders,
            lyrics_encoders=lyrics_encoders,
            keep=keep,
            epochs=epochs,
            n_jobs=os.cpu_count() or 1,
            cluster=lambda: self._cluster,
            verbose=self._progress,
            protocol=protocol,
        )

    # Search

    def search(
        self,
        *,
        audio: str | os.PathLike[str] | None = None,
        lyrics: str | None = None,
        k: int = 10,
        label: str | None = None,
        artist: str | None = None,
        by: str = BOTH,
        careful: bool = False,
    ) -> Hits:
        """Search by a recording or by a text.

        The transcript of a recording is matched with the lyrics and transcripts of all songs, and its sound is compared
        with their lyrics in the learned space. Where no hit is sure, the recording is listened to again, for the lyrics
        of the likeliest songs (`alcca.speech.second_listening`). A text is matched with transcripts and lyrics, and
        compared with the songs' sound.

        Parameters
        ----------
        audio : path, optional
            A recording. A separate process decodes it, and stays for the next search.
        lyrics : str, optional
            A text: a remembered line or a whole song.
        k : int
            Number of hits, 1 or more.
        label, artist : str, optional
            Only songs with this label, or by this artist.
        by : str
            The name of one part of the search ("words", "space"), or "both" to fuse all parts.
        careful : bool
            Where no hit is sure, take minutes: listen to a recording for the lyrics of up to 1,000 songs, instead of
            the likeliest ones, or to the likeliest songs for a text.

        Returns
        -------
        Hits
            A list of `Hit`, with the recording's transcript (``heard``) and ``notes`` on parts that gave no result.

        Raises
        ------
        UsageError
            If not exactly one of ``audio`` and ``lyrics`` is given, ``k`` is below 1, no song has the label or artist,
            ``by`` is unknown or compares no words in a careful search, or the lyrics have more than 20,000 characters.
        AudioError, LyricsError
            If the recording or the text cannot be used.
        UntrainedError
            If the library has no model, and no other part can search.
        """
        from alcca.search.clip_query import query_of
        from alcca.songs.apart import get_ready

        if (audio is None) == (lyrics is None):
            raise UsageError("search takes either audio=FILE or lyrics=TEXT; give exactly one of them")
        if audio is not None:
            get_ready()
        with self._store.named_errors():
            snapshot, among = self._snapshot, self._among(k, label, artist)
            query, notes = query_of(
                snapshot, self._store, audio=audio, lyrics=lyrics, by=by, careful=careful, progress=self._progress
            )
            found = snapshot.search(query, self._store, k, among, by)
            hits = [hit(rank, one) for rank, one in enumerate(found.hits, 1)]
        return Hits(hits, heard=query.recording.get(HEARD), asked=found.asked, notes=(*notes, *found.notes))

    def find(self, words: str, *, k: int = 10, label: str | None = None, artist: str | None = None) -> Hits:
        """Find songs that contain all of the words in title, artist or lyrics: exact search, without a model.

        Case, accents and other ways to write the same word are ignored; the last word may be the beginning of one,
        unless a space follows it. See docs/searching.md.

        Raises
        ------
        UsageError
            If there are no words or more than 500 different ones, ``k`` is below 1, no song has the label or artist,
            or the search takes too long.
        """
        among = self._among(k, label, artist)
        if not words.split():
            raise UsageError("no words to find; give one or more")
        with self._store.named_errors():
            ids = self._store.search_words(words, among)[:k]
            return Hits(found_words(i, song, words) for i, song in enumerate(self._store.songs(ids), 1))

    def _among(self, k: int, label: str | None, artist: str | None) -> frozenset[int] | None:
        if k < 1:
            raise UsageError(f"k is {k}; expected the number of songs to list, 1 or more")
        where = Filter(label, artist)
        # Exact search of the whole library must not read vectors.
        return None if where == Filter() else self._snapshot.among(where)

    def propose_lyrics(self, folder: str | os.PathLike[str], *, encoding: str | None = None) -> "Proposals":
        """Propose which text files are the lyrics of recordings without lyrics, at most one text per recording.

        Parameters
        ----------
        folder : path
            Searched recursively for ``.txt`` and ``.lrc`` files that are not yet a song's lyrics.
        encoding : str, optional
            Of texts that are not in Unicode; by default, it is detected for each file.

        Raises
        ------
        UsageError
            If the folder does not exist, or contains no such texts, or the encoding is unknown.
        """
        from alcca.library.lyrics_proposals import propose_lyrics
        from alcca.texts.encodings import checked_encoding

        encoding = checked_encoding(encoding)
        snapshot = self._snapshot
        with self._store.named_errors():
            return propose_lyrics(self._store, snapshot, Path(folder).expanduser(), encoding)

    def write_lyrics(
        self,
        places: Sequence[str | os.PathLike[str]] = (),
        *,
        formats: Sequence[str] = ("lrc",),
        sources: Sequence[str | os.PathLike[str]] = (),
        speech_model: str | os.PathLike[str] | None = None,
        jobs: int | None = None,
        notes: list[str] | None = None,
        **wishes: Any,
    ) -> "Iterator[Result]":
        """Write lyrics with times beside recordings, and yield what came of each as soon as it is done.

        The same as `alcca.write_lyrics`, with the transcripts of whole songs that the library has.

        Parameters
        ----------
        places : sequence of path
            Folders and files, which need not be in the library. Default: all recordings of the library; transcripts of
            them that are made on the way are stored in it.
        formats, sources, jobs, notes, **wishes
            As of `alcca.write_lyrics`.
        speech_model : str or path, optional
            As in `hear`.

        Raises
        ------
        UsageError, MissingExtraError, SpeechModelError, DiskError
            As `alcca.write_lyrics`.
        LibraryError
            If another process is writing to the library.
        """
        from alcca.library.lyrics_run import write_library_lyrics

        if jobs is not None and jobs < 1:
            raise UsageError(f"jobs is {jobs}; expected how many recordings to listen to at the same time, 1 or more")
        return write_library_lyrics(
            self._opened,
            places,
            formats=formats,
            sources=sources,
            speech_model=speech_model,
            workers=self._workers(jobs),
            progress=self._progress,
            notes=[] if notes is None else notes,
            wishes=wishes,
        )
