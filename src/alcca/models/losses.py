"""The losses of the paper's Section 2.3, each a mean over the songs of a batch.

Means instead of the paper's sums, so that the weight of a loss does not depend on the batch size.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, relu

__all__ = [
    "adversarial_loss",
    "pair_invariance",
    "semantic_loss",
    "triplet_invariance",
    "weight_norm",
    "weight_norm_decay",
]

UNLABELLED = -1
AUDIO, LYRICS = 0, 1


def semantic_loss(logits_a: Tensor, logits_t: Tensor, codes: Tensor) -> Tensor:
    r"""Intra-modal discrimination: how badly the representations predict the categories of their songs.

    .. math:: L_{imd} = -\frac{1}{n} \sum_i y_i \cdot \left(\log \hat p(a_i) + \log \hat p(t_i)\right)

    Eq. 1 as in Wang et al. (2017); the paper prints Eq. 6 in its place.

    Parameters
    ----------
    logits_a, logits_t : tensor, shape (n, C)
        Outputs of the semantic classifier for audio and lyrics.
    codes : tensor of int64, shape (n,)
        Categories 0 to C - 1. Songs with -1 have none: n counts only the others, and if there are none the loss is 0.

    Examples
    --------
    >>> semantic_loss(torch.zeros(3, 2), torch.zeros(3, 2), torch.tensor([0, 1, -1]))  # 2 log 2
    tensor(1.3863)
    """
    n: Tensor = (codes != UNLABELLED).sum().clamp(min=1)
    both, labels = torch.cat([logits_a, logits_t]), torch.cat([codes, codes])
    loss: Tensor = cross_entropy(both, labels, ignore_index=UNLABELLED, reduction="sum") / n
    return loss


def pair_invariance(a: Tensor, t: Tensor) -> Tensor:
    r"""Inter-modal invariance as in Eqs. 3 and 4: the distance of each pair, in both directions.

    .. math:: L_{imi} = \frac{1}{n} \sum_i \left(\|a_i - t_i\|_2 + \|t_i - a_i\|_2\right)

    Parameters
    ----------
    a, t : tensor, shape (n, d)
        Representations of audio and lyrics.

    Examples
    --------
    >>> pair_invariance(torch.tensor([[0.0, 3.0]]), torch.tensor([[4.0, 0.0]]))
    tensor(10.)
    """
    # torch takes 0 as the norm's gradient where it is undefined, at a pair that coincides.
    loss: Tensor = 2 * torch.linalg.vector_norm(a - t, dim=1).mean()
    return loss


def triplet_invariance(a: Tensor, t: Tensor, codes: Tensor, margin: float, negative_weight: float = 1.0) -> Tensor:
    r"""Inter-modal invariance of Wang et al. (2017): pairs close, items of other categories a margin away.

    .. math:: L_{imi} = \frac{1}{n} \sum_i 2 \|a_i - t_i\|_2 + \frac{\nu}{|N|} \sum_{(i, k) \in N}
              \left(\max(0, \mu - \|a_i - t_k\|_2) + \max(0, \mu - \|t_i - a_k\|_2)\right)

    N holds the ordered pairs of songs in the batch that differ in category. All of them are used, while the original
    samples; both directions then sum the same distances.

    Parameters
    ----------
    a, t : tensor, shape (n, d)
        Representations of audio and lyrics.
    codes : tensor of int64, shape (n,)
        Categories; a song with -1 is a category of its own. In a batch of one category N is empty, and there is no
        second term.
    margin : float
        μ, at least 0, in units of the distance: two points of the cube [-1, 1]^200 are at most 28 apart.
    negative_weight : float
        ν, at least 0 (λ in the original, which here is the strength of the reversal).

    Examples
    --------
    >>> a, t = torch.tensor([[0.0], [1.0]]), torch.tensor([[0.5], [1.0]])
    >>> triplet_invariance(a, t, torch.tensor([0, 1]), margin=2.0)
    tensor(3.)
    """
    negative = (codes[:, None] != codes) | (codes == UNLABELLED)  # (n, n)
    negative = negative & ~torch.eye(len(codes), dtype=torch.bool, device=codes.device)
    # |a_i - t_k|^2 = |a_i|^2 + |t_k|^2 - 2 a_i t_k: a product instead of n^2 differences of d numbers. The clamp
    # keeps the square root's gradient finite where rounding gives 0 or less.
    squares = (a * a).sum(1)[:, None] + (t * t).sum(1) - 2 * a @ t.T
    hinge = relu(margin - squares.clamp(min=1e-12).sqrt())
    spread = 2 * (hinge * negative).sum() / negative.sum().clamp(min=1)
    loss: Tensor = pair_invariance(a, t) + negative_weight * spread
    return loss


def weight_norm(weights: Iterable[Tensor]) -> Tensor:
    r"""Sum of the Frobenius norms of the layers' weights, Eq. 5: norms, not their squares; no biases.

    .. math:: L_{reg} = \sum_l \left(\|W_a^l\|_F + \|W_t^l\|_F\right)

    Parameters
    ----------
    weights : iterable of tensors
        The weight matrices of both projectors.

    Examples
    --------
    >>> weight_norm([torch.ones(2, 2), torch.tensor([[3.0, 4.0]])])
    tensor(7.)
    """
    return torch.stack([torch.linalg.vector_norm(W) for W in weights]).sum()


@torch.no_grad()
def weight_norm_decay(weights: Sequence[Tensor], regularization: float) -> tuple[Tensor, list[float]]:
    r"""Return `weight_norm`, and for each matrix the weight decay with the same gradient.

    .. math:: \nabla_W \, \gamma \|W\|_F = \frac{\gamma}{\|W\|_F} W

    so an optimiser that adds decay · W to the gradient minimises L_reg in a pass that it makes anyway. Autograd's
    gradient takes four more passes over three million weights, a fifth of a training step.

    Parameters
    ----------
    weights : sequence of tensors
    regularization : float
        γ.

    Examples
    --------
    >>> norm, (decay,) = weight_norm_decay([torch.tensor([[3.0, 4.0]])], 10.0)
    >>> norm, decay
    (tensor(5.), 2.0)
    """
    norms = torch.stack([torch.linalg.vector_norm(W) for W in weights])
    # If all weights are 0 the norm has no gradient; 0 is in its subdifferential.
    return norms.sum(), [regularization / max(norm, torch.finfo(norms.dtype).tiny) for norm in norms.tolist()]


def adversarial_loss(logits_a: Tensor, logits_t: Tensor) -> Tensor:
    r"""Cross-entropy of the modality classifier D, Eq. 6.

    .. math:: L_{adv} = -\frac{1}{n} \sum_i \left(\log D(a_i) + \log(1 - D(t_i))\right)

    D(x) is the probability that x comes from audio: the first of two outputs after softmax.

    Parameters
    ----------
    logits_a, logits_t : tensor, shape (n, 2)
        Outputs of D for audio and lyrics.

    Examples
    --------
    >>> adversarial_loss(torch.zeros(1, 2), torch.zeros(1, 2))  # a classifier that guesses: 2 log 2
    tensor(1.3863)
    """
    m = torch.full((len(logits_a),), AUDIO, device=logits_a.device)
    return cross_entropy(logits_a, m) + cross_entropy(logits_t, torch.full_like(m, LYRICS))
