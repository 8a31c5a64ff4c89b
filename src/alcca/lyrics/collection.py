"""Lyrics for folders and files of music, of which nothing has to be in a library."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from alcca.errors import UsageError
from alcca.lyrics.memory import Memory
from alcca.lyrics.recordings import find_music, read_recordings
from alcca.lyrics.results import Result
from alcca.lyrics.run import Run
from alcca.lyrics.wishes import Wishes
from alcca.speech.weights import model_that_is_meant
from alcca.workers.cluster import Cluster
from alcca.workers.opening import opened

__all__ = ["write_lyrics"]


def write_lyrics(
    places: "str | os.PathLike[str] | Sequence[str | os.PathLike[str]]",
    *,
    formats: Sequence[str] = ("lrc",),
    sources: Sequence[str | os.PathLike[str]] = (),
    model: str | os.PathLike[str] | None = None,
    jobs: int | None = None,
    cluster: Cluster | str | None = None,
    progress: bool = False,
    notes: list[str] | None = None,
    **wishes: Any,
) -> Iterator[Result]:
    """Write lyrics with times beside recordings, and yield what came of each as soon as it is done.

    Lyrics that are known (of a tag, a file beside the recording, or a table) are timed, those that have times are
    checked, and others are looked for in sources. No file is replaced, unless ``retime`` asks for it.

    Parameters
    ----------
    places : path or sequence of path
        Folders, searched recursively, and audio files.
    formats : sequence of str
        What is written beside each recording: "lrc", "elrc" (with words), "srt", "vtt", "ttml", "txt".
    sources : sequence of path
        Folders of texts, and lyric databases, for recordings without lyrics: each is identified by what is sung in it.
    model : str or path, optional
        A Whisper model, as for `alcca.transcribe`.
    jobs : int, optional
        Recordings that are listened to at the same time. Default: the number of processors.
    cluster : Cluster or str, optional
        Listen on the workers of the Dask scheduler at this address, which must see the same files.
    progress : bool
        Show progress on standard error.
    notes : list of str, optional
        Gets sentences on what could not be read besides the recordings.
    **wishes
        As of `alcca.lyrics.wishes.Wishes`: ``words``, ``likely``, ``transcribe``, ``retime``, ``missing``, ``again``,
        ``dry_run``, ``language``, ``offline``, ``encoding``.

    Yields
    ------
    Result
        One for each recording.

    Raises
    ------
    UsageError
        A place or a source does not exist, or a format, a language or an encoding is unknown.
    MissingExtraError, SpeechModelError
        Something has to be listened to, and there is no speech model.
    DiskError
        A disk is full; what was done before is kept.

    Examples
    --------
    >>> import pathlib, soundfile, tempfile
    >>> song = pathlib.Path(tempfile.mkdtemp()) / "hum.wav"
    >>> soundfile.write(song, [0.1, -0.1] * 16_000, 16_000)
    >>> [(result.status, result.written) for result in write_lyrics(song)]
    [('nothing', ())]
    """
    if jobs is not None and jobs < 1:
        raise UsageError(f"jobs is {jobs}; expected how many recordings to listen to at the same time, 1 or more")
    wanted = Wishes(
        formats=tuple(formats),
        sources=tuple(Path(source) for source in sources),
        model=model_that_is_meant(model),
        **wishes,
    )
    named = [places] if isinstance(places, str | os.PathLike) else list(places)
    music = find_music(named, wanted.encoding)
    said = [] if notes is None else notes
    said += music.problems
    with opened(cluster, jobs) as workers, Memory() as memory:
        recordings = [one for those in read_recordings(music.tasks, workers) for one in those]
        yield from Run(wanted, workers, memory, progress=progress, notes=said).over(recordings)
