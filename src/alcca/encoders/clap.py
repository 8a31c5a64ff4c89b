"""Audio vectors of a CLAP model, which was trained to match sounds with descriptions in words."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from alcca.encoders.encoder import AudioEncoder
from alcca.encoders.pretrained import Pretrained
from alcca.errors import DataError
from alcca.songs.audio import SLICE_SECONDS

__all__ = ["ClapEncoder"]


class ClapEncoder(Pretrained, AudioEncoder):
    """The mean of the vectors that CLAP gives to the pieces of a slice; needs the extra ``clap``.

    A model takes a few seconds at a time (most take 10), and a random piece of a longer recording. Here a slice is cut
    into such pieces, the last one padded with silence, so that the same audio gets the same vector up to rounding.
    Pieces of silence only, as after a short recording, are excluded from the mean.

    Parameters
    ----------
    model : str
        A model's folder, or its name on the hub, such as ``laion/clap-htsat-unfused`` or ``laion/larger_clap_music``.

    References
    ----------
    Wu, Chen, Zhang, Hui, Berg-Kirkpatrick, Dubnov: Large-scale contrastive language-audio pretraining with feature
    fusion and keyword-to-caption augmentation. ICASSP 2023.
    """

    name = "clap"
    package: ClassVar[str] = "transformers"
    extra: ClassVar[str] = "clap"

    @property
    def sample_rate(self) -> int:  # type: ignore[override]  # depends on the model
        """Samples per second of the model's input."""
        return int(self._network()[1].sampling_rate)

    @property
    def shape(self) -> tuple[int, ...]:
        """(d,), given by the model."""
        return (int(self._network()[0].config.projection_dim),)

    def encode(self, recordings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Encode recordings (n, samples) to vectors (n, d); DataError for another number of dimensions."""
        import torch

        recordings = np.asarray(recordings, np.float32)
        if recordings.ndim != 2 or not recordings.shape[1]:
            raise DataError(f"clap reads samples of shape (n, samples), got {recordings.shape}")
        network, extractor = self._network()
        size = int(extractor.nb_max_samples)
        missing = -recordings.shape[1] % size
        pieces = np.pad(recordings, ((0, 0), (0, missing))).reshape(-1, size)
        inputs = extractor(list(pieces), sampling_rate=extractor.sampling_rate, return_tensors="pt")
        with torch.inference_mode():
            # If no piece is longer than the model's input, the extractor marks a random one as longer.
            output = network.get_audio_features(
                input_features=inputs["input_features"], is_longer=torch.zeros_like(inputs["is_longer"])
            )
        vectors = getattr(output, "pooler_output", output).numpy()
        # The silence after a short recording does not describe it.
        sounds = pieces.any(axis=1).reshape(len(recordings), -1)
        sounds |= ~sounds.any(axis=1, keepdims=True)
        weights = sounds / sounds.sum(axis=1, keepdims=True)
        return np.asarray(np.einsum("np,npd->nd", weights, vectors.reshape(*weights.shape, -1)), np.float32)

    def prepare(self) -> None:
        """Load the model, and encode half a minute of near silence."""
        self.encode(np.full((1, round(SLICE_SECONDS * self.sample_rate)), 1e-3, np.float32))

    def _network(self) -> tuple[Any, Any]:
        if not hasattr(self, "_loaded"):
            from transformers import ClapFeatureExtractor, ClapModel

            network: Any = ClapModel.from_pretrained(self.model)
            self._loaded = network.eval(), ClapFeatureExtractor.from_pretrained(self.model)
        return self._loaded
