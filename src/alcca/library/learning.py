"""A library that learns its common space from its songs, and measures how well methods find them."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alcca.errors import DiskError, LibraryError
from alcca.library.opened import OpenedLibrary

if TYPE_CHECKING:
    from alcca.encoders.encoder import AudioEncoder, Encoder, LyricsEncoder
    from alcca.experiments.dataset import Dataset
    from alcca.experiments.results import Results
    from alcca.library.training import TrainReport

__all__ = ["LearnsFromSongs"]


class LearnsFromSongs(OpenedLibrary):
    """A library as what methods learn from; see `alcca.Library`."""

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
            name of a class, or "best", which compares several on a fifth of the songs. Without it CCA with a ridge, of
            the encoders below, which measures well on real songs and takes seconds (docs/results.md).
        audio_encoder : str or AudioEncoder, optional
            What describes the sound: an encoder of `evaluate` by name ("mfcc-stats", "descriptors", "clap:MODEL"), or
            one that was made already. Each song is encoded once, and what is done is kept when that is interrupted.
            Without it what the method insists on, else MFCC for a method that was named, as in the paper, and
            "mfcc-stats" where none was or the best is asked for.
        lyrics_encoder : str or LyricsEncoder, optional
            What describes the lyrics ("tfidf", "sentence:MODEL"). One that learns is fitted on the songs that the model
            is fitted on, and kept with it. Without it Doc2Vec for a method that was named, else "tfidf".
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
            A number that is none, or out of range; a method that is unknown, or cannot learn a library's space; an
            unknown encoder, or one from which the method does not learn.
        MissingExtraError
            A package that an encoder needs is not installed.
        DiskError
            The library's disk is full or read-only; the model in use stays.
        LibraryError
            Fewer than ten usable songs, or fewer than a hundred where the best method is asked for; a model that
            cannot be kept without pickle; another process is writing.
        """
        from alcca.library.training import train_model

        with self._alone():
            return train_model(
                self._store,
                self.path,
                method=method,
                audio_encoder=audio_encoder,
                lyrics_encoder=lyrics_encoder,
                components=components,
                epochs=epochs,
                random_state=random_state,
                progress=self._progress,
                cluster=self._cluster,
            )

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
            cluster=lambda: self._cluster,
            alone=self._alone,
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
        """Five-fold retrieval results on the library's songs; the last one is kept in the library, if it can be.

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
            Where finished fits are kept, so that a broken run goes on; in the library when not given. With
            ``fresh=True`` none is taken from there.
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
        from alcca.experiments.asked import checked
        from alcca.experiments.methods import default_methods, named_methods
        from alcca.library.evaluation import evaluate_songs
        from alcca.models.contract import view_names

        protocol = checked(protocol)  # before songs are described, which takes long
        audio = named_encoders(audio_encoders, audio_encoder)
        lyrics = named_encoders(lyrics_encoders, lyrics_encoder)
        named = default_methods(self.dataset(language=language)) if methods is None else named_methods(methods)
        views = {view for method in named.values() for view in view_names(method, "audio")}
        described = "audio_descriptors" in views | {encoder.view for encoder in audio.values()}
        try:
            encoders = [*audio.values(), *lyrics.values()]
            songs = self.dataset(language=language, descriptors=described, csv=csv, encoders=encoders)
        except LibraryError as error:
            if isinstance(error, DiskError) and self._store.hindrance is None:
                raise
            # Without them one method fails and says so; the others do not need them.
            songs = replace(
                self.dataset(language=language, encoders=encoders), notes=(f"Without descriptors: {error}.",)
            )
        folder = self.path / "evaluation" if self._store.hindrance is None else None
        if folder is None:
            songs = replace(songs, notes=(*songs.notes, f"Not kept in the library: {self._store.hindrance}."))
        usual = {"n_jobs": os.cpu_count() or 1, "cluster": self._cluster, "verbose": self._progress}
        return evaluate_songs(
            named,
            songs,
            folder,
            keep,
            audio_encoders=audio,
            lyrics_encoders=lyrics,
            **{**usual, **protocol},
        )
