"""Data on disk: arrays as safetensors, everything else as JSON, never pickle; with a SHA-256 of every file.

`files.py` writes files and folders atomically and checks them when they are read, `disk.py` distinguishes a full disk
from other faults, `state.py` saves fitted states, `attributes.py` objects of other packages, `classes.py` their
classes, and `trusted.py` lists whose code may run for saved data.

Imports from: errors.
"""

from alcca.persistence.disk import DISK_FULL, disk_error
from alcca.persistence.files import create_file, replace_file
from alcca.persistence.state import load_state, plain, save_state

__all__ = ["DISK_FULL", "create_file", "disk_error", "load_state", "plain", "replace_file", "save_state"]
