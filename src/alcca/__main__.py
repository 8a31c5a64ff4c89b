"""``python -m alcca`` is the command ``alcca``."""

import sys

from alcca.cli.main import main

sys.exit(main())
