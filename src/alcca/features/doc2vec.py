"""Doc2Vec vectors of lyrics, the paper's text feature, reproducible to the bit.

gensim's Doc2Vec draws the start of an inferred vector from Python's ``hash`` of the text, which differs between
processes, and the negative samples from a generator whose state depends on all earlier inferences. Here both come from
a checksum of the words and the seed, so that a vector depends only on the text and the model.
"""

import copy
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError, NotFittedError
from alcca.persistence import load_state, save_state
from alcca.progress import Progress
from alcca.songs.lyrics import tokenize

__all__ = ["Doc2VecFeatures"]

# gensim's own learning rates, needed here because inference repeats them.
ALPHA, MIN_ALPHA = 0.025, 0.0001


class Doc2VecFeatures:
    """Paragraph vectors of lyrics (PV-DBOW with negative sampling).

    Distributed bag of words is used because on 600 songs it is fitted in 2.7 s (distributed memory: 3.9 s), infers a
    document of 250 words in 8 ms (11 ms), and was better for whole documents in Lau and Baldwin's comparison. It needs
    no word vectors, which are neither trained nor stored.

    Parameters
    ----------
    vector_size : int
        Length of a song's vector, > 0.
    epochs : int
        Passes over the texts, in training and over a text in inference, > 0.
    min_count : int
        A word is known if it occurs at least this often in the training texts, >= 1.
    negative : int
        Number of negative samples for each word, > 0.
    sample : float
        Words with a higher relative frequency than this are downsampled.
    workers : int
        Training threads. More than one is faster but not reproducible.
    random_state : int
        Seed of all random numbers, >= 0.
    verbose : bool
        Show a progress bar while fitting.

    Attributes
    ----------
    vocabulary_ : dict of str to int
        The known words and their counts in the training texts.

    References
    ----------
    Le, Mikolov: Distributed representations of sentences and documents. ICML 2014.
    Lau, Baldwin: An empirical evaluation of doc2vec with practical insights into document embedding generation.
    Workshop on Representation Learning for NLP, 2016.

    Examples
    --------
    >>> texts = ["hello darkness my old friend", "hello sunshine my new friend"] * 5
    >>> features = Doc2VecFeatures(vector_size=8).fit(texts)
    >>> features.transform(["hello old friend", "unheard of"]).shape
    (2, 8)
    >>> features.known_words("hello strange friend")
    2
    """

    def __init__(
        self,
        vector_size: int = 300,
        *,
        epochs: int = 20,
        min_count: int = 2,
        negative: int = 5,
        sample: float = 1e-3,
        workers: int = 1,
        random_state: int = 0,
        verbose: bool = False,
    ) -> None:
        self.vector_size = vector_size
        self.epochs = epochs
        self.min_count = min_count
        self.negative = negative
        self.sample = sample
        self.workers = workers
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, texts: Sequence[str], y: object = None) -> Self:
        """Learn the vocabulary and the weights from texts.

        Parameters
        ----------
        texts : sequence of str
            Cleaned lyrics, one a song.
        y : ignored

        Raises
        ------
        DataError
            There are no texts, a parameter is out of range, or no word occurs ``min_count`` times.
        """
        from gensim.models.doc2vec import TaggedDocument

        self._check_parameters()
        if isinstance(texts, str):
            raise DataError("Doc2Vec is fitted on a sequence of texts, got one string; put it into a list")
        words = [tokenize(text) for text in texts]
        if not any(words):
            raise DataError(
                f"Doc2Vec needs texts with words to learn from, got {len(words)} texts without any; add lyrics"
            )
        documents = [TaggedDocument(words, [number]) for number, words in enumerate(words)]
        model = self._new_model()
        model.build_vocab(documents)
        if not len(model.wv):
            raise DataError(
                f"no word occurs min_count={self.min_count} times in the {len(words)} texts; "
                "add more lyrics or lower min_count"
            )
        with Progress("fitting Doc2Vec", total=self.epochs, unit="epoch", show=self.verbose) as bar:
            model.train(documents, total_examples=len(documents), epochs=self.epochs, callbacks=[_epoch_counter(bar)])
        self._keep(model)
        return self

    def transform(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Infer a vector for each text.

        A text's vector depends only on the text and the fitted model, not on other texts, their order or earlier
        inferences. A text without a known word gets zeros.

        Returns
        -------
        array of shape (len(texts), vector_size), float32

        Raises
        ------
        NotFittedError
            The model was not fitted.
        """
        self._check_fitted()
        if isinstance(texts, str):
            raise DataError("Doc2Vec transforms a sequence of texts, got one string; put it into a list")
        vectors = np.zeros((len(texts), self.vector_size), np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            self._infer([word for word in tokenize(text) if word in self.vocabulary_], vector)
        return vectors

    def fit_transform(self, texts: Sequence[str], y: object = None) -> NDArray[np.float32]:
        """Fit, then infer the training texts like any others, so that training and test vectors are comparable."""
        return self.fit(texts).transform(texts)

    def known_words(self, text: str) -> int:
        """Count the known words of a text, repetitions included.

        Raises
        ------
        NotFittedError
            The model was not fitted.
        """
        self._check_fitted()
        return sum(word in self.vocabulary_ for word in tokenize(text))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The constructor's parameters by name, as in scikit-learn."""
        names = ("vector_size", "epochs", "min_count", "negative", "sample", "workers", "random_state", "verbose")
        return {name: getattr(self, name) for name in names}

    def set_params(self, **parameters: Any) -> Self:
        """Change parameters by name.

        Raises
        ------
        DataError
            There is no such parameter.
        """
        for name, value in parameters.items():
            if name not in self.get_params():
                raise DataError(f"Doc2VecFeatures has no parameter {name!r}; it has {', '.join(self.get_params())}")
            setattr(self, name, value)
        return self

    def save(self, folder: Path | str) -> None:
        """Write the fitted model to a folder: arrays as safetensors, words as JSON.

        Raises
        ------
        NotFittedError
            The model was not fitted.
        """
        self._check_fitted()
        arrays = {"word_weights": self._model.syn1neg, "counts": np.array(list(self.vocabulary_.values()), np.int64)}
        parameters = {name: value for name, value in self.get_params().items() if name != "verbose"}
        save_state(folder, type(self).__name__, arrays, {"parameters": parameters, "words": list(self.vocabulary_)})

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read what `save` wrote; its vectors are the same to the bit.

        Raises
        ------
        LibraryError
            The folder holds no saved Doc2VecFeatures, or a damaged one.
        """
        arrays, state = load_state(folder, cls.__name__)
        self = cls(**state["parameters"])
        model = self._new_model()
        counts = dict(zip(state["words"], arrays["counts"].tolist(), strict=True))
        # The words are in the order of their weights; gensim derives its sampling tables from their counts.
        model.build_vocab_from_freq(counts, corpus_count=1)
        model.syn1neg = arrays["word_weights"]
        self._keep(model)
        return self

    def _new_model(self) -> Any:
        from gensim.models.doc2vec import Doc2Vec

        return Doc2Vec(
            vector_size=self.vector_size,
            epochs=self.epochs,
            min_count=self.min_count,
            negative=self.negative,
            sample=self.sample,
            alpha=ALPHA,
            min_alpha=MIN_ALPHA,
            dm=0,
            dbow_words=0,
            workers=self.workers,
            seed=int(self.random_state),
            # Words keep the order of the texts: after sorting by count, the order of ties depends on the processor.
            sorted_vocab=0,
        )

    def _keep(self, model: Any) -> None:
        self._model = model
        self.vocabulary_: dict[str, int] = {
            word: int(model.wv.get_vecattr(word, "count")) for word in model.wv.index_to_key
        }

    def _infer(self, words: list[str], vector: NDArray[np.float32]) -> None:
        """Train ``vector`` in place on a text's known words, with the model's weights fixed."""
        from gensim.models.doc2vec import train_document_dbow

        if not words:
            return
        digest = hashlib.blake2b("\n".join([str(self.random_state), *words]).encode(), digest_size=16).digest()
        start, draws = np.random.SeedSequence(int.from_bytes(digest)).spawn(2)
        vector[:] = (np.random.default_rng(start).random(self.vector_size, np.float32) - 0.5) / self.vector_size
        # gensim draws the seed of its negative samples from the model's own generator. The copy shares the weights but
        # not the generator, so that threads can infer at the same time.
        model = copy.copy(self._model)
        model.random = np.random.RandomState(np.random.MT19937(draws))
        work = np.zeros(self.vector_size, np.float32)
        locks = np.ones(1, np.float32)
        for alpha in np.linspace(ALPHA, MIN_ALPHA, self.epochs):
            train_document_dbow(
                model,
                words,
                [0],
                float(alpha),
                work,
                learn_words=False,
                learn_hidden=False,
                doctag_vectors=vector[np.newaxis],
                doctags_lockf=locks,
            )

    def _check_fitted(self) -> None:
        if not hasattr(self, "vocabulary_"):
            raise NotFittedError("Doc2VecFeatures was not fitted; call fit with the training lyrics first")

    def _check_parameters(self) -> None:
        for name, least in (
            ("vector_size", 1),
            ("epochs", 1),
            ("min_count", 1),
            ("negative", 1),
            ("workers", 1),
            ("random_state", 0),
        ):
            if getattr(self, name) < least:
                raise DataError(f"{name}={getattr(self, name)} is out of range; Doc2Vec needs {least} or more")


def _epoch_counter(bar: Progress) -> Any:
    from gensim.models.callbacks import CallbackAny2Vec

    class EpochCounter(CallbackAny2Vec):  # type: ignore[misc]
        def on_epoch_end(self, model: Any) -> None:
            bar.update()

    return EpochCounter()
