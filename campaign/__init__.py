"""Faults on purpose, and counts of what alcca makes of them: ``python -m campaign --help``."""
