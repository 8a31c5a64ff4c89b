import numpy as np
import pytest

from alcca.errors import DataError, NotFittedError
from alcca.models.cca import CCA
from alcca.models.standardised_cca import StandardisedCCA


def test_standardised_cca_is_cca_of_standardised_columns():
    rng = np.random.default_rng(0)
    audio = (rng.standard_normal((80, 3, 4)) * 10.0 ** np.arange(4) + 5).astype(np.float32)
    lyrics = audio.reshape(80, 12)[:, :6] + rng.standard_normal((80, 6))
    model = StandardisedCCA(n_components=4, ridge=(2.0, 1.0)).fit((audio[:60], lyrics[:60]))

    def scaled(x):
        x = x.reshape(len(x), -1).astype(float)
        return (x - x[:60].mean(axis=0)) / x[:60].std(axis=0)

    views = scaled(audio), scaled(lyrics)
    expected = CCA(n_components=4, ridge=(2.0, 1.0)).fit([x[:60] for x in views]).transform([x[60:] for x in views])
    for got, right in zip(model.transform((audio[60:], lyrics[60:])), expected, strict=True):
        np.testing.assert_allclose(got, right, atol=1e-4)
    alone = model.transform((None, lyrics[60:]))
    assert alone[0] is None
    np.testing.assert_array_equal(alone[1], model.transform((audio[60:], lyrics[60:]))[1])


def test_the_scale_of_a_column_makes_no_difference():
    rng = np.random.default_rng(1)
    audio, lyrics = rng.standard_normal((50, 5)), rng.standard_normal((50, 4))
    views = [StandardisedCCA(3).fit((audio * s, lyrics)).transform((audio * s, lyrics))[0] for s in (1, 1000)]
    np.testing.assert_allclose(*views, atol=1e-4)


def test_standardised_cca_says_what_is_wrong():
    with pytest.raises(NotFittedError, match="StandardisedCCA"):
        StandardisedCCA().transform((np.ones((2, 2)), None))
    model = StandardisedCCA(1).fit((np.random.default_rng(0).standard_normal((9, 3)), np.arange(9.0)[:, None]))
    with pytest.raises(DataError, match="audio: expected 3 columns as in fit, got 2"):
        model.transform((np.ones((2, 2)), None))


def test_what_is_saved_comes_back(tmp_path):
    rng = np.random.default_rng(2)
    views = rng.standard_normal((40, 6)), rng.standard_normal((40, 4))
    model = StandardisedCCA(3, ridge=(2.0, 1.0)).fit(views)
    model.save(tmp_path / "model")
    loaded = StandardisedCCA.load(tmp_path / "model")
    assert loaded.get_params() == model.get_params()
    for one, other in zip(loaded.transform(views), model.transform(views), strict=True):
        np.testing.assert_array_equal(one, other)
