"""Sources of songs: a folder on this machine, or an address."""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from alcca.songs.remote import RemoteFile, find_remote, is_address
from alcca.songs.scan import SongTables, SongText, find_audio, fingerprint, read_song_text
from alcca.songs.tables import MAX_BYTES
from alcca.songs.tags import Tags
from alcca.store.records import FileStamp

__all__ = ["Source", "music_at"]


@dataclass(frozen=True)
class Source:
    """The recordings below a folder or an address, and the texts and tables beside them.

    Parameters
    ----------
    name : str
        The folder, or the address.
    files : sequence of str
        Absolute paths or addresses of the recordings, in the order of their paths.
    root : Path
        The folder with the tables; for an address, a copy of its texts and tables.
    tables : SongTables
        Of the root.
    problems : list of str
        What could not be read.
    remote : mapping of str to RemoteFile
        The recordings at an address.
    """

    name: str
    files: Sequence[str]
    root: Path
    tables: SongTables
    problems: list[str]
    remote: Mapping[str, RemoteFile]

    def stamp(self, file: str) -> FileStamp:
        """A stamp that changes if the recording, or a text or table beside it, changes."""
        if file in self.remote:
            about = self.remote[file]
            return FileStamp(file, about.size, about.version, fingerprint(self._beside(file), self.root, self.tables))
        try:
            stat = os.stat(file)  # noqa: PTH116 - a name as it is
        except OSError:
            return FileStamp(file, -1, -1, "")
        return FileStamp(file, stat.st_size, stat.st_mtime_ns, fingerprint(file, self.root, self.tables))

    def text(self, file: str, tags: Tags) -> SongText:
        """Words and tags of a recording at an address; ``tags`` are those that were read from the file itself."""
        return read_song_text(self._beside(file), self.root, self.tables, tags=tags)

    def _beside(self, file: str) -> Path:
        return self.root / self.remote[file].relative


@contextlib.contextmanager
def music_at(folder: str | os.PathLike[str]) -> Iterator[Source]:
    """Find the recordings below a folder or an address, or a single file; errors as `find_audio`, `find_remote`."""
    if not is_address(folder):
        place = Path(folder)
        problems: list[str] = []
        found = find_audio(place, onerror=problems.append)
        place = place if place.is_dir() else place.parent
        # resolve() would follow links.
        files = [os.path.abspath(path) for path in found]  # noqa: PTH100
        root = Path(os.path.abspath(place))  # noqa: PTH100
        yield Source(str(place), files, root, SongTables(root), problems, {})
        return
    address = os.fspath(folder)
    problems = []
    everything = find_remote(address, onerror=problems.append)
    recordings = {file.address: file for file in everything if file.is_audio}
    with tempfile.TemporaryDirectory(prefix="alcca-") as copy:
        for file in everything:
            if file.is_text and file.size > MAX_BYTES:
                problems.append(f"{file.address}: larger than {MAX_BYTES:,} bytes, so it was not fetched; split it")
            elif file.is_text:
                try:
                    file.fetch_into(Path(copy))
                except OSError as error:
                    problems.append(f"{file.address}: cannot be read ({error.strerror})")
        yield Source(address, list(recordings), Path(copy), SongTables(copy), problems, recordings)
