"""Songs and lyrics out of a library: by sound, by words, and which lyrics are whose."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from alcca.errors import UsageError
from alcca.library.filtering import Filter
from alcca.library.hits import Hits, found_words, hit
from alcca.library.opened import OpenedLibrary
from alcca.library.parts.fusion import BOTH, chosen_parts
from alcca.library.parts.part import SOUND, Query
from alcca.songs.lyrics import clean_lyrics

if TYPE_CHECKING:
    from alcca.library.proposals import Proposals

__all__ = ["FindsSongs"]

# No song has more, and an alignment with many songs takes time and memory for each character.
LONGEST_LYRICS = 20_000


class FindsSongs(OpenedLibrary):
    """A library that is searched; see `alcca.Library`."""

    def search(
        self,
        *,
        audio: str | os.PathLike[str] | None = None,
        lyrics: str | None = None,
        k: int = 10,
        label: str | None = None,
        artist: str | None = None,
        by: str = BOTH,
    ) -> Hits:
        """Songs that a recording is of, or whose words or sound fit a text.

        What is heard in a recording is matched with the songs' lyrics and with what was heard in them, and its sound
        is compared with their lyrics in the learned space. A text is matched with what was heard in the songs and with
        their lyrics, and compared with their sound.

        Parameters
        ----------
        audio : path, optional
            A recording. It is decoded in a process of its own, which stays for the next search.
        lyrics : str, optional
            A text, a remembered line or a whole song.
        k : int
            How many songs, 1 or more.
        label, artist : str, optional
            Only songs with this label, or by this artist.
        by : str
            "words" or "space" for one part of the search alone; "both" fuses those that can answer.

        Returns
        -------
        Hits
            A list of `Hit`, with what was ``heard`` in the recording and ``notes`` on parts that could not answer.

        Raises
        ------
        UsageError
            Not exactly one of ``audio`` and ``lyrics``; ``k`` below 1; a label or an artist that no song has; an
            unknown ``by``; lyrics of more than 20,000 characters.
        AudioError, LyricsError
            The recording or the text cannot be used.
        UntrainedError
            The library has no model yet, and no other part of the search can answer.
        """
        from alcca.library.listening import listen
        from alcca.songs.apart import get_ready

        if (audio is None) == (lyrics is None):
            raise UsageError("search takes either audio=FILE or lyrics=TEXT; give exactly one of them")
        if audio is not None:
            get_ready()
        snapshot, among = self._snapshot, self._among(k, label, artist)
        notes: tuple[str, ...] = ()
        if audio is not None:
            takes = [part.takes for part in chosen_parts(snapshot.parts, by).values()]
            encoder = snapshot.space.sound_encoder if SOUND in takes else None
            query, notes = listen(Path(audio).expanduser(), self._store, takes, encoder)
        else:
            query = Query(text=_bounded(lyrics or ""))
        found = snapshot.search(query, self._store, k, among, by)
        hits = [hit(rank, one) for rank, one in enumerate(found.hits, 1)]
        return Hits(hits, heard=query.heard, asked=found.asked, notes=(*notes, *found.notes))

    def find(self, words: str, *, k: int = 10, label: str | None = None, artist: str | None = None) -> Hits:
        """Songs that hold every one of the words in title, artist or lyrics: exact search, needs no model.

        Accents and case do not matter.

        Raises
        ------
        UsageError
            No words, or more than 500 different ones; ``k`` below 1; a label or an artist that no song has.
        """
        among = self._among(k, label, artist)
        if not words.split():
            raise UsageError("no words to find; give one or more")
        ids = self._store.search_words(words, among)[:k]
        return Hits(found_words(i, song, words) for i, song in enumerate(self._store.songs(ids), 1))

    def _among(self, k: int, label: str | None, artist: str | None) -> frozenset[int] | None:
        if k < 1:
            raise UsageError(f"k is {k}; expected the number of songs to list, 1 or more")
        where = Filter(label, artist)
        # Exact search of the whole library shall read no vectors.
        return None if where == Filter() else self._snapshot.among(where)

    def propose_lyrics(self, folder: str | os.PathLike[str]) -> "Proposals":
        """Propose for recordings without lyrics which texts below a folder are theirs, one text to one recording.

        Parameters
        ----------
        folder : path
            Searched with all folders below it for ``.txt`` and ``.lrc`` files that are not a song's lyrics already.

        Raises
        ------
        UsageError
            No such folder, or no such texts in it.
        """
        from alcca.library.proposals import propose_lyrics

        snapshot = self._snapshot
        with self._store.named_errors():
            return propose_lyrics(self._store, snapshot, Path(folder).expanduser())


def _bounded(lyrics: str) -> str:
    words = clean_lyrics(lyrics)
    if len(words) > LONGEST_LYRICS:
        raise UsageError(
            f"the lyrics to search by have {len(words):,} characters; give at most {LONGEST_LYRICS:,}, a verse will do"
        )
    return lyrics
