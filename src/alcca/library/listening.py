"""From a recording that somebody searches by to what the parts of a search take of it."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from alcca.errors import MissingExtraError, SpeechModelError
from alcca.hearing.recogniser import shared_recogniser
from alcca.library.ears import speech_model_of
from alcca.library.parts.part import HEARD, SOUND, Query
from alcca.library.store import Store
from alcca.transcripts import Transcript

if TYPE_CHECKING:
    from alcca.encoders.encoder import AudioEncoder

__all__ = ["listen"]


def listen(
    path: Path, store: Store, takes: Iterable[str], encoder: "AudioEncoder | None"
) -> tuple[Query, tuple[str, ...]]:
    """Read a recording once, in a process apart, for all that the parts of a search take of it.

    A clip is what somebody has at hand: its middle is taken, whatever part the library's songs are known by.

    Parameters
    ----------
    path : path
    store : Store
        Of the library, which remembers what its songs were heard with.
    takes : iterable of str
        Fields of `Query`: "sound", "heard".
    encoder : AudioEncoder or None
        What the learned space describes sound with, ready to do so; None where there is no space.

    Returns
    -------
    (Query, notes)
        What could not be made is None, and the notes say why.

    Raises
    ------
    AudioError
        The recording cannot be used, or it crashes its decoder.
    """
    from alcca.library.sound import read_sound
    from alcca.songs.apart import read_slices_apart

    wanted = set(takes)
    sound, speech = read_sound(path, encoder if SOUND in wanted else None, slices=read_slices_apart)
    notes = speech.notes
    heard: Transcript | None = None
    if HEARD in wanted:
        try:
            heard = shared_recogniser(speech_model_of(store)).hear(speech.decoded, start=speech.start)
        except (MissingExtraError, SpeechModelError) as error:
            notes = (*notes, f"its words were not heard: {error}")
    return Query(sound, heard), notes
