"""Where the decoder looks in a sound when it writes given tokens: the attention of the heads that follow the sound.

CTranslate2 returns one path through this attention, by dynamic time warping, which gives each pause to the word behind
it. The attention itself tells when each token begins, so this computes it from the same weights and encodings.
"""

import json
import math
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from alcca.errors import SpeechModelError

if TYPE_CHECKING:
    import torch

__all__ = ["CrossAttention"]

DECODER = "decoder/"
# The number types of CTranslate2's files; 5 is bfloat16, the upper half of a float32.
TYPES: dict[int, np.dtype[Any]] = {
    0: np.dtype("<f4"),
    1: np.dtype("<i1"),
    2: np.dtype("<i2"),
    3: np.dtype("<i4"),
    4: np.dtype("<f2"),
}
BFLOAT16 = 5
EPSILON = 1e-5
# From the model "medium" on.
LARGE_WIDTH = 1_000


class CrossAttention:
    """The decoder of a Whisper model, as far as its cross-attention needs it. Threads may share it.

    The weights are read when they are needed first: 150 MB of memory with the base model.

    Parameters
    ----------
    folder : path
        Of a model that was converted for CTranslate2.

    References
    ----------
    Radford et al.: Robust Speech Recognition via Large-Scale Weak Supervision, 2022 (arXiv 2212.04356). The heads whose
    attention follows the sound are those that openai/whisper names for each model; the model's folder has them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._weights: dict[str, torch.Tensor] | None = None
        self._heads: list[tuple[int, int]] = []
        self._loading = threading.Lock()

    def attend(
        self, features: NDArray[np.float32], tokens: Sequence[int], prompt: Sequence[int]
    ) -> NDArray[np.float32]:
        """The attention when each token is to be written.

        Parameters
        ----------
        features : array of shape (n_steps, width)
            The encoder's output, a step for each 20 ms.
        tokens : sequence of int
        prompt : sequence of int
            The tokens before them, at least one.

        Returns
        -------
        array of shape (len(tokens), n_steps)
            The mean of the heads; each row sums to 1.

        Raises
        ------
        SpeechModelError
            The weights cannot be read.
        """
        import torch
        from torch.nn.functional import gelu, layer_norm, linear, scaled_dot_product_attention

        weights = self._loaded()
        # The last token is attended to when the one before it has been read.
        read = [*prompt, *tokens[:-1]]
        first, number = len(prompt) - 1, len(read)
        width = features.shape[1]
        by_layer = {layer: [head for at, head in self._heads if at == layer] for layer, _ in self._heads}

        def normed(values: "torch.Tensor", name: str) -> "torch.Tensor":
            return layer_norm(values, (width,), weights[f"{name}/gamma"], weights[f"{name}/beta"], EPSILON)

        def through(values: "torch.Tensor", name: str, rows: slice = slice(None)) -> "torch.Tensor":
            return linear(values, weights[f"{name}/weight"][rows], weights[f"{name}/bias"][rows])

        def parted(values: "torch.Tensor") -> "torch.Tensor":
            return values.view(len(values), self._number_of_heads, -1).transpose(0, 1)

        def joined(values: "torch.Tensor") -> "torch.Tensor":
            return values.transpose(0, 1).reshape(number, width)

        total = torch.zeros(number - first, len(features))
        with torch.inference_mode(), _threads_for(width):
            sound = torch.from_numpy(np.ascontiguousarray(features, dtype=np.float32))
            state = weights["embeddings/weight"][read].float() + weights["position_encodings/encodings"][:number]
            for layer in range(max(by_layer) + 1):
                own, cross, inner = (f"layer_{layer}/{part}" for part in ("self_attention", "attention", "ffn"))
                inputs = through(normed(state, f"{own}/layer_norm"), f"{own}/linear_0")
                query, key, value = (parted(inputs[:, width * i : width * (i + 1)]) for i in range(3))
                seen = scaled_dot_product_attention(query, key, value, is_causal=True)
                state = state + through(joined(seen), f"{own}/linear_1")
                query = parted(through(normed(state, f"{cross}/layer_norm"), f"{cross}/linear_0"))
                key = parted(through(sound, f"{cross}/linear_1", slice(width)))
                looks = (query @ key.transpose(1, 2) / math.sqrt(query.shape[2])).softmax(-1)
                total += looks[by_layer.get(layer, []), first:].sum(0)
                if layer == max(by_layer):
                    break
                value = parted(through(sound, f"{cross}/linear_1", slice(width, None)))
                state = state + through(joined(looks @ value), f"{cross}/linear_2")
                hidden = gelu(through(normed(state, f"{inner}/layer_norm"), f"{inner}/linear_0"))
                state = state + through(hidden, f"{inner}/linear_1")
        attention: NDArray[np.float32] = (total / len(self._heads)).numpy()
        return attention

    @property
    def _number_of_heads(self) -> int:
        return int(self._loaded()["num_heads"])

    def _loaded(self) -> dict[str, "torch.Tensor"]:
        with self._loading:
            if self._weights is None:
                try:
                    weights = _read(self._folder / "model.bin")
                    self._heads = _heads(self._folder / "config.json", weights)
                except (OSError, ValueError, KeyError, IndexError, struct.error) as error:
                    raise SpeechModelError(
                        f"{self._folder}: the speech model's decoder cannot be read ({error}); download it again"
                    ) from error
                self._weights = weights
            return self._weights


@contextmanager
def _threads_for(width: int) -> Iterator[None]:
    """One thread for small models, whose matrices take less time than waiting for other threads on a busy machine."""
    import torch

    before = torch.get_num_threads()
    if width < LARGE_WIDTH:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _heads(config: Path, weights: dict[str, Any]) -> list[tuple[int, int]]:
    named = json.loads(config.read_text(encoding="utf-8")).get("alignment_heads")
    if named:
        return [(int(layer), int(head)) for layer, head in named]
    # As CTranslate2 and openai/whisper: all heads of the upper half.
    layers = 1 + max(int(name.split("/")[0][6:]) for name in weights if name.startswith("layer_") and name[6].isdigit())
    return [(layer, head) for layer in range(layers // 2, layers) for head in range(int(weights["num_heads"]))]


def _read(path: Path) -> dict[str, "torch.Tensor"]:
    """The decoder's weights, in float32; the embeddings, of which few are used, in their own type."""
    import torch

    found: dict[str, NDArray[Any]] = {}
    with path.open("rb") as file:
        version = _number(file, "I")
        if version > 1:
            _name(file), _number(file, "I")
        for _ in range(_number(file, "I")):
            name = _name(file)
            shape = [_number(file, "I") for _ in range(_number(file, "B"))]
            kind, size = (_number(file, "B"), _number(file, "I")) if version > 3 else (0, 0)
            if name.startswith(DECODER):
                found[name.removeprefix(DECODER)] = _values(file.read(size), kind).reshape(shape)
            else:
                file.seek(size, 1)
    weights = {}
    for name, values in found.items():
        if name.endswith("_scale"):
            continue
        if values.dtype == np.int8 and f"{name}_scale" in found:
            # A scale for each row.
            scales = found[f"{name}_scale"].astype(np.float32)
            values = (values / scales.reshape(-1, *[1] * (values.ndim - 1))).astype(np.float32)
        if values.dtype == np.float16 and name != "embeddings/weight":
            values = values.astype(np.float32)
        weights[name] = torch.from_numpy(np.array(values))
    return weights


def _values(data: bytes, kind: int) -> NDArray[Any]:
    if kind == BFLOAT16:
        return (np.frombuffer(data, dtype="<u2").astype(np.uint32) << 16).view(np.float32)
    values: NDArray[Any] = np.frombuffer(data, dtype=TYPES[kind])
    return values


def _number(file: BinaryIO, kind: str) -> int:
    (number,) = struct.unpack(f"<{kind}", file.read(struct.calcsize(f"<{kind}")))
    return int(number)


def _name(file: BinaryIO) -> str:
    return file.read(_number(file, "H")).rstrip(b"\0").decode()
