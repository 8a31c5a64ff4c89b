"""The second listening: where a search is unsure, it looks for the candidates' lyrics in the recording."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from alcca.errors import TranscriptionError
from alcca.matching.background import bundled_background
from alcca.matching.excerpts import excerpts
from alcca.matching.listened import listened_bits
from alcca.matching.posterior import SURE, posterior
from alcca.progress import Progress
from alcca.transcripts import Listened

__all__ = [
    "CAREFUL_SONGS",
    "LISTENING",
    "Found",
    "Listen",
    "Listening",
    "find_by_listening",
    "find_in_recordings",
    "is_unsure",
]

# The name of its evidence.
LISTENING = "listening"
# Excerpts that are listened for, of all songs and of one: each takes a tenth of a second of one core.
EXCERPTS, OF_ONE_SONG = 36, 3
# A careful search listens for whole lyrics, of at most this many songs; it stops after a song that is this probable.
CAREFUL_SONGS, ENOUGH = 1_000, 0.9999
# Songs between two looks at whether that is enough.
BATCH = 16


Listen: TypeAlias = Callable[[Sequence[Sequence[str]]], list[Listened]]


@dataclass(frozen=True)
class Listening:
    """How a second listening is done.

    Parameters
    ----------
    listen : function
        Takes, of each song, the excerpts to listen for; returns a `Listened` for each. It raises TranscriptionError
        where that is not possible.
    careful : bool
        Take the time to listen for all lyrics of a small library, and for 1,000 songs of a large one.
    progress : bool
        Show progress on standard error.
    """

    listen: Listen
    careful: bool = False
    progress: bool = False


class Found(NamedTuple):
    """What a second listening found of one song.

    Parameters
    ----------
    score : float
        How much likelier the best stretch of its words is over the recording than over silence, in bits.
    bits : float
        Evidence that it is the song, in bits.
    words : str
        The words of this stretch; "" if there are none.
    """

    score: float
    bits: float
    words: str


def find_by_listening(listening: Listening, words: str, lyrics: Mapping[int, str], among: int) -> dict[int, Found]:
    """Listen for the lyrics of candidates.

    Parameters
    ----------
    listening : Listening
    words : str
        All that may be sung in the recording: the excerpts that share most of it come first.
    lyrics : mapping of int to str
        Of each candidate, the likeliest first.
    among : int
        Number of songs that are compared.

    Returns
    -------
    dict of int to Found
        Of the songs that were listened for.

    Raises
    ------
    TranscriptionError
        If ``listening`` is not possible.
    """
    asked = _chosen(lyrics, words, listening.careful)
    heard: dict[int, Listened] = {}
    songs = list(asked)
    with Progress("listening for lyrics", total=len(songs), show=listening.progress and bool(songs)) as bar:
        for first in range(0, len(songs), BATCH):
            batch = songs[first : first + BATCH]
            heard |= zip(batch, listening.listen([asked[song] for song in batch]), strict=True)
            bar.update(len(batch))
            if _is_enough(heard, among):
                break
    return _found(heard)


def find_in_recordings(
    recordings: Mapping[int, Listen], text: str, words: Mapping[int, str], *, progress: bool = False
) -> tuple[dict[int, Found], list[str]]:
    """Listen to recordings for a text.

    Parameters
    ----------
    recordings : mapping of int to function
        Listens to the recording of each candidate, as `Listening.listen`.
    text : str
    words : mapping of int to str
        All that may be sung in each recording: of a long text, the excerpts that share most of it are asked for.
    progress : bool
        Show progress on standard error.

    Returns
    -------
    found : dict of int to Found
        Of the recordings that could be listened to.
    failures : list of str
        Why others could not.
    """
    parts, heard, failures = excerpts(text), {}, []
    with Progress("listening to songs", total=len(recordings), show=progress and bool(recordings)) as bar:
        for song, listen in recordings.items():
            shared = bundled_background().shared([words.get(song, "")], parts)[0]
            best = [parts[i] for i in np.argsort(-shared, kind="stable")[:OF_ONE_SONG].tolist()]
            try:
                heard[song] = listen([best])[0]
            except TranscriptionError as error:
                failures.append(str(error))
            bar.update()
    return _found(heard), failures


def _found(heard: Mapping[int, Listened]) -> dict[int, Found]:
    bits = listened_bits([one.bits for one in heard.values()])
    return {song: Found(one.bits, float(bit), one.words) for (song, one), bit in zip(heard.items(), bits, strict=True)}


def _is_enough(heard: Mapping[int, Listened], among: int) -> bool:
    bits = listened_bits([one.bits for one in heard.values()])
    return bool(posterior(np.maximum(bits, 0.0), max(among, len(bits))).max() >= ENOUGH)


def _chosen(lyrics: Mapping[int, str], words: str, careful: bool) -> dict[int, list[str]]:
    """The excerpts of each song to listen for, the likeliest songs first."""
    parts = [(song, text) for song, written in lyrics.items() for text in excerpts(written)]
    shared = bundled_background().shared([words], [text for _, text in parts])[0]
    chosen: dict[int, list[str]] = {}
    taken = 0
    for place in np.argsort(-shared, kind="stable").tolist():
        song, text = parts[place]
        of_song = chosen.get(song, [])
        if careful or (taken < EXCERPTS and len(of_song) < OF_ONE_SONG):
            chosen[song] = [*of_song, text]
            taken += 1
    return chosen


def is_unsure(probabilities: NDArray[np.float64]) -> bool:
    """Whether the best of ranked songs is not sure."""
    return not len(probabilities) or bool(probabilities[0] < SURE)
