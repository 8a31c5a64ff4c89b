"""The library: a music collection that can be searched by sound and by words.

Its verbs live with what they do: `adding`, `learning`, `finding`, above what all of them share, `opened`.
"""

from alcca.library.adding import AddsSongs
from alcca.library.finding import FindsSongs
from alcca.library.learning import LearnsFromSongs

__all__ = ["Library"]


class Library(AddsSongs, LearnsFromSongs, FindsSongs):
    """A folder that holds songs, their features, a trained model and the index for searching.

    Parameters
    ----------
    path : path
        The library's folder (not the music folder); made by the first `add` when missing. Until then it is empty.
    progress : bool
        Show on standard error how far long work has come.
    index : str
        Where songs are searched: "exact", "faiss" or "milvus://host:port/collection"; see docs/scale.md.
    cluster : Cluster or str, optional
        Do long work (adding, hearing, training, evaluating) on the workers of the Dask scheduler at this address
        (``tcp://host:8786``), which needs the extra ``cluster``. The library itself stays here, and comes out the same.

    Raises
    ------
    UsageError
        ``path`` is a file; ``index`` names no engine.
    MissingExtraError
        The packages of the index are not installed.
    LibraryError
        The folder's database is damaged or written by a newer alcca.

    Examples
    --------
    >>> import tempfile
    >>> with Library(tempfile.mkdtemp() + "/my.alcca", progress=False) as library:
    ...     library.status()["songs"]
    0
    """
