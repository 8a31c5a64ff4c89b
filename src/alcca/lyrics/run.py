"""A run over recordings: lyrics that are known get times, others are looked for, and files are written beside them.

Processes read the files and the speech recogniser listens where there is room; this thread alone writes. What was heard
is kept at once, so that a run that is interrupted goes on where it stopped, and a second one has nothing to do.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from alcca.indexing.transcription_settings import LoadRecogniser
from alcca.lyrics.heard import Heard
from alcca.lyrics.listening import Listening, killed, listen
from alcca.lyrics.memory import Memory, key_of
from alcca.lyrics.planning import Plan, plan
from alcca.lyrics.recordings import Recording
from alcca.lyrics.results import Result
from alcca.lyrics.settling import convert, settle
from alcca.lyrics.sources import Sources
from alcca.lyrics.wishes import Wishes
from alcca.progress import Progress
from alcca.songs.cut import file_of
from alcca.speech.weights import find_weights, name_of_model
from alcca.transcripts import Transcript
from alcca.workers.workers import ModelWork, Room, Workers

if TYPE_CHECKING:
    from alcca.speech.recogniser import Recogniser

__all__ = ["Run", "Shelf"]

# Read at the beginning of a file and in its middle.
BYTES_COMPARED = 2**14


class Shelf(Protocol):
    """Where transcripts of whole songs are kept besides: a library."""

    def transcript(self, song: int, model: str) -> Transcript | None:
        """That of a song, if it covers all of it and is by this model."""

    def keep(self, song: int, transcript: Transcript) -> None:
        """Keep one."""


@dataclass
class Run:
    """What is wanted, where it is done, and what is known already.

    Parameters
    ----------
    wishes : Wishes
    workers : Workers
        Where recordings are listened to.
    memory : Memory
        What earlier runs have heard.
    shelf : Shelf, optional
        A library, which has transcripts of its songs.
    progress : bool
        Show progress on standard error.
    notes : list of str
        What should be known besides the results, filled in by the run.
    """

    wishes: Wishes
    workers: Workers
    memory: Memory
    shelf: Shelf | None = None
    progress: bool = False
    notes: list[str] = field(default_factory=list)
    _kept: "_Kept | None" = field(default=None, init=False, repr=False)

    def over(self, recordings: Sequence[Recording]) -> Iterator[Result]:
        """Go over recordings; yield one result for each, first those that need no listening.

        Raises
        ------
        UsageError
            A source has no lyrics.
        MissingExtraError, SpeechModelError
            Something has to be listened to, and there is no speech model.
        DiskError
            A disk is full; what was done before is kept.
        ClusterError
            The cluster fails.
        """
        # A wrong source is told before hours of work.
        sources = self._sources(recordings)
        waiting: list[Plan] = []
        for recording in recordings:
            said = plan(recording, self.wishes)
            if isinstance(said, Result):
                yield said
            elif said.converts:
                yield convert(said, self.wishes, self.memory)
            else:
                waiting.append(said)
        state = None if sources is None or not waiting else sources.state
        left: list[tuple[Plan, _Keys]] = []
        for one in waiting:
            keys = _keys(one, state, self.wishes)
            heard = None if self.wishes.again else self.memory.heard(keys.heard)
            transcript = None if self.wishes.again else self._transcript(one, keys)
            if heard is not None and transcript is not None:
                done = settle(one, replace(heard, transcript=transcript), self.wishes, self.memory)
                yield replace(done, remembered=True)
            else:
                left.append((replace(one, listening=replace(one.listening, transcript=transcript)), keys))
        if left:
            yield from self._listen(left, sources)

    def _sources(self, recordings: Sequence[Recording]) -> Sources | None:
        if not self.wishes.sources:
            return None
        below = tuple(path.absolute() for path in self.wishes.sources)
        used = {Path(one.text.lyrics_path) for one in recordings if one.text.lyrics_path is not None}
        # Each worker of a cluster gets them.
        taken = tuple(sorted(path for path in used if any(map(path.is_relative_to, below))))
        sources = Sources(below, self.wishes.encoding, taken, self.progress)
        self.notes += [note for note in sources.notes if note not in self.notes]
        return sources

    def _transcript(self, one: Plan, keys: "_Keys") -> Transcript | None:
        song = one.recording.song
        found = self.memory.transcript(keys.transcript)
        if found is None and self.shelf is not None and song is not None and self.wishes.language is None:
            found = self.shelf.transcript(song, name_of_model(self.wishes.model))
        return found

    def _listen(self, left: Sequence[tuple[Plan, "_Keys"]], sources: Sources | None) -> Iterator[Result]:
        # Before anything is started: says what is missing.
        find_weights(self.wishes.model, offline=self.wishes.offline)
        use = partial(_numbered, sources=sources, likely=self.wishes.likely)
        work = ModelWork(self._load(), use, _killed, concurrent=True)
        tasks = [(number, one.listening) for number, (one, _) in enumerate(left)]
        batches = self.workers.each_with_model(work, tasks)
        with Progress("listening", total=len(left), show=self.progress) as bar:
            for number, heard in chain.from_iterable(batches):
                one, keys = left[number]
                self._keep(one, keys, heard)
                result = settle(one, heard, self.wishes, self.memory)
                bar.update(note=one.recording.name[:30])
                yield result

    def _load(self) -> "LoadRecogniser | _Kept":
        load = LoadRecogniser(self.wishes.model, self.wishes.offline)
        if not self.workers.shares_disk:
            return load
        # For the next recordings of a folder that is watched.
        self._kept = self._kept or _Kept(load)
        return self._kept

    def _keep(self, one: Plan, keys: "_Keys", heard: Heard) -> None:
        if heard.transcript is None:
            return
        if one.listening.transcript is None:
            self.memory.keep_transcript(keys.transcript, heard.transcript)
            if self.shelf is not None and one.recording.song is not None:
                self.shelf.keep(one.recording.song, heard.transcript)
        if heard.reason is None:
            self.memory.keep_heard(keys.heard, heard)


@dataclass
class _Kept:
    """Loads a speech model once."""

    load: LoadRecogniser
    model: "Recogniser | None" = None

    def __call__(self, room: Room) -> "Recogniser":
        self.model = self.model or self.load(room)
        return self.model


@dataclass(frozen=True)
class _Keys:
    """Under which the memory has what was heard: of the recording, and for what it was listened to."""

    transcript: str
    heard: str


def _keys(one: Plan, state: object, wishes: Wishes) -> _Keys:
    recording, listening = one.recording, one.listening
    # Not the folder, which may be moved.
    file = recording.name, recording.size, recording.modified, _bytes_of(recording), repr(recording.cut)
    transcript = key_of(*file, name_of_model(wishes.model), wishes.language)
    about = (listening.about.title, listening.about.artist) if state is not None else None
    return _Keys(transcript, key_of(transcript, listening.lyrics, about, state, wishes.likely))


def _bytes_of(recording: Recording) -> str:
    """A key of some bytes of the file: clips of one length that were unpacked together differ in nothing else."""
    pieces: list[bytes] = []
    # Without them, listening says why.
    with contextlib.suppress(OSError), Path(file_of(recording.path)).open("rb") as file:
        for place in (0, recording.size // 2):
            file.seek(place)
            pieces.append(file.read(BYTES_COMPARED))
    return key_of(*(piece.hex() for piece in pieces))


def _numbered(
    recogniser: "Recogniser", tasks: Sequence[tuple[int, Listening]], *, sources: Sources | None, likely: bool
) -> list[tuple[int, Heard]]:
    heard = listen(recogniser, [task for _, task in tasks], sources=sources, likely=likely)
    return [(number, one) for (number, _), one in zip(tasks, heard, strict=True)]


def _killed(tasks: Sequence[tuple[int, Listening]]) -> list[tuple[int, Heard]]:
    return [(number, one) for (number, _), one in zip(tasks, killed([task for _, task in tasks]), strict=True)]
