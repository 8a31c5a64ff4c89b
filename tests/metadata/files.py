"""Songs and the files beside them, as the tests of this folder write them."""

from alcca.metadata.sidecars import SongTables
from alcca.metadata.song_text import read_song_text


def write(path, text="", encoding="utf-8"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding=encoding)
    return path


def read(path, root=None):
    root = root or path.parent
    return read_song_text(path, root, SongTables(root))
