"""Ranks of the right items, nearest items, and metrics of ranks: MRR1, recall@N, median rank, and chance levels.

Everything here works on arrays and is independent of songs, files and models.

Imports from: errors.
"""

from alcca.retrieval.evidence import CosineEvidence, cosine_evidence
from alcca.retrieval.metrics import (
    Chance,
    chance_median_rank,
    chance_mrr1,
    chance_recall_at,
    median_rank,
    mrr1,
    recall_at,
)
from alcca.retrieval.ranking import category_ranks, cosines, instance_ranks, row_norms, top_k
from alcca.retrieval.scores import score_category_ranks, score_instance_ranks

__all__ = [
    "Chance",
    "CosineEvidence",
    "category_ranks",
    "chance_median_rank",
    "chance_mrr1",
    "chance_recall_at",
    "cosine_evidence",
    "cosines",
    "instance_ranks",
    "median_rank",
    "mrr1",
    "recall_at",
    "row_norms",
    "score_category_ranks",
    "score_instance_ranks",
    "top_k",
]
