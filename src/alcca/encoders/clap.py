"""Sound by a CLAP model, which was trained to tell which words describe a sound."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from alcca.encoders.encoder import AudioEncoder
from alcca.encoders.pretrained import Pretrained
from alcca.errors import DataError
from alcca.songs.audio import SLICE_SECONDS

__all__ = ["ClapEncoder"]


class ClapEncoder(Pretrained, AudioEncoder):
    """The mean of the vectors that CLAP gives to the parts of a slice; needs the extra ``clap``.

    A model hears a few seconds at a time (most of them 10), and of a longer recording a piece at random. Here a slice
    is cut into such pieces, the last of them filled up with silence, so that the same sound gets the same vector but
    for rounding. Pieces of silence alone, as behind a short recording, are left out of the mean.

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
    def sample_rate(self) -> int:  # type: ignore[override]  # the model says it
        """Samples per second that the model wants."""
        return int(self._network()[1].sampling_rate)

    @property
    def shape(self) -> tuple[int, ...]:
        """(d,), as the model has it."""
        return (int(self._network()[0].config.projection_dim),)

    def encode(self, recordings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Vectors of recordings (n, samples), shape (n, d); DataError for another number of dimensions."""
        import torch

        recordings = np.asarray(recordings, np.float32)
        if recordings.ndim != 2 or not recordings.shape[1]:
            raise DataError(f"clap reads samples of shape (n, samples), got {recordings.shape}")
        network, extractor = self._network()
        size = int(extractor.nb_max_samples)
        missing = -recordings.shape[1] % size
        pieces = np.pad(recordings, ((0, 0), (0, missing))).reshape(-1, size)
        heard = extractor(list(pieces), sampling_rate=extractor.sampling_rate, return_tensors="pt")
        with torch.inference_mode():
            # Where no piece is longer than the model hears, the extractor declares one at random to be so.
            made = network.get_audio_features(
                input_features=heard["input_features"], is_longer=torch.zeros_like(heard["is_longer"])
            )
        vectors = getattr(made, "pooler_output", made).numpy()
        # The silence behind a short recording says nothing of it.
        sounds = pieces.any(axis=1).reshape(len(recordings), -1)
        sounds |= ~sounds.any(axis=1, keepdims=True)
        weights = sounds / sounds.sum(axis=1, keepdims=True)
        return np.asarray(np.einsum("np,npd->nd", weights, vectors.reshape(*weights.shape, -1)), np.float32)

    def prepare(self) -> None:
        """Load the model, and let it hear half a minute of next to nothing."""
        self.encode(np.full((1, round(SLICE_SECONDS * self.sample_rate)), 1e-3, np.float32))

    def _network(self) -> tuple[Any, Any]:
        if not hasattr(self, "_loaded"):
            from transformers import ClapFeatureExtractor, ClapModel

            network: Any = ClapModel.from_pretrained(self.model)
            self._loaded = network.eval(), ClapFeatureExtractor.from_pretrained(self.model)
        return self._loaded
