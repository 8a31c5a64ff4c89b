"""What is kept on disk: arrays as safetensors, everything else as JSON, never pickle; a SHA-256 of every file.

`files.py` writes files and folders whole or not at all and checks what is read again, `disk.py` tells a full disk from
a fault, `state.py` keeps fitted states, `attributes.py` objects of other packages, and `trusted.py` says whose code may
run for what was kept.

Imports from: errors.
"""

from alcca.persistence.disk import DISK_FULL, disk_error
from alcca.persistence.files import replace_file
from alcca.persistence.state import load_state, plain, save_state

__all__ = ["DISK_FULL", "disk_error", "load_state", "plain", "replace_file", "save_state"]
