"""The likeliest path, on attention that is made up."""

import numpy as np

from alcca.timing.path import likeliest_path
from alcca.timing.windows import Evidence


def looking(peaks, words=None, first=0, steps=500, height=0.2):
    """Evidence with a peak for each token, and chance around it; none where the peak is None."""
    attention = np.full((len(peaks), steps), 0.0007, np.float32)
    for row, peak in zip(attention, peaks, strict=True):
        if peak is not None:
            row[peak - 1 : peak + 2] = [height / 2, height, height / 2]
    return Evidence(first, np.arange(len(peaks)) if words is None else np.array(words), attention)


def test_each_token_is_where_its_peak_is():
    path = likeliest_path([looking([50, 60, 75, 300])], frozenset([0, 3]))
    assert path.steps.tolist() == [50, 60, 75, 300]
    assert (path.shares > 0.39).all()


def test_a_token_without_a_place_is_left_out():
    path = likeliest_path([looking([50, None, 75])], frozenset([0]))
    assert path.steps.tolist() == [50, -1, 75]
    assert path.shares[1] == 0


def test_tokens_never_go_back():
    # The second one's peak is before the first, which three tokens behind it agree with.
    path = likeliest_path([looking([200, 100, 210, 220, 230])], frozenset([0]))
    assert path.steps[[0, 2, 3, 4]].tolist() == [200, 210, 220, 230]
    assert path.steps[1] in (-1, *range(200, 211))


def test_a_line_stays_together_and_lines_may_be_far_apart():
    evidence = looking([50, 60, 480], words=[0, 1, 2])
    # Another, lower peak near the words before it.
    evidence.attention[2, 69:72] = 0.02
    assert likeliest_path([evidence], frozenset([0])).steps[2] == 70
    assert likeliest_path([evidence], frozenset([0, 2])).steps[2] == 480


def test_two_windows_say_more_than_the_edge_of_one():
    early = looking([700, 1490], words=[0, 1], steps=1500)
    late = looking([60, 30], words=[1, 2], first=1450, steps=1500)
    path = likeliest_path([early, late], frozenset([0, 1, 2]))
    # At its edge the first window sees the second word too early.
    assert path.steps.tolist()[:2] == [700, 1510]
    assert path.words.tolist() == [0, 1, 2]


def test_pieces_of_a_word_are_its_tokens():
    path = likeliest_path([looking([50, 60, 75], words=[4, 4, 5])], frozenset([4]))
    assert path.words.tolist() == [4, 4, 5]
    assert path.numbers.tolist() == [0, 1, 0]


def test_nothing_was_looked_for():
    assert len(likeliest_path([], frozenset()).steps) == 0
