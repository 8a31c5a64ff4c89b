"""Make a query from a recording or a text."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alcca.errors import MissingExtraError, SpeechModelError, UsageError
from alcca.search.fusion import chosen_parts
from alcca.search.part import HEARD, SOUND, Query
from alcca.search.snapshot import Snapshot
from alcca.songs.lyrics import clean_lyrics
from alcca.speech.recogniser import shared_recogniser
from alcca.store.songs import Store
from alcca.store.speech_model import speech_model_of

if TYPE_CHECKING:
    from alcca.encoders.encoder import AudioEncoder

__all__ = ["listen", "query_of"]

# No song has more, and alignment with many songs takes time and memory for each character.
MAX_LYRICS_CHARACTERS = 20_000


def query_of(
    snapshot: Snapshot, store: Store, *, audio: str | os.PathLike[str] | None, lyrics: str | None, by: str
) -> tuple[Query, tuple[str, ...]]:
    """Make the query, with notes on what could not be made; raises the errors of `Library.search`.

    Parameters
    ----------
    snapshot : Snapshot
        Its parts determine what is made from a recording.
    store : Store
    audio : path or None
    lyrics : str or None
        Used if ``audio`` is None.
    by : str
        The part of the search, or "both".
    """
    if audio is None:
        return Query(text=_bounded(lyrics or "")), ()
    takes = [part.takes for part in chosen_parts(snapshot.parts, by).values()]
    encoder = snapshot.space.sound_encoder if SOUND in takes else None
    return listen(Path(audio).expanduser(), store, takes, encoder)


def _bounded(lyrics: str) -> str:
    words = clean_lyrics(lyrics)
    if len(words) > MAX_LYRICS_CHARACTERS:
        raise UsageError(
            f"the query lyrics have {len(words):,} characters; "
            f"expected at most {MAX_LYRICS_CHARACTERS:,}, a verse is enough"
        )
    return lyrics


def listen(
    path: Path, store: Store, takes: Iterable[str], encoder: "AudioEncoder | None"
) -> tuple[Query, tuple[str, ...]]:
    """Read a recording once, in a separate process, then encode and transcribe it.

    The middle of the recording is used, whatever offset the library's songs have.

    Parameters
    ----------
    path : path
    store : Store
        The library's store, which records the speech model of its transcripts.
    takes : iterable of str
        Names of `Query.recording`: "sound", "heard".
    encoder : AudioEncoder or None
        The audio encoder of the learned space, ready to use; None without a space.

    Returns
    -------
    (Query, notes)
        Fields that could not be made are None; the notes give the reasons.

    Raises
    ------
    AudioError
        If the recording cannot be used, or it crashes the decoder.
    """
    from alcca.search.clip import read_sound
    from alcca.songs.apart import read_slices_apart

    wanted = set(takes)
    sound, speech = read_sound(path, encoder if SOUND in wanted else None, slices=read_slices_apart)
    notes = speech.notes
    taken: dict[str, Any] = {} if sound is None else {SOUND: sound}
    if HEARD in wanted:
        try:
            taken[HEARD] = shared_recogniser(speech_model_of(store)).hear(speech.decoded, start=speech.start)
        except (MissingExtraError, SpeechModelError) as error:
            notes = (*notes, f"the recording was not transcribed: {error}")
    return Query(recording=taken), notes
