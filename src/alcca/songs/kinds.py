"""What a name in a folder stands for, when it is no file."""

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
    """A word for the kind of file that a mode tells.

    Examples
    --------
    >>> import os
    >>> kind_of(os.stat(os.curdir).st_mode)
    'a folder'
    """
    return KINDS.get(stat.S_IFMT(mode), "something else")
