"""alcca: find lyrics by sound and songs by words.

`Library` is a music collection that can be searched; the estimators (`ALCCA`, `ACMR`, `CCA`, `DCCA` and the other
methods of the paper's comparison) share one contract for two views, and `cross_validate` compares them honestly. Names
are imported when first used, so that ``import alcca`` costs nothing.

Examples
--------
>>> import alcca
>>> alcca.CCA(n_components=2)
CCA(n_components=2)
"""

from importlib import import_module
from typing import TYPE_CHECKING

from alcca._version import __version__

if TYPE_CHECKING:
    from alcca.experiments.dataset import Dataset
    from alcca.experiments.protocol import cross_validate
    from alcca.experiments.results import Results
    from alcca.library.library import Library
    from alcca.lyrics.collection import write_lyrics
    from alcca.matching.heard_words import HeardWords
    from alcca.models.acmr import ACMR
    from alcca.models.alcca import ALCCA
    from alcca.models.cca import CCA
    from alcca.models.clip import CLIP
    from alcca.models.dcca import DCCA, SpotifyDCCA
    from alcca.models.fused import Fused
    from alcca.models.joint_train_dcca import JointTrainDCCA
    from alcca.models.kernel_cca import KernelCCA
    from alcca.models.pretrain_cnn_cca import PretrainCNNCCA
    from alcca.models.pretrain_cnn_dcca import PretrainCNNDCCA
    from alcca.models.rcca import RCCA
    from alcca.models.scoring import CSLS, CorrelationWeighted
    from alcca.persistence.trusted import trust
    from alcca.search.hits import Hit
    from alcca.speech.transcribe_file import transcribe
    from alcca.texts.timed_lyrics import TimedLyrics
    from alcca.timing.align_lyrics import align_lyrics
    from alcca.transcripts import Segment, Transcript

_HOMES = {
    "ACMR": "alcca.models.acmr",
    "ALCCA": "alcca.models.alcca",
    "CCA": "alcca.models.cca",
    "CLIP": "alcca.models.clip",
    "CSLS": "alcca.models.scoring",
    "CorrelationWeighted": "alcca.models.scoring",
    "DCCA": "alcca.models.dcca",
    "Dataset": "alcca.experiments.dataset",
    "Fused": "alcca.models.fused",
    "HeardWords": "alcca.matching.heard_words",
    "Hit": "alcca.search.hits",
    "JointTrainDCCA": "alcca.models.joint_train_dcca",
    "KernelCCA": "alcca.models.kernel_cca",
    "Library": "alcca.library.library",
    "PretrainCNNCCA": "alcca.models.pretrain_cnn_cca",
    "PretrainCNNDCCA": "alcca.models.pretrain_cnn_dcca",
    "RCCA": "alcca.models.rcca",
    "Results": "alcca.experiments.results",
    "Segment": "alcca.transcripts",
    "SpotifyDCCA": "alcca.models.dcca",
    "TimedLyrics": "alcca.texts.timed_lyrics",
    "Transcript": "alcca.transcripts",
    "align_lyrics": "alcca.timing.align_lyrics",
    "cross_validate": "alcca.experiments.protocol",
    "transcribe": "alcca.speech.transcribe_file",
    "trust": "alcca.persistence.trusted",
    "write_lyrics": "alcca.lyrics.collection",
}

__all__ = [
    "ACMR",
    "ALCCA",
    "CCA",
    "CLIP",
    "CSLS",
    "DCCA",
    "RCCA",
    "CorrelationWeighted",
    "Dataset",
    "Fused",
    "HeardWords",
    "Hit",
    "JointTrainDCCA",
    "KernelCCA",
    "Library",
    "PretrainCNNCCA",
    "PretrainCNNDCCA",
    "Results",
    "Segment",
    "SpotifyDCCA",
    "TimedLyrics",
    "Transcript",
    "__version__",
    "align_lyrics",
    "cross_validate",
    "transcribe",
    "trust",
    "write_lyrics",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'alcca' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
