"""Which warnings a command shows: ours, in one line each; those of libraries only with ``--debug``."""

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator
from typing import Any

__all__ = ["quiet_libraries"]

OURS = r"alcca\b"
# For processes that are started; theirs of the other kinds are about what is computed.
IN_PROCESSES = ",".join(
    f"ignore::{kind}"
    for kind in (
        "RuntimeWarning",
        "FutureWarning",
        "DeprecationWarning",
        "UserWarning:joblib.externals.loky.backend.resource_tracker",
    )
)


@contextlib.contextmanager
def quiet_libraries(debug: bool) -> Iterator[None]:
    """Show no warnings of libraries and decoders inside, unless ``debug`` or the user's own settings ask for them."""
    variable, value = ("ALCCA_DEBUG", "1") if debug else ("PYTHONWARNINGS", IN_PROCESSES)
    before = os.environ.get(variable)
    with warnings.catch_warnings():
        if debug or not sys.warnoptions:
            os.environ[variable] = value
        if not debug and not sys.warnoptions:
            warnings.simplefilter("ignore")
            warnings.filterwarnings("default", category=UserWarning, module=OURS)
            warnings.showwarning = _show
        try:
            yield
        finally:
            if before is None:
                os.environ.pop(variable, None)
            else:
                os.environ[variable] = before


def _show(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"alcca: {' '.join(str(message).split())}", file=sys.stderr)
