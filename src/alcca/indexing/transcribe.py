"""Hearing a library's songs after they were added: resumable, whatever a file does to its reader.

Worker processes decode the recordings into a folder of the library (`alcca.indexing.speech_samples`); threads of this
process share one recogniser; this thread alone writes. What is heard is stored at once, so a kill loses the songs in
flight.
"""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from alcca.errors import UsageError
from alcca.indexing.reports import HearReport
from alcca.indexing.speech_samples import Recording, Unheard
from alcca.progress import Progress
from alcca.store.records import Song
from alcca.store.songs import Store
from alcca.store.transcripts import SLICE, SONG, Transcripts
from alcca.transcripts import Transcript
from alcca.workers.pool import read_each

if TYPE_CHECKING:
    from alcca.speech.recogniser import Recogniser

__all__ = ["EXTENTS", "doubtful_songs", "hear_recording", "hear_songs", "keep_heard", "songs_to_hear"]

EXTENTS = (SLICE, SONG)
# Each commit waits for the disk, some milliseconds; hearing a slice takes a second. So every song is kept at once.
SECONDS_A_MINUTE = 60.0


def doubtful_songs(store: Store, model: str) -> dict[str, list[Song]]:
    """Songs that a model may hear better than they were heard, by the extent to which that was; see `Library.hear`."""
    found: dict[str, list[Song]] = {}
    stored = store.tables(Transcripts).doubtful(model)
    for song in store.songs(list(stored)):
        if song.audio is not None:
            found.setdefault(stored[song.id], []).append(song)
    return found


def songs_to_hear(store: Store, *, extent: str, again: bool) -> list[Song]:
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


def hear_songs(
    store: Store,
    songs: Sequence[Song],
    recogniser: "Recogniser",
    *,
    extent: str = SLICE,
    language: str | None = None,
    workers: int = 1,
    progress: bool = True,
) -> HearReport:
    """Hear songs and store their transcripts.

    Parameters
    ----------
    store : Store
        Nothing else may write to it meanwhile.
    songs : sequence of Song
        With sound.
    recogniser : Recogniser
        Shared by ``workers`` threads.
    extent : str
        "slice", the 30 s that the song's features describe, or "song".
    language : str, optional
        ISO 639-1 code of what is sung in all of them; a song's own language, else the detected one, when not given.
    workers : int
        Songs that are heard at the same time.
    progress : bool
        Show on standard error how far the work has come.
    """
    unheard = Unheard(store.folder)
    with ThreadPoolExecutor(workers, thread_name_prefix="alcca-hears") as threads:
        recordings = read_each(
            unheard.read, [(song, extent) for song in songs], unheard.crashed, pool=unheard.pool, jobs=1
        )
        heard = _in_order(recordings, recogniser, language, threads, workers)
        return keep_heard(store, heard, len(songs), HearReport(model=recogniser.name), extent=extent, progress=progress)


def keep_heard(
    store: Store,
    recordings: Iterable[tuple[Recording, Transcript | str]],
    total: int,
    report: HearReport,
    *,
    extent: str,
    progress: bool,
) -> HearReport:
    """Store what was heard in ``total`` recordings, or why nothing could be, as it comes; the report, filled in."""
    started = time.monotonic()
    unheard = Unheard(store.folder)
    kept = store.tables(Transcripts)
    with Progress("hearing songs", total=total, show=progress and bool(total)) as bar:
        for recording, heard in recordings:
            if isinstance(heard, str):
                report.failures.append((recording.name, heard))
            else:
                with store.transaction():
                    kept.put(recording.song.id, heard, extent)
                unheard.remove(recording.song)
                report.heard += 1
                report.without_words += not heard.has_words
            minutes = (time.monotonic() - started) / SECONDS_A_MINUTE
            bar.update(note=f"{report.heard / minutes:.0f} a minute" if report.heard else "")
    unheard.clear_when_empty()
    report.seconds = time.monotonic() - started
    return report


def _in_order(
    recordings: Iterator[Recording], recogniser: "Recogniser", language: str | None, threads: Any, workers: int
) -> Iterator[tuple[Recording, Transcript | str]]:
    """Each recording with what was heard in it, or with the reason why nothing could be; a few are heard ahead."""
    ahead: deque[tuple[Recording, Future[Transcript] | None]] = deque()
    for recording in recordings:
        future = None if recording.reason else threads.submit(hear_recording, recording, recogniser, language)
        ahead.append((recording, future))
        if len(ahead) > workers:
            yield _done(*ahead.popleft())
    while ahead:
        yield _done(*ahead.popleft())


def hear_recording(recording: Recording, recogniser: "Recogniser", language: str | None) -> Transcript:
    """What is heard in a recording, in the language if it is known, else in the song's own."""
    from alcca.speech.languages import language_code

    sung = language or language_code(recording.song.language)
    return recogniser.hear(recording.samples(), language=sung, start=recording.start)


def _done(recording: Recording, future: "Future[Transcript] | None") -> tuple[Recording, Transcript | str]:
    return recording, recording.reason or "" if future is None else future.result()
