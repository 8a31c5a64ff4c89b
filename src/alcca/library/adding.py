"""Songs into a library: their features, and the words that are heard in them."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from alcca.errors import AlccaError, UsageError
from alcca.library.opened import OpenedLibrary
from alcca.library.parts.embeddings import Embeddings
from alcca.library.parts.transcripts import SLICE
from alcca.library.records import AddReport
from alcca.songs.remote import is_address

if TYPE_CHECKING:
    from alcca.library.hearing import HearReport

__all__ = ["AddsSongs"]


class AddsSongs(OpenedLibrary):
    """A library that takes songs and hears them; see `alcca.Library`."""

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
            A folder, searched with all folders below it, or one audio file; the workers of a cluster have to see it
            under the same path. Or the address of a folder that fsspec knows, as ``s3://bucket/music``, which needs the
            extra ``cluster`` and for S3 the package s3fs: each recording is fetched by whoever reads it.
        offset : float, optional
            Where the 30 s slice of each song starts, in seconds. The library remembers the choice, and reads
            songs again whose slice was another. Without it: what the library remembers, else the middle.
        retry : bool
            Try again the files whose audio could not be used.
        jobs : int, optional
            Worker processes; as many as there are processors when not given. On a cluster all its workers work.
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
            The folder or address does not exist or cannot be read; the library cannot be made; a negative offset; jobs
            below 1; an unknown ``hear``.
        MissingExtraError, SpeechModelError
            ``hear`` was given, and there is nothing to hear with.
        DiskError
            The library's disk is full or read-only; what was added before is kept.
        LibraryError
            Another process is writing to the library.
        ClusterError
            The cluster cannot be worked with, or a worker does not see the folder.
        """
        from alcca.library.ears import ears_for_adding
        from alcca.library.ingest import add_folder

        if offset is not None and not 0 <= offset < float("inf"):
            raise UsageError(f"offset is {offset}; expected seconds from the start of the song, 0 or more")
        if jobs is not None and jobs < 1:
            raise UsageError(f"jobs is {jobs}; expected the number of worker processes, 1 or more")
        music: str | Path = os.fspath(folder) if is_address(folder) else Path(folder).expanduser()
        if isinstance(music, Path) and not music.exists():
            raise UsageError(f"{music}: no such folder; give the folder that holds the music")
        with self._only_writer():
            ears = ears_for_adding(self._store, hear, speech_model, offline=offline)
            remembered = self._store.setting("offset")
            chosen = remembered if offset is None else offset
            report = add_folder(
                self._store,
                music,
                offset=chosen,
                retry=retry or chosen != remembered,
                jobs=jobs,
                keep_sound=ears.extent == SLICE,
                progress=self._progress,
                cluster=self._cluster,
            )
            with self._store.transaction():
                self._store.set_setting("offset", chosen)
            report.notes += self._embed_new()
            if ears.note:
                report.notes.append((str(self.path), ears.note))
            if ears.open:
                report.hearing = ears.hear(self._store, language=None, progress=self._progress, cluster=self._cluster)
        return report

    def _embed_new(self) -> list[tuple[str, str]]:
        """Put new songs into the learned space; what cannot be put there, and why."""
        from alcca.library.embedding import embed_new

        model = self._store.setting("model")
        if model is None or not self._store.kept(Embeddings).missing(model["name"]):
            return []
        try:
            embedder = self._snapshot.space.embedder
        except AlccaError as error:
            return [(str(self.path), f"new songs cannot be put into the learned space: {error}")]
        return embed_new(self._store, model["name"], embedder, progress=self._progress, cluster=self._cluster)

    def hear(
        self,
        *,
        extent: str = "slice",
        again: bool = False,
        doubtful: bool = False,
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
        doubtful : bool
            Instead of new songs, hear those again that were heard before, without words or in doubt, where that may
            find more: what was heard by an alcca that read nothing a second time, or by another model. As much of each
            is heard as before, whatever ``extent`` says.
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
            An unknown extent or language; ``again`` and ``doubtful`` together.
        MissingExtraError, SpeechModelError
            There is nothing to hear with.
        DiskError
            The library's disk is full or read-only; what was heard before is kept.
        LibraryError
            Another process is writing to the library.
        ClusterError
            The cluster cannot be worked with, or a worker has nothing to hear with.
        """
        from alcca.library.ears import ears_for_hearing

        if again and doubtful:
            raise UsageError("again hears all songs, doubtful some of them; give one of the two")
        with self._alone():
            ears = ears_for_hearing(self._store, extent, speech_model, offline=offline)
            return ears.hear(
                self._store, language=language, again=again, doubtful=doubtful, progress=self._progress,
                cluster=self._cluster,
            )  # fmt: skip
