"""Ranks of the right items, nearest items, metrics of ranks (MRR1, recall@N, mAP, nDCG), hubness, and chance levels.

Everything here works on arrays and is independent of songs, files and models.

Imports from: errors.
"""

from alcca.retrieval.category import CategoryMeasures, category_measures, score_category_measures
from alcca.retrieval.evidence import CosineEvidence, cosine_evidence
from alcca.retrieval.hubness import chance_hubness, hubness, k_occurrences, score_k_occurrences
from alcca.retrieval.metrics import (
    Chance,
    average_precisions,
    average_precisions_at_r,
    chance_median_rank,
    chance_mrr1,
    chance_recall_at,
    mean_average_precision,
    mean_average_precision_at_r,
    median_rank,
    mrr1,
    recall_at,
)
from alcca.retrieval.ndcg import chance_ndcg_at, ndcgs_at, score_ndcgs_at
from alcca.retrieval.ranking import category_ranks, cosines, instance_ranks, row_norms, top_k
from alcca.retrieval.relevant import relevant_ranks, score_order, score_relevant_ranks, shared_labels
from alcca.retrieval.scores import score_category_ranks, score_instance_ranks

__all__ = [
    "CategoryMeasures",
    "Chance",
    "CosineEvidence",
    "average_precisions",
    "average_precisions_at_r",
    "category_measures",
    "category_ranks",
    "chance_hubness",
    "chance_median_rank",
    "chance_mrr1",
    "chance_ndcg_at",
    "chance_recall_at",
    "cosine_evidence",
    "cosines",
    "hubness",
    "instance_ranks",
    "k_occurrences",
    "mean_average_precision",
    "mean_average_precision_at_r",
    "median_rank",
    "mrr1",
    "ndcgs_at",
    "recall_at",
    "relevant_ranks",
    "row_norms",
    "score_category_measures",
    "score_category_ranks",
    "score_instance_ranks",
    "score_k_occurrences",
    "score_ndcgs_at",
    "score_order",
    "score_relevant_ranks",
    "shared_labels",
    "top_k",
]
