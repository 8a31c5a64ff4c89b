"""The recording, picture and lyrics of the songs of a library."""

from alcca.media.pictures import Pictures
from alcca.media.recording import ServedFile, open_recording
from alcca.media.song_lyrics import song_lyrics
from alcca.search.live import LiveLibrary
from alcca.store.records import Song
from alcca.store.transcripts import StoredTranscript, Transcripts
from alcca.texts.timed_lyrics import TimedLyrics

__all__ = ["SongFiles"]


class SongFiles:
    """The files of a library's songs. Thread-safe.

    Parameters
    ----------
    library : LiveLibrary
        Must stay open.
    """

    def __init__(self, library: LiveLibrary) -> None:
        self._library, self._pictures = library, Pictures()

    def close(self) -> None:
        """End the process that reads pictures."""
        self._pictures.close()

    def song(self, number: int) -> Song | None:
        """The song with this id, or None."""
        with self._library.store() as store:
            return next(iter(store.songs([number])), None)

    def places(self) -> list[str]:
        """The music folders, without links."""
        with self._library.store() as store:
            return list(store.setting("places", []))

    def recording(self, song: Song) -> ServedFile | None:
        """Open a song's recording, as `open_recording`; None if every copy was moved or changed."""
        with self._library.store() as store:
            stamps = store.stamps_of(song.id)
        return open_recording(song, stamps, self.places())

    def picture(self, song: Song) -> bytes:
        """The picture in the tags of a song's recording; empty without one."""
        recording = self.recording(song)
        if recording is None:
            return b""
        with recording.file:
            return self._pictures.of(recording.path)

    def transcript(self, song: Song) -> StoredTranscript | None:
        """What was heard of a song; None before."""
        with self._library.store() as store:
            return store.tables(Transcripts).of([song.id]).get(song.id)

    def lyrics(self, song: Song) -> TimedLyrics | None:
        """The lyrics of a song with the times that are known, as `song_lyrics`."""
        stored = self.transcript(song)
        return song_lyrics(song, None if stored is None else stored.transcript, self.places())
