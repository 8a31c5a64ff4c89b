"""How long one training step of ALCCA takes at the paper's sizes, beside its arithmetic floor and the obvious way.

    python -m benchmarks training_step [--rounds 5] [--device cpu]

The floor is the bare matrix products of one forward and one backward pass. The obvious way computes each of the two
losses from a forward pass of its own, leaves L_reg to autograd and takes torch's default Adam. The four take turns, so
that a busy machine slows all of them alike.
"""

import time
from functools import partial

import numpy as np
import torch
from torch import Tensor

from alcca.models.acmr import ACMR
from alcca.models.losses import adversarial_loss, semantic_loss, triplet_invariance, weight_norm
from alcca.models.networks import AdversarialNetwork, reverse_gradient
from alcca.models.training import TrainingSettings, train
from benchmarks.measuring import Table, make_parser, publish

BATCH, COLUMNS, HIDDEN, CLASSES = 100, (3220, 300), ((1000, 200), (200, 200)), 20
FLOOR, OURS, OBVIOUS = "floor: the matrix products", "alcca", "the obvious way"
STEPS_A_ROUND = 20
STEPS_AT_PAPER_SCALE = 5 * 80 * 200  # five folds of 8,000 songs, 200 epochs


def make_network(device: str) -> AdversarialNetwork:
    """Build the paper's network."""
    return AdversarialNetwork(COLUMNS, HIDDEN, CLASSES, torch.Generator().manual_seed(0)).to(device)


def ours(data: tuple[Tensor, ...], steps: int, precision: str = "float32") -> list[float]:
    """Seconds of each step of the loop that the models use, its bookkeeping included."""
    network, model = make_network(str(data[0].device)), ACMR(precision=precision)
    stamps: list[float] = []

    def objective(batch: tuple[Tensor, ...], progress: float) -> dict[str, Tensor]:
        stamps.append(now(data[0].device))
        return model._losses(network, batch, progress)

    train(
        network,
        objective,
        data,
        TrainingSettings(epochs=steps * BATCH // len(data[0]), batch_size=BATCH, lr=1e-4, regularization=1e-3),
        learners=network.learners(),
        opponents=network.opponents(),
        regularized=network.projector_weights(),
        generator=torch.Generator().manual_seed(0),
    )
    return list(np.diff(stamps))


def obvious(data: tuple[Tensor, ...], steps: int) -> list[float]:
    """Seconds of each step with a forward pass for each loss and default settings."""
    network, margin = make_network(str(data[0].device)), ACMR().margin
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)
    stamps = []
    for step in range(steps):
        stamps.append(now(data[0].device))
        rows = torch.arange(step * BATCH, (step + 1) * BATCH) % len(data[0])
        audio, lyrics, codes = (tensor[rows.to(tensor.device)] for tensor in data)
        a, t = network.audio(audio), network.lyrics(lyrics)
        loss = triplet_invariance(a, t, codes, margin) + semantic_loss(network.semantic(a), network.semantic(t), codes)
        loss = loss + 1e-3 * weight_norm(network.projector_weights())
        a, t = (reverse_gradient(z) for z in (network.audio(audio), network.lyrics(lyrics)))
        loss = loss + adversarial_loss(network.modality(a), network.modality(t))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()
    return list(np.diff(stamps))


def floor(data: tuple[Tensor, ...], steps: int) -> list[float]:
    """Seconds of the matrix products of one step alone: x W forwards, x' g and g W' backwards."""
    device = data[0].device
    shapes = [(BATCH, COLUMNS[0], 1000), (BATCH, 1000, 200), (BATCH, 300, 200), (BATCH, 200, 200)]
    layers = [(torch.randn(n, p), torch.randn(p, q), torch.randn(n, q)) for n, p, q in shapes]
    layers = [tuple(tensor.to(device) for tensor in layer) for layer in layers]
    stamps = []
    for _ in range(steps):
        stamps.append(now(device))
        for number, (x, W, g) in enumerate(layers):
            x @ W
            x.T @ g
            if number in (1, 3):  # inputs need no gradient
                g @ W.T
    return list(np.diff(stamps))


def now(device: torch.device) -> float:
    """Read the clock when the device has done its work."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def main() -> None:
    """Print milliseconds and ratios."""
    parser = make_parser(__doc__, rounds=5)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    generator = torch.Generator().manual_seed(0)
    data = (
        torch.randn(1000, COLUMNS[0], generator=generator),
        torch.randn(1000, COLUMNS[1], generator=generator),
        torch.randint(CLASSES, (1000,), generator=generator),
    )
    data = tuple(tensor.to(options.device) for tensor in data)
    ways = {FLOOR: floor, OURS: ours, f"{OURS}, bf16": partial(ours, precision="bf16"), OBVIOUS: obvious}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(options.rounds):
        for name, way in ways.items():
            seconds[name] += way(data, STEPS_A_ROUND)[2:]  # the first steps allocate what the others reuse
    table = Table(f"a step of {BATCH} songs, the paper's networks, {torch.get_num_threads()} threads")
    table.add(seconds)
    table.aim("the obvious way to alcca", table.ratio(OBVIOUS, OURS), ">=", 1.6)
    table.aim("alcca to the floor", table.ratio(OURS, FLOOR), "<=", 1.3)
    for row in table.rows[1:3]:
        table.facts[f"minutes for {STEPS_AT_PAPER_SCALE:,} such steps, {row.what}"] = (
            row.median * STEPS_AT_PAPER_SCALE / 60
        )
    publish([table], options)


if __name__ == "__main__":
    main()
