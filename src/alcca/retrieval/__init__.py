"""Ranks of the right items, nearest items, and what the ranks are worth: MRR1, recall@N, median rank, chance.

Everything here takes arrays and knows nothing of songs, files or models.
"""

from alcca.retrieval.metrics import (
    chance_median_rank,
    chance_mrr1,
    chance_recall_at,
    median_rank,
    mrr1,
    recall_at,
)
from alcca.retrieval.ranking import category_ranks, instance_ranks, row_norms, top_k

__all__ = [
    "category_ranks",
    "chance_median_rank",
    "chance_mrr1",
    "chance_recall_at",
    "instance_ranks",
    "median_rank",
    "mrr1",
    "recall_at",
    "row_norms",
    "top_k",
]
