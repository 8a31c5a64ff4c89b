"""The files for faster search in a model's folder: what they are, whether they are whole, and which are in use."""

import contextlib
import logging
from pathlib import Path
from typing import Any

from alcca.persistence.files import check_files
from alcca.search.engines.faiss import DAMAGED, FOLDER, files_named_by

__all__ = ["damaged_files", "kept_in", "unused_files"]

log = logging.getLogger("alcca")


def kept_in(model: Path) -> list[dict[str, Any]]:
    """Describe the files in a model's folder, for each view that has some: settings, size and measured recall."""
    found = []
    for path in sorted((model / FOLDER).glob("*.json")):
        try:
            files, about = files_named_by(path)
            size = sum(file.stat().st_size for file in files.iterdir())
        except DAMAGED as error:
            log.warning("%s: is damaged (%s); the next search with --index faiss builds its files anew", path, error)
        else:
            found.append({"view": path.stem, "bytes": size, **about})
    return found


def damaged_files(model: Path) -> list[Path]:
    """The folders of files in a model's folder that are missing, or not as they were written."""
    damaged = []
    for path in sorted((model / FOLDER).glob("*.json")):
        files = path
        try:
            files, _ = files_named_by(path)
            check_files(files)
        except DAMAGED:
            damaged.append(files)
    return damaged


def unused_files(model: Path) -> list[Path]:
    """The folders of files in a model's folder that no VIEW.json names: an interrupted build has left them."""
    used = set()
    for path in (model / FOLDER).glob("*.json"):
        with contextlib.suppress(*DAMAGED):
            used.add(files_named_by(path)[0])
    return [path for path in sorted((model / FOLDER).glob("[!.]*-*")) if path.is_dir() and path not in used]
