"""What each of the processes that train together in test_distributed.py does.

python sharing.py RANK PROCESSES MEETING-FILE OUT-FOLDER
"""

import gc
import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from alcca.errors import DataError
from alcca.models.acmr import ACMR
from alcca.models.alcca import ALCCA
from alcca.models.clip import CLIP, info_nce
from alcca.models.correlation import correlation_loss
from alcca.models.dcca import DCCA
from alcca.models.distributed import as_first, by_rows, leave, synchronized
from alcca.models.joint_train_dcca import JointTrainDCCA
from alcca.models.losses import triplet_invariance
from alcca.models.pretrain_cnn_cca import PretrainCNNCCA

N, MOODS = 75, 3
ADVERSARIAL = {"hidden": ((16, 6), (6,)), "epochs": 4, "batch_size": 32, "lr": 1e-2, "device": "cpu"}
CORRELATING = {"n_components": 3, "hidden": (12,), "epochs": 4, "batch_size": 32, "lr": 1e-2, "device": "cpu"}
FRAMES = {"frame_shape": (4, 20), "epochs": 2, "device": "cpu"}
# 75 songs in batches of 32: the last has 11, or joins the one before; neither divides by 2. In batches of 37 the last
# has one song, and the second process nothing of it.
MODELS = {
    "acmr": ACMR(**ADVERSARIAL, margin=2.0),
    "acmr, further steps": ACMR(**ADVERSARIAL, margin=2.0, k=2, opponent_steps=3, validation=0.2),
    "acmr, pairs": ACMR(**(ADVERSARIAL | {"batch_size": 37}), invariance="pair"),
    "alcca": ALCCA(3, **ADVERSARIAL, margin=2.0),
    "dcca": DCCA(**CORRELATING),
    "dcca, stopping early": DCCA(**(CORRELATING | {"epochs": 40, "lr": 0.03}), validation=0.3, patience=2),
    "clip": CLIP(hidden=(12, 4), epochs=4, batch_size=32, lr=1e-2, validation=0.2, device="cpu"),
    "clip, groups": CLIP(hidden=(12, 4), epochs=4, batch_size=32, lr=1e-2, validation=0.2, device="cpu"),
    "cnn": PretrainCNNCCA(3, (8,), batch_size=32, **FRAMES),
    "joint": JointTrainDCCA(3, (8,), features=8, batch_size=32, **FRAMES),
}
WIDTHS = 5, 4, 3


def songs():
    rng = np.random.default_rng(0)
    moods = rng.integers(MOODS, size=N)
    shared = np.eye(MOODS)[moods] + 0.3 * rng.normal(size=(N, MOODS))
    audio = shared @ rng.normal(size=(MOODS, 80)) + rng.normal(size=(N, 80))
    lyrics = shared @ rng.normal(size=(MOODS, 8)) + rng.normal(size=(N, 8))
    return (audio, lyrics), [None if i % 7 == 0 else int(mood) for i, mood in enumerate(moods)]


def fitted(name):
    """Places of all songs and the history of a model, in this process's share of the work."""
    views, moods = songs()
    model = MODELS[name].fit(views, moods, **({"groups": np.arange(N) // 4} if "groups" in name else {}))
    return [*model.transform(views), np.array([list(epoch.values()) for epoch in model.history_])]


def losses():
    """Each loss in which songs of a batch meet, and the gradient of the weights that gave it; 23 songs, in float64."""
    p, q, d = WIDTHS
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.randn(23, columns, generator=generator, dtype=torch.float64) for columns in (p, q))
    y[:, :2] += x[:, :2]
    codes = torch.arange(23) % 4 - 1
    found = []
    for loss in (
        lambda a, t, scale: scale * correlation_loss(a, t, (1e-2, 1e-2)),
        lambda a, t, scale: scale * triplet_invariance(a, t, codes, 2.0),
        lambda a, t, scale: info_nce(a, t, scale),
    ):
        network = nn.Module()
        network.A, network.T = (nn.Linear(columns, d, dtype=torch.float64) for columns in (p, q))
        network.scale = nn.Parameter(torch.tensor(0.7, dtype=torch.float64))
        for weight in (*network.A.parameters(), *network.T.parameters()):
            nn.init.normal_(weight, generator=generator)

        def objective(batch, progress, network=network, loss=loss):
            a, t = by_rows(lambda audio, lyrics: (network.A(audio), network.T(lyrics)), *batch)
            return {"total": loss(a, t, network.scale)}

        shared = synchronized(network, objective)  # averages the gradients for as long as it lives
        total = shared((x, y), 0.0)["total"]
        total.backward()
        found += [total.detach().numpy(), *(weight.grad.numpy() for weight in network.parameters())]
    return found


def told(views, groups=None):
    """The message with which songs, or groups, of one's own are refused."""
    try:
        DCCA(**CORRELATING, validation=0.2).fit(views, groups=groups)
    except DataError as error:
        return str(error)
    return ""


def threads():
    """Names of this process's threads, those of libraries too; none where the system does not say."""
    return [name.read_text().strip() for name in Path("/proc/self/task").glob("*/comm")]


def main():
    rank, processes, meeting, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
    torch.set_num_threads(1)
    gc.disable()  # what is left in cycles stays, as it may at the end of any process
    torch.distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=processes)
    (X, Y), _ = songs()
    own = slice(rank * 30, rank * 30 + 30)
    found = {f"{name}/{i}": array for name in MODELS for i, array in enumerate(fitted(name))}
    found |= {f"losses/{i}": array for i, array in enumerate(losses())}
    MODELS["dcca"].save(out / f"model of {rank}")
    messages = [told((X[own], Y[own])), told((X[::-1], Y[::-1]) if rank else (X, Y))]
    messages.append(told((X, Y), np.arange(N) // (3 + rank)))
    np.savez(out / f"{rank}.npz", **found)
    heard = torch.tensor([float(rank), 5.0])
    as_first(heard)
    during = threads()
    leave()
    said = {"messages": messages, "heard": heard.tolist(), "threads": [during, threads()]}
    (out / f"{rank}.json").write_text(json.dumps(said))


if __name__ == "__main__":
    main()
