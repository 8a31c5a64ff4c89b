"""The networks of ALCCA: projectors, the two classifiers, and the layer that reverses gradients."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

__all__ = [
    "AdversarialNetwork",
    "GradientReversal",
    "Projector",
    "Representations",
    "in_precision",
    "reverse_gradient",
]

MODALITY_HIDDEN = 50  # the paper's modality classifier is 200 -> 50 -> 2


class GradientReversal(torch.autograd.Function):
    """The identity forwards; backwards it multiplies the gradient by ``-strength``.

    The layers after it minimise the loss, and those before it maximise it: one descent finds the saddle point of
    Eqs. 7 and 8.

    References
    ----------
    Ganin, Y., Lempitsky, V. (2015). Unsupervised domain adaptation by backpropagation. ICML, 1180-1189.
    """

    generate_vmap_rule = True  # several networks may train as one (`alcca.models.batched_training`)

    @staticmethod
    def forward(x: Tensor, strength: float) -> Tensor:
        """Return ``x`` unchanged."""
        return x.view_as(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, float], output: Tensor) -> None:
        """Store the strength for the backward pass."""
        ctx.strength = inputs[1]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """Return the gradient with its sign reversed, times the strength."""
        return -ctx.strength * gradients[0], None


def reverse_gradient(x: Tensor, strength: float = 1.0) -> Tensor:
    """Return ``x``, whose gradient is passed back times ``-strength`` (`GradientReversal`).

    Examples
    --------
    >>> x = torch.ones(2, requires_grad=True)
    >>> reverse_gradient(x, 0.5).sum().backward()
    >>> x.grad
    tensor([-0.5000, -0.5000])
    """
    out: Tensor = GradientReversal.apply(x, strength)  # type: ignore[no-untyped-call]
    return out


def in_precision(network: Callable[..., Sequence[Tensor]], precision: str) -> Callable[..., Sequence[Tensor]]:
    """Make a network multiply in another precision; its outputs stay float32, for the losses.

    Parameters
    ----------
    network : callable
        Maps tensors to tensors of float32.
    precision : {"float32", "bf16"}
        "float32" returns the network itself. "bf16" multiplies in bfloat16 by autocast, forwards and backwards: eight
        bits of mantissa and the exponents of float32, so that gradients need no scaling. Weights stay float32.

    Examples
    --------
    >>> in_precision(lambda x: (x @ x,), "bf16")(torch.tensor([[1.001]]))
    (tensor([[1.]]),)
    """
    if precision == "float32":
        return network

    def lower(*inputs: Tensor) -> tuple[Tensor, ...]:
        with torch.autocast(inputs[0].device.type, dtype=torch.bfloat16):
            outputs = network(*inputs)
        return tuple(out.float() for out in outputs)

    return lower


class Linear(nn.Module):
    """A fully connected layer, x W + b, with W of shape (columns, width).

    torch's own layer stores the transpose of W; with W, both products of a training step with 3,220 columns are a
    quarter faster on a CPU.

    Parameters
    ----------
    columns, width : int
        Inputs and outputs.
    generator : torch.Generator
        Draws the weights (Glorot and Bengio 2010, made for tanh); torch's global generator is not used.

    Examples
    --------
    >>> layer = Linear(3, 2, torch.Generator().manual_seed(0))
    >>> layer(torch.zeros(5, 3)).shape, layer.weight.shape
    (torch.Size([5, 2]), torch.Size([3, 2]))
    """

    def __init__(self, columns: int, width: int, generator: torch.Generator) -> None:
        super().__init__()
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(columns, width), generator=generator))
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        """Map n rows, (n, columns) to (n, width)."""
        return torch.addmm(self.bias, x, self.weight)


class Projector(nn.Sequential):
    """A feed-forward network with tanh after every layer, including the last: f_A or f_T.

    The paper says "three-layer feed-forward neural networks activated by tanh"; its layers are input, hidden and
    output. ACMR, which it follows, also ends with tanh, so both representations lie in the same cube.

    Parameters
    ----------
    columns : int
        Features of the view.
    widths : sequence of int
        Units of each layer; the last is the dimension of the representation.
    generator : torch.Generator
        Draws the initial weights.

    Examples
    --------
    >>> f_T = Projector(300, (200, 200), torch.Generator().manual_seed(0))
    >>> f_T(torch.zeros(5, 300)).shape
    torch.Size([5, 200])
    """

    def __init__(self, columns: int, widths: Sequence[int], generator: torch.Generator) -> None:
        layers: list[nn.Module] = []
        for width in widths:
            layers += [Linear(columns, width, generator), nn.Tanh()]
            columns = width
        super().__init__(*layers)


class Representations(NamedTuple):
    """The outputs of one forward pass for n songs, from which all losses are computed.

    Parameters
    ----------
    audio, lyrics : tensor, shape (n, d)
        f_A(a), f_T(t).
    semantic_audio, semantic_lyrics : tensor, shape (n, C)
        Logits of the C categories.
    modality_audio, modality_lyrics : tensor, shape (n, 2)
        Logits of the modality; their gradient reaches audio and lyrics reversed.
    """

    audio: Tensor
    lyrics: Tensor
    semantic_audio: Tensor
    semantic_lyrics: Tensor
    modality_audio: Tensor
    modality_lyrics: Tensor


class AdversarialNetwork(nn.Module):
    """Both projectors, the semantic classifier and, behind the reversal, the modality classifier D.

    Parameters
    ----------
    columns : (int, int)
        Features of audio and of lyrics.
    hidden : (sequence of int, sequence of int)
        Layers of f_A and f_T; both end in the same dimension d.
    classes : int
        Categories, at least 1.
    generator : torch.Generator
        Draws the initial weights.

    Examples
    --------
    >>> network = AdversarialNetwork((20, 10), ((16, 8), (8,)), 3, torch.Generator().manual_seed(0))
    >>> out = network(torch.zeros(4, 20), torch.zeros(4, 10), strength=1.0)
    >>> out.audio.shape, out.semantic_lyrics.shape, out.modality_audio.shape
    (torch.Size([4, 8]), torch.Size([4, 3]), torch.Size([4, 2]))
    """

    def __init__(
        self,
        columns: tuple[int, int],
        hidden: tuple[Sequence[int], Sequence[int]],
        classes: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        d = hidden[0][-1]
        # In this order the initial projectors do not depend on the classifiers.
        self.audio = Projector(columns[0], hidden[0], generator)
        self.lyrics = Projector(columns[1], hidden[1], generator)
        self.semantic = Linear(d, classes, generator)
        self.modality = nn.Sequential(
            Linear(d, MODALITY_HIDDEN, generator), nn.Tanh(), Linear(MODALITY_HIDDEN, 2, generator)
        )

    def forward(self, audio: Tensor, lyrics: Tensor, strength: float) -> Representations:
        """Represent n songs, audio (n, p) and lyrics (n, q); ``strength`` is the λ of the reversal."""
        a, t = self.audio(audio), self.lyrics(lyrics)  # (n, d), (n, d)
        n = len(a)
        both = torch.cat([a, t])  # (2n, d): one product for both modalities in the classifiers
        semantic, modality = self.semantic(both), self.modality(reverse_gradient(both, strength))
        return Representations(a, t, semantic[:n], semantic[n:], modality[:n], modality[n:])

    def learners(self) -> list[nn.Parameter]:
        """Return θ_A, θ_T and θ_imd."""
        return [p for part in (self.audio, self.lyrics, self.semantic) for p in part.parameters()]

    def projector_weights(self) -> list[nn.Parameter]:
        """Return the W_a and W_t of L_reg."""
        return [layer.weight for part in (self.audio, self.lyrics) for layer in part if isinstance(layer, Linear)]

    def opponents(self) -> list[nn.Parameter]:
        """Return θ_D."""
        return list(self.modality.parameters())
