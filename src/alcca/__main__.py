"""``python -m alcca`` is the command ``alcca``."""

import sys

from alcca.cli import main

sys.exit(main())
