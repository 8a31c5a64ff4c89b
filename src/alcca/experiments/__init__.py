"""Comparisons of methods: data, grouped folds, cross-validation, per-query results, statistics and reports.

Imports from: cleaning, encoders, errors, features, matching, metadata, models, persistence, progress, retrieval, songs,
specification, texts, transcripts, workers.
"""

from alcca.experiments.dataset import Dataset
from alcca.experiments.folds import grouped_folds, song_groups
from alcca.experiments.methods import make_method, method_names
from alcca.experiments.protocol import cross_validate
from alcca.experiments.results import Results

__all__ = [
    "Dataset",
    "Results",
    "cross_validate",
    "grouped_folds",
    "make_method",
    "method_names",
    "song_groups",
]
