from types import SimpleNamespace

import numpy as np
import pytest

from alcca.errors import DataError, UsageError
from alcca.models.settings import (
    check_components,
    check_flags,
    check_not_negative,
    check_positive,
    check_seed,
    check_whole,
    draw_seed,
    layer_widths,
    projector_widths,
)

INF, NAN = float("inf"), float("nan")


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (check_whole, [1, 7, np.int64(3)], [0, -1, 1.5, 2.0, NAN, INF, "1", None, True]),
        (check_not_negative, [0, 0.5, np.float32(2)], [-1e-9, NAN, INF, "0", None, (1, 2)]),
        (check_positive, [1e-9, 1], [0, -1, NAN, INF, "1", None]),
    ],
)
def test_numbers(check, good, bad):
    for value in good:
        check(SimpleNamespace(lr=value, other=None), "lr")
    for value in bad:
        with pytest.raises(UsageError, match="lr="):
            check(SimpleNamespace(lr=value), "lr")


def test_flags():
    for value in (True, False, np.True_, 0, 1):
        check_flags(SimpleNamespace(verbose=value), "verbose")
    for value in (2, "", None, 1.0, NAN):
        with pytest.raises(UsageError, match=r"verbose=.*: expected True or False"):
            check_flags(SimpleNamespace(verbose=value), "verbose")


def test_seeds():
    model = SimpleNamespace(random_state=np.random.default_rng(0))
    check_seed(model)
    first = draw_seed(model)
    assert first == np.random.default_rng(0).integers(2**32)  # a check draws nothing
    assert draw_seed(model) != first
    assert [draw_seed(SimpleNamespace(random_state=seed)) for seed in (0, 2**32 - 1, np.array(7))] == [0, 2**32 - 1, 7]
    assert len({draw_seed(SimpleNamespace(random_state=None)) for _ in range(5)}) == 5


def test_widths_of_projectors():
    assert projector_widths(([8, 4], np.array([4]))) == ((8, 4), (4,))
    for hidden in ((8, 4), ((8, 4),), ((8,), ()), ((8,), 8), None, "ab"):
        with pytest.raises(UsageError, match=r"hidden=.*: expected two lists of layer widths"):
            projector_widths(hidden)
    with pytest.raises(UsageError, match="must end in the same width"):
        projector_widths(((8, 4), (8,)))


@pytest.mark.parametrize(
    ("hidden", "widths"),
    [
        ((), ((), ())),
        ((5,), ((5,), (5,))),
        ([6, 5], ((6, 5), (6, 5))),
        (((6, 5), (4,)), ((6, 5), (4,))),
        (((), (4,)), ((), (4,))),
        ((np.int64(6), 5), ((6, 5), (6, 5))),
        (np.array([6, 5]), ((6, 5), (6, 5))),
    ],
)
def test_widths(hidden, widths):
    assert layer_widths(hidden) == widths


@pytest.mark.parametrize(
    "hidden", [5, None, "ab", (0,), (5, -1), (2.5,), ((5,),), ((5,), (4,), (3,)), ((5,), (0,)), (5, ())]
)
def test_widths_that_are_none(hidden):
    with pytest.raises(UsageError, match="hidden="):
        layer_widths(hidden)


def test_components():
    check_components(4, 5)
    with pytest.raises(DataError, match="n_components=5: 5 songs allow at most 4"):
        check_components(5, 5)
