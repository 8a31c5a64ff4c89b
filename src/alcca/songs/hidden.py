"""Names that are left out wherever folders are searched: hidden ones, and those that systems keep for themselves."""

__all__ = ["is_hidden"]

# In lower case. Synology and QNAP keep previews and deleted files in such folders, Windows, Linux and macOS what they
# delete, restore, repair and pack; Windows marks downloads in streams that Linux sees as files of their own.
SYSTEM_NAMES = frozenset(
    {"@eadir", "@recycle", "@recently-snapshot", "@tmp", "#recycle", "#snapshot", "$recycle.bin", "recycler"}
    | {"system volume information", "lost+found", "__macosx", "desktop.ini", "thumbs.db"}
)


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name, without its path, is left out.

    Examples
    --------
    >>> [is_hidden(name) for name in (".DS_Store", "._song.mp3", "@eaDir", "song.mp3:Zone.Identifier", "song.mp3")]
    [True, True, True, True, False]
    """
    lower = name.lower()
    return lower.startswith(".") or lower in SYSTEM_NAMES or ":zone.identifier" in lower
