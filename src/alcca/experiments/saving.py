"""Files of the scores of each fit: run files and qrels of TREC, and the scores and embeddings themselves."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from alcca.experiments.fold_scores import FoldScores, write_scores
from alcca.experiments.keys import digest
from alcca.experiments.rank_tables import Fit
from alcca.experiments.trec import Pool, trec_name, write_trec
from alcca.retrieval.ranking import is_labelled

__all__ = ["ScoreFiles", "fit_place", "song_names"]

# Some file systems take these for something else.
UNSAFE = re.compile(r'^\.|[\\/:*?"<>|%\x00-\x1f\x7f\ud800-\udfff]')
# File systems take names of at most 255 bytes.
LONGEST = 200
DISTRACTOR = "distractor "


class ScoreFiles(NamedTuple):
    """The folders in which the scores of fits are written, as they are done; controls have none.

    Parameters
    ----------
    runs : Path or None
        For run files and qrels of TREC (`alcca.experiments.trec.write_trec`), one folder for each fit.
    scores : Path or None
        For ``.npz`` files of scores and embeddings, one for each fit.
    names : sequence of n str
        The songs of the data set, all different.
    labels : sequence of n, optional
        Their labels.
    others : (int, int)
        The numbers of recordings and of lyrics that match no song.
    """

    runs: Path | None
    scores: Path | None
    names: Sequence[str]
    labels: Sequence[object] | None
    others: tuple[int, int] = (0, 0)

    @property
    def wanted(self) -> bool:
        """Whether any are."""
        return self.runs is not None or self.scores is not None

    def write(self, fit: Fit, songs: NDArray[np.integer], scores: FoldScores) -> None:
        """Write the files of a fit, whose test songs are those rows of the data set."""
        rows = songs.tolist()
        names = [self.names[row] for row in rows]
        labels = None if self.labels is None else [self.labels[row] for row in rows]
        audio, lyrics = (
            [f"{DISTRACTOR}{kind} {i}" for i in range(count)]
            for kind, count in zip(("recording", "lyrics"), self.others, strict=True)
        )
        if self.runs is not None:
            pool = Pool(scores.by_audio, names, labels, audio, lyrics, by_lyrics=scores.by_lyrics, tie=scores.tie)
            write_trec(self.runs / fit_place(fit), pool, tag=trec_name(fit.method))
        if self.scores is not None:
            path = self.scores / f"{fit_place(fit)}.npz"
            path.parent.mkdir(parents=True, exist_ok=True)
            more = {"songs": np.array(rows), "ids": _texts(names)}
            if labels is not None:
                more["labels"] = _texts([str(label) if is_labelled(label) else "" for label in labels])
            write_scores(path, scores, **more)


def fit_place(fit: Fit) -> str:
    """The place of the files of a fit in their folder: method, seed and fold.

    Examples
    --------
    >>> fit_place(Fit("fused:alcca", False, 3, 0))
    'fused%3Aalcca/seed-0/fold-3'
    """
    name = UNSAFE.sub(lambda found: quote(found[0], safe="", errors="surrogatepass").replace(".", "%2E"), fit.method)
    if len(name.encode()) > LONGEST:
        name = name.encode()[: LONGEST // 2].decode(errors="ignore") + "-" + digest(name.encode())
    return f"{name}/seed-{fit.seed}/fold-{fit.fold}"


def song_names(ids: Sequence[str]) -> list[str]:
    """Names of songs that are all different: their ids, with their rows before them if ids are empty or equal.

    Examples
    --------
    >>> song_names(["Summertime", "Yesterday"]), song_names(["Summertime", "Summertime"])
    (['Summertime', 'Yesterday'], ['0 Summertime', '1 Summertime'])
    """
    unlike = all(ids) and len(set(ids)) == len(ids) and not any(name.startswith(DISTRACTOR) for name in ids)
    return list(ids) if unlike else [f"{row} {name}" for row, name in enumerate(ids)]


def _texts(texts: Sequence[str]) -> NDArray[np.str_]:
    # NumPy's texts have surrogates, but no NUL at their end.
    return np.array([text.replace("\x00", "\ufffd") for text in texts], dtype=str)
