"""Chunks that are learned side by side: as good as one pass, and the same wherever they were learned."""

from functools import partial

import numpy as np
import pytest

from alcca.errors import DataError, UsageError
from alcca.models.cca import CCA
from alcca.models.cca_chunks import CHUNKS_A_BRANCH, fit_chunks
from alcca.models.covariance import RunningCovariance


def made(number, rows=7):
    """A chunk of songs whose means are large beside their spread."""
    rng = np.random.default_rng(number)
    shared = rng.normal(size=(rows, 2))
    audio = np.hstack([shared, np.full((rows, 1), 1e6 + 0.1), rng.normal(size=(rows, 2))]) + np.array(
        [1e5, 0, 0, -1e3, 0]
    )
    return audio, np.hstack([shared[:, :1] + 0.3 * rng.normal(size=(rows, 1)), rng.normal(size=(rows, 2))])


def state(model):
    return [model.correlations_, *model.weights_, *model.means_, model._covariance._comoment]


def together(chunks):
    return tuple(np.concatenate(side) for side in zip(*chunks, strict=True))


def test_merged_moments_are_those_of_one_pass():
    chunks = [made(number, rows) for number, rows in enumerate((1, 40, 2, 7))]
    whole, merged = RunningCovariance(), RunningCovariance()
    whole.add(*together(chunks))
    for chunk in chunks:
        part = RunningCovariance()
        part.add(*chunk)
        merged.merge(part)
    merged.merge(RunningCovariance())
    assert (merged.n, merged.columns) == (50, (5, 3))
    for found, expected in zip(merged.covariances(), whole.covariances(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(merged.covariances()[0], np.cov(together(chunks)[0].T), rtol=1e-7, atol=1e-7)
    for found, expected in zip(merged.means(), whole.means(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-14)
    assert merged.covariances()[0][2, 2] == 0, "a constant column varies not at all"


def test_merging_changes_the_other_not_at_all():
    left, right = (CCA(2).partial_fit(made(number)) for number in (0, 1))
    before = [np.array(part) for part in state(right)]
    CCA(2).merge(right).partial_fit(made(2))
    left.merge(right)
    for part, whole in zip(state(right), before, strict=True):
        np.testing.assert_array_equal(part, whole)


@pytest.mark.parametrize("count", [1, 3, 2 * CHUNKS_A_BRANCH + 5])
def test_chunks_give_the_model_of_one_fit(count):
    chunks = [made(number) for number in range(count)]
    model = fit_chunks(CCA(2, ridge=0.1), chunks)
    expected = CCA(2, ridge=0.1).fit(together(chunks))
    np.testing.assert_allclose(model.correlations_, expected.correlations_, rtol=1e-8)
    for found, weights in zip(model.weights_, expected.weights_, strict=True):
        np.testing.assert_allclose(found, weights, rtol=1e-6, atol=1e-9)


def test_processes_change_no_bit_and_functions_give_chunks():
    chunks = [made(number) for number in range(2 * CHUNKS_A_BRANCH + 5)]
    expected = state(fit_chunks(CCA(2), chunks))
    for found in (
        fit_chunks(CCA(2), chunks, n_jobs=2),
        fit_chunks(CCA(2), [partial(made, number) for number in range(len(chunks))]),
    ):
        for part, whole in zip(state(found), expected, strict=True):
            np.testing.assert_array_equal(part, whole)


def test_a_model_goes_on_from_what_it_knows():
    model = fit_chunks(CCA(2).partial_fit(made(0)), [made(1), made(2)])
    expected = CCA(2).fit(together([made(number) for number in range(3)]))
    np.testing.assert_allclose(model.correlations_, expected.correlations_, rtol=1e-8)


def test_what_cannot_be_merged_is_told(tmp_path):
    fitted = CCA(2).partial_fit(made(0))
    fitted.save(tmp_path / "cca")
    with pytest.raises(DataError, match="keeps no covariances cannot be merged"):
        fitted.merge(CCA.load(tmp_path / "cca"))
    with pytest.raises(DataError, match="keeps no covariances cannot be merged"):
        CCA.load(tmp_path / "cca").merge(fitted)
    audio, lyrics = made(1)
    with pytest.raises(DataError, match=r"expected \(5, 3\) columns.*got \(4, 3\)"):
        fitted.merge(CCA(2).partial_fit((audio[:, :4], lyrics)))
    with pytest.raises(DataError, match="n_components=4: expected 1 to 3"):
        CCA(4).merge(fitted)
    with pytest.raises(UsageError, match="at least one chunk"):
        fit_chunks(CCA(2), [])
    with pytest.raises(UsageError, match="n_jobs"):
        fit_chunks(CCA(2), [made(0)], n_jobs=0)
