"""The kind of a folder's entry that is not a file."""

import stat

__all__ = ["kind_of"]

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def kind_of(mode: int) -> str:
    """The kind of file of a mode, in words.

    Examples
    --------
    >>> import os
    >>> kind_of(os.stat(os.curdir).st_mode)
    'a folder'
    """
    return KINDS.get(stat.S_IFMT(mode), "something else")
