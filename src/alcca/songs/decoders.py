"""The decoders of a file, in the order in which to try them.

libsndfile (soundfile) is faster for the formats that it reads, FFmpeg (PyAV) reads everything else. Exceptions on
damaged files are passed on unchanged; `alcca.songs.audio` handles them.
"""

from pathlib import Path
from typing import Protocol, cast

from alcca.songs.decoder import Decoder
from alcca.songs.ffmpeg import PyavDecoder
from alcca.songs.libsndfile import SoundfileDecoder
from alcca.songs.linked_decoder import Recordings
from alcca.songs.links import joined_recordings, sound_after_junk

__all__ = ["Opener", "decoders_after_junk", "decoders_for"]

# Formats that libsndfile decodes at least as fast as FFmpeg. It reads Opus too, at half of FFmpeg's speed.
LIBSNDFILE_SUFFIXES = frozenset(
    {".mp3", ".mp2", ".flac", ".ogg", ".oga", ".wav", ".wave", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".w64"}
)


class Opener(Protocol):
    """A decoder that can be opened, such as a class of `Decoder`."""

    @property
    def name(self) -> str:
        """What it is called where it fails."""
        ...

    def __call__(self, path: Path) -> Decoder:
        """Open a file."""
        ...


def decoders_for(path: Path) -> list[Opener]:
    """The decoders of a file; of one in which several recordings were joined, first that of all of them."""
    types = _types(path)
    openers: list[Opener] = [cast(Opener, decoder_type) for decoder_type in types]
    spans = joined_recordings(path)
    return [Recordings(spans, types), *openers] if spans else openers


def decoders_after_junk(path: Path) -> list[Opener]:
    """The decoder of what follows on other data at the beginning of a file; none if there is no such data."""
    span = sound_after_junk(path)
    return [] if span is None else [Recordings([span], _types(path))]


def _types(path: Path) -> tuple[type[Decoder], ...]:
    if path.suffix.lower() in LIBSNDFILE_SUFFIXES:
        return SoundfileDecoder, PyavDecoder
    return PyavDecoder, SoundfileDecoder
