"""Run a benchmark: ``python -m benchmarks NAME [options]``, or the quick ones: ``python -m benchmarks all``.

Each compares alcca with what else a user would take and with the floor, in one run; see docs/benchmarks.md.
"""

import ast
import os
import runpy
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

# What needs no songs and takes minutes in all, in the order of a song's way.
QUICK = ("features", "doc2vec", "training_step", "cca", "ranking", "engines", "startup")
HELPERS = ("__init__", "__main__", "encoding_texts", "harder", "listened", "measuring", "mishearing")


def main(arguments: Sequence[str]) -> int:
    """Run what is named; the exit code."""
    known = {path.stem: path for path in sorted(Path(__file__).parent.glob("*.py")) if path.stem not in HELPERS}
    name, *rest = arguments or ["--help"]
    if name in ("-h", "--help"):
        print(__doc__)
        for one, path in known.items():
            about = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").splitlines()[0]
            print(f"  {one:<16}{about}")
        return 0
    if name == "all":
        folder = Path(rest[0] if rest else "bench")
        for one in QUICK:
            print(f"# {one}\n", flush=True)
            # A process each: the peak of one's memory is not another's. faiss is at its best with one thread.
            threads = {"OMP_NUM_THREADS": "1"} if one == "engines" else {}
            command = [sys.executable, "-m", "benchmarks", one, "--json", folder / f"{one}.json"]
            subprocess.run(command, check=True, env=os.environ | threads)
        return 0
    name = name.replace("-", "_")
    if name not in known:
        print(f"no benchmark is called {name!r}; there are {', '.join(known)}, and all", file=sys.stderr)
        return 2
    sys.argv[1:] = rest
    # As the main module, so that processes that it starts find its functions.
    runpy.run_module(f"benchmarks.{name}", run_name="__main__", alter_sys=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
