"""One call: what is asked, of which library."""

import threading
from dataclasses import dataclass

from alcca.media.song_files import SongFiles
from alcca.search.live import LiveLibrary
from alcca.search.snapshot import Snapshot
from alcca.store.records import Song
from alcca.subsonic.answers import SubsonicError
from alcca.subsonic.catalogue import Catalogue, Track
from alcca.subsonic.parameters import Parameters

__all__ = ["Asked", "Shelf"]

# Of the largest integer that SQLite can store.
MAX_DIGITS = 19


class Shelf:
    """A library as players see it; the catalogue is made anew when the library has changed.

    Parameters
    ----------
    library : LiveLibrary
    files : SongFiles
    """

    def __init__(self, library: LiveLibrary, files: SongFiles) -> None:
        self.library, self.files = library, files
        self._made: tuple[Snapshot, Catalogue] | None = None
        self._making = threading.Lock()

    @property
    def catalogue(self) -> Catalogue:
        """The library as it was a second or two ago."""
        with self._making:
            snapshot = self.library.snapshot
            if self._made is None or self._made[0] is not snapshot:
                with self.library.store() as store:
                    self._made = snapshot, Catalogue(snapshot.summaries, store.recordings())
            return self._made[1]


@dataclass(frozen=True)
class Asked:
    """A call.

    Parameters
    ----------
    parameters : Parameters
    shelf : Shelf
    catalogue : Catalogue
        The same one throughout the call.
    """

    parameters: Parameters
    shelf: Shelf
    catalogue: Catalogue

    def track(self) -> Track:
        """The song with the id that is asked for; SubsonicError 70 if there is none."""
        number = self.parameters.needed("id")
        is_number = number.isascii() and number.isdecimal() and len(number) <= MAX_DIGITS
        found = self.catalogue.tracks.get(int(number)) if is_number else None
        if found is None:
            raise SubsonicError(70, f"there is no song {number[:50]!r}")
        return found

    def song(self) -> Song:
        """The same, with its lyrics."""
        number = self.track().song.id
        found = self.shelf.files.song(number)
        if found is None:
            raise SubsonicError(70, f"there is no song {number}")
        return found
