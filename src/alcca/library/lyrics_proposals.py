"""Which lyrics belong to which recordings: proposals for recordings that have none, one text to one recording."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from alcca.errors import UsageError
from alcca.library.lyrics_texts import UsedTexts
from alcca.lyrics.folder_texts import read_texts
from alcca.matching.bits import bits
from alcca.matching.posterior import certainty, posterior
from alcca.store.records import Song
from alcca.store.songs import Store
from alcca.store.transcripts import Transcripts
from alcca.transcripts import Transcript

if TYPE_CHECKING:
    from alcca.search.snapshot import Snapshot

__all__ = ["Proposal", "Proposals", "propose_lyrics"]


@dataclass(frozen=True)
class Proposal:
    """A text that may be the lyrics of a recording.

    Parameters
    ----------
    song : Song
    transcript : Transcript
        What was heard in it.
    file : Path
        The text.
    lyrics : str
        Its words: its cleaned content, without headers, section marks and times.
    content : str
        All of it.
    bits : float
        The evidence, as a base-2 logarithm.
    probability : float
        That it belongs to the recording, in [0, 1].
    certainty : str
        "sure", "likely" or "a guess".
    """

    song: Song
    transcript: Transcript
    file: Path
    lyrics: str
    bits: float
    probability: float
    certainty: str
    content: str = ""

    @property
    def recording(self) -> Path:
        """A file that holds the song."""
        return Path(self.song.paths[0])

    def to_dict(self) -> dict[str, Any]:
        """What a program wants to know, as JSON can hold it."""
        return {
            "recording": self.song.paths[0],
            "title": self.song.title,
            "lyrics": str(self.file),
            "bits": self.bits,
            "probability": self.probability,
            "certainty": self.certainty,
        }


@dataclass(frozen=True)
class Proposals:
    """Proposals, and what could not take part.

    Parameters
    ----------
    made : list of Proposal
        The most probable first.
    texts, recordings : int
        How many of each took part.
    notes : list of str
        Texts that could not be read, recordings that were not heard.
    """

    made: list[Proposal]
    texts: int
    recordings: int
    notes: list[str]


def propose_lyrics(store: Store, snapshot: "Snapshot", folder: Path, encoding: str | None = None) -> Proposals:
    """Propose for recordings without lyrics which texts below a folder are theirs.

    What was heard in each recording is aligned with each text, and its sound compared with it in the learned space,
    where there is one; the sum of their bits decides, each text going to one recording at most
    (`scipy.optimize.linear_sum_assignment`). Texts that are a song's lyrics already do not take part.

    Parameters
    ----------
    store : Store
    snapshot : Snapshot
    folder : Path
        Searched with all folders below it for files of lyrics; see `alcca.texts.timed.LYRICS_SUFFIXES`.
    encoding : str, optional
        Of the texts, as of `alcca.texts.encodings.decode_text`.

    Raises
    ------
    UsageError
        No such folder, or no texts in it.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; name the one that holds the lyrics")
    notes: list[str] = []
    texts = read_texts(folder, UsedTexts(store.songs()).has, notes, encoding)
    if not texts:
        raise UsageError(f"{folder}: no lyrics in .txt or .lrc files that are not a song's already")
    # What is matched is what would be written: a stamp would be digits to compare, a header words.
    words = [text.words for text in texts]
    bare = [song for song in store.songs() if song.audio is not None and song.lyrics is None and song.paths]
    heard = store.tables(Transcripts).of([song.id for song in bare])
    unheard = sum(song.id not in heard for song in bare)
    if unheard:
        notes.append(f"{unheard} recordings without lyrics were not heard yet; hear them first: alcca hear")
    songs = [song for song in bare if song.id in heard and heard[song.id].transcript.has_words]
    silent = len(bare) - unheard - len(songs)
    if silent:
        notes.append(f"in {silent} recordings without lyrics no words were heard")
    if not songs:
        return Proposals([], len(texts), 0, notes)
    transcripts = [heard[song.id].transcript for song in songs]
    said = snapshot.space.bits_between([song.id for song in songs], words)
    worth = bits(transcripts, words) + said
    made = [
        Proposal(
            songs[i],
            transcripts[i],
            texts[j].path,
            words[j],
            float(worth[i, j]),
            likely,
            certainty(likely),
            texts[j].content,
        )
        for i, j, likely in _assigned(worth)
    ]
    return Proposals(sorted(made, key=lambda one: -one.probability), len(texts), len(songs), notes)


def _assigned(worth: NDArray[np.float64]) -> Iterable[tuple[int, int, float]]:
    from scipy.optimize import linear_sum_assignment

    for i, j in zip(*linear_sum_assignment(worth, maximize=True), strict=True):
        if worth[i, j] > 0:
            order = np.argsort(-worth[i], kind="stable")
            likely = posterior(worth[i][order], worth.shape[1])
            # A text that fits another recording as well is no surer than that one lets it be.
            other = np.argsort(-worth[:, j], kind="stable")
            back = posterior(worth[:, j][other], worth.shape[0])
            yield int(i), int(j), float(min(likely[order == j][0], back[other == i][0]))
