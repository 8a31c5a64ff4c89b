"""Transcribe a library's songs after they were added: resumable, whatever a file does to the process that reads it.

Worker processes decode the recordings (`alcca.indexing.speech_samples`), the recogniser transcribes them where it has
room, and this thread alone writes. A transcript is stored at once, so a kill loses the songs in flight.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from alcca.errors import UsageError
from alcca.indexing.reports import TranscriptionReport
from alcca.indexing.speech_samples import Recording, SpeechSamples, crashed_recording, read_recording
from alcca.progress import Progress
from alcca.store.records import Song
from alcca.store.songs import Store
from alcca.store.transcripts import SLICE, SONG, Transcripts
from alcca.transcripts import Transcript
from alcca.workers.workers import ModelWork, Room, Workers

if TYPE_CHECKING:
    from alcca.speech.recogniser import Recogniser

__all__ = ["EXTENTS", "doubtful_songs", "songs_to_transcribe", "transcribe_songs"]

EXTENTS = (SLICE, SONG)
# Each commit waits for the disk, some milliseconds; transcribing a slice takes a second. So every song is kept at once.
SECONDS_A_MINUTE = 60.0


def doubtful_songs(store: Store, model: str) -> dict[str, list[Song]]:
    """Songs that a model may hear better than they were heard, by the extent to which that was; see `Library.hear`."""
    found: dict[str, list[Song]] = {}
    stored = store.tables(Transcripts).doubtful(model)
    for song in store.songs(list(stored)):
        if song.audio is not None:
            found.setdefault(stored[song.id], []).append(song)
    return found


def songs_to_transcribe(store: Store, *, extent: str, again: bool) -> list[Song]:
    """Songs with sound that were not heard yet, or not to that extent; all with sound when ``again``.

    Raises
    ------
    UsageError
        The extent is neither "slice" nor "song".
    """
    if extent not in EXTENTS:
        raise UsageError(f"hear is {extent!r}; expected slice (30 s of each song), song (all of it) or off")
    known = store.tables(Transcripts).extents()
    enough = {number for number, (how, *_) in known.items() if extent == SLICE or how == SONG}
    return [song for song in store.songs() if song.audio is not None and (again or song.id not in enough)]


def transcribe_songs(
    store: Store,
    songs: Mapping[str, Sequence[Song]],
    recogniser: "Callable[[Room], Recogniser]",
    workers: Workers,
    *,
    model: str,
    language: str | None = None,
    progress: bool = True,
) -> TranscriptionReport:
    """Transcribe songs and store the transcripts.

    Parameters
    ----------
    store : Store
        Nothing else may write to it meanwhile.
    songs : mapping of str to sequence of Song
        By how much of each song is transcribed: "slice", 30 s (`alcca.speech.place`), or "song". The workers see
        their files.
    recogniser : callable
        Loads the speech model, `alcca.speech.recogniser.Recogniser`, where it has room.
    workers : Workers
    model : str
        Name of the speech model, for the report.
    language : str, optional
        ISO 639-1 code of what is sung in all of them. Default: what is detected, with a song's tags as a hint.
    progress : bool
        Show a progress bar on standard error.

    Raises
    ------
    ClusterError
        If a worker has no speech model, or as `Workers.each`.
    """
    tasks = [(song, extent) for extent, those in songs.items() for song in those]
    read = partial(read_recording, folder=store.folder if workers.shares_disk else None)
    use = partial(_transcribe, language=language)
    work = ModelWork(recogniser, use, _killed, read, crashed_recording, concurrent=True)
    results = workers.each_with_model(work, tasks)
    return _keep(store, chain.from_iterable(results), len(tasks), TranscriptionReport(model=model), progress)


def _transcribe(
    recogniser: "Recogniser", recordings: Sequence[Recording], language: str | None
) -> list[tuple[Recording, Transcript | str]]:
    """Each recording with its transcript, or with the reason why there is none."""
    results: list[tuple[Recording, Transcript | str]] = []
    for recording in recordings:
        try:
            results.append((recording, recording.reason or _transcript(recogniser, recording, language)))
        finally:
            recording.remove_scratch()
    return results


def _transcript(recogniser: "Recogniser", recording: Recording, language: str | None) -> Transcript:
    from alcca.languages import language_codes

    hints = language_codes(recording.song.language)
    return recogniser.hear(recording.samples(), language=language, hints=hints, start=recording.start)


def _killed(tasks: Sequence[tuple[Song, str]]) -> list[tuple[Recording, Transcript | str]]:
    """The results for songs that killed each worker that transcribed them."""
    return [(recording, recording.reason or "") for recording in map(crashed_recording, tasks)]


def _keep(
    store: Store,
    results: Iterable[tuple[Recording, Transcript | str]],
    total: int,
    report: TranscriptionReport,
    progress: bool,
) -> TranscriptionReport:
    """Store the transcripts of ``total`` recordings as they come; return the report, filled in."""
    started = time.monotonic()
    unheard = SpeechSamples(store.folder)
    kept = store.tables(Transcripts)
    with Progress("hearing songs", total=total, show=progress and bool(total)) as bar:
        for recording, transcript in results:
            if isinstance(transcript, str):
                report.failures.append((recording.name, transcript))
            else:
                with store.transaction():
                    kept.put(recording.song.id, transcript, recording.extent)
                unheard.remove(recording.song)
                report.heard += 1
                report.without_words += not transcript.has_words
                report.notes += [(recording.name, note) for note in transcript.notes]
            minutes = (time.monotonic() - started) / SECONDS_A_MINUTE
            bar.update(note=f"{report.heard / minutes:.0f} a minute" if report.heard else "")
    unheard.clear_when_empty()
    report.seconds = time.monotonic() - started
    return report
