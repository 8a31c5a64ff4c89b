"""What the figures draw, by the ids of their lines, and that equal results are equal files."""

import re
import sys

import numpy as np
import pytest

from alcca.errors import MissingExtraError
from alcca.experiments.report.figures import _apart, draw_figures, file_of

MAIN = ["alcca", "acmr", "cca", "rcca", "x_y|z&<i>"]


@pytest.fixture(scope="module")
def figures(results):
    return draw_figures(results)


def lines(ax):
    return {line.get_gid()[len("line-") :]: line for line in ax.lines if (line.get_gid() or "").startswith("line-")}


def test_each_panel_has_a_line_for_each_method_and_chance(figures):
    assert {name: len(figure.axes) for name, figure in figures.items()} == {
        "figure2": 2, "figure3": 2, "figure4": 4, "ablations": 4,
    }  # fmt: skip
    for name, figure in figures.items():
        shown = MAIN if name != "ablations" else ["alcca", "acmr", "alcca-no-imi", "alcca-pair"]
        for ax in figure.axes:
            assert sorted(lines(ax)) == sorted([*shown, "chance"])
            texts = [text.get_text() for text in ax.texts]
            assert sorted(texts) == sorted(["chance", *(f"{m} (own space)" if m == "acmr" else m for m in shown)])
            assert ax.get_ylim()[0] == 0


@pytest.mark.parametrize(
    ("name", "panel", "measure", "direction", "level"),
    [
        ("figure2", 0, "MRR1", "audio", "instance"), ("figure2", 1, "MRR1", "lyrics", "instance"),
        ("figure3", 1, "MRR1", "lyrics", "category"), ("figure4", 0, "R@1", "audio", "instance"),
        ("figure4", 3, "R@5", "lyrics", "instance"),
    ],
)  # fmt: skip
def test_lines_and_bands_are_the_summary(results, figures, name, panel, measure, direction, level):
    ax = figures[name].axes[panel]
    cell = results.summary().query(f"direction == '{direction}' and level == '{level}'")
    rows = cell[cell["method"] == "cca"]
    line = lines(ax)["cca"]
    np.testing.assert_array_equal(line.get_xdata(), rows["components"])
    np.testing.assert_array_equal(line.get_ydata(), rows[measure])
    bands = [set(band.get_paths()[0].vertices[:, 1].round(9)) for band in ax.collections]
    assert any(set(rows[[f"{measure}_low", f"{measure}_high"]].to_numpy().ravel().round(9)) <= band for band in bands)
    assert lines(ax)["chance"].get_ydata() == pytest.approx([rows[f"{measure}_chance"].iloc[0]] * 2, rel=0.01)
    assert set(lines(ax)["acmr"].get_xdata()) == {0, 80}
    assert len(set(lines(ax)["acmr"].get_ydata())) == 1


def test_lines_are_told_apart_without_colour(figures):
    for figure in figures.values():
        looks = [(str(line._dash_pattern), line.get_marker()) for line in lines(figure.axes[0]).values()]
        assert len(set(looks)) == len(looks)


def test_the_svg_keeps_its_text_and_names_its_lines(figures):
    svg = file_of(figures["figure2"], "svg").decode()
    assert svg.count('id="line-chance') == 2
    for method in ("alcca", "acmr", "cca", "rcca"):
        assert svg.count(f'id="line-{method}"') == 2
    assert ">alcca</text>" in svg
    assert ">x_y|z&amp;&lt;i&gt;</text>" in svg
    assert "<i>" not in svg
    assert not re.search(r"<dc:date>", svg)


def test_equal_results_are_equal_files(results, figures):
    again = draw_figures(results)["figure2"]
    for kind in ("svg", "png", "svg"):
        assert file_of(again, kind) == file_of(figures["figure2"], kind)


def test_one_method_at_one_number_without_labels_is_drawn(making):
    figures = draw_figures(making({"only": 2}, components=(5,), labels=False, control=False))
    assert sorted(figures) == ["figure2", "figure4"]
    assert sorted(lines(figures["figure2"].axes[0])) == ["chance", "only"]
    assert file_of(figures["figure2"], "png").startswith(b"\x89PNG")


def test_ablations_alone_are_drawn_as_systems(making):
    assert "alcca-pair" in lines(draw_figures(making({"alcca-pair": 2}))["figure2"].axes[0])


def test_a_missing_matplotlib_is_said(results, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"alcca\[report\]"):
        draw_figures(results)


def test_names_are_moved_apart_as_little_as_can_be():
    np.testing.assert_allclose(_apart(np.array([0.1, 0.5, 0.9]), 0.1), [0.1, 0.5, 0.9])
    np.testing.assert_allclose(_apart(np.array([0.52, 0.5]), 0.1), [0.56, 0.46])
    crowded = _apart(np.array([0.0, 0.0, 0.01, 1.0]), 0.2)
    np.testing.assert_allclose(crowded, [0.0, 0.2, 0.4, 1.0])
    assert _apart(np.full(5, 1.0), 0.2).max() == 1.0


def test_alcca_with_its_ridge_chosen_is_no_ablation(making):
    drawn = draw_figures(making({"alcca": 2, "alcca-tuned": 3, "alcca-no-imd": 1}))
    assert {"alcca", "alcca-tuned"} <= set(lines(drawn["figure2"].axes[0]))
    assert "alcca-no-imd" not in lines(drawn["figure2"].axes[0])
    assert "alcca-tuned" not in lines(drawn["ablations"].axes[0])
