"""The choice, once for a file, how its channels are mixed, by the same part of it whatever part is read."""

import math
from collections.abc import Callable

from alcca.songs.decoder import Decoder

__all__ = ["CHOICE_SECONDS", "choose_downmix", "places_to_choose_by"]

# The part by which to choose: as long as a song's slice, and in its middle like the slice, which is decoded anyway.
CHOICE_SECONDS = 30.0
# Where else to look, as fractions of the duration, if that part is silent.
ELSEWHERE = (0.25, 0.75)


def places_to_choose_by(decoder: Decoder) -> tuple[float, ...]:
    """Where the parts begin by which to choose, in seconds, the first one that is not silent; none for mono files."""
    if decoder.channels == 1:
        return ()
    if decoder.declared is None:
        return (0.0,)
    middle = max(0.0, (decoder.declared - CHOICE_SECONDS) / 2)
    return (middle, *(max(0.0, part * decoder.declared - CHOICE_SECONDS / 2) for part in ELSEWHERE), 0.0)


def choose_downmix(decoder: Decoder, places: tuple[float, ...], check: Callable[[], None] = lambda: None) -> None:
    """Set the decoder's downmix by the first of the places that is not silent; ``check`` is called for each block."""
    wanted = math.ceil(CHOICE_SECONDS * decoder.rate)
    for place in places:
        decoder.downmix.watch()
        blocks = decoder.blocks(place, wanted)
        have = 0
        while have < wanted:
            check()
            try:
                block = next(blocks, None)
            except Exception:  # noqa: BLE001 - decoders raise anything; the blocks before it may be intact
                break
            if block is None:
                break
            have += len(block)
        if decoder.downmix.choose(decoder.rate):
            return
