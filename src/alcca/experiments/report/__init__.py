"""Reports of results: text, Markdown, JSON, and a folder of tables, figures and a page."""

from alcca.experiments.report.figures import require_matplotlib
from alcca.experiments.report.folder import write_report
from alcca.experiments.report.prose import comparison_text
from alcca.experiments.report.tables import to_json, to_markdown, to_text, verdicts

__all__ = [
    "comparison_text",
    "require_matplotlib",
    "to_json",
    "to_markdown",
    "to_text",
    "verdicts",
    "write_report",
]
