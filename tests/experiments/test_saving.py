"""Files of scores: an independent program finds the table's figures in them, and they are there after a resumption."""

import ir_measures
import numpy as np
import pytest
from sklearn.base import BaseEstimator

from alcca.datasets import make_songs
from alcca.errors import UsageError
from alcca.experiments import Dataset, cross_validate
from alcca.experiments.directed import Directed
from alcca.experiments.distractors import Distractors
from alcca.experiments.fold_scores import FoldScores
from alcca.experiments.rank_tables import Fit
from alcca.experiments.saving import ScoreFiles, fit_place, song_names
from alcca.models.cca import CCA
from alcca.retrieval import instance_ranks, score_instance_ranks

MEASURES = {"MRR1": ir_measures.RR, "R@5": ir_measures.Success @ 5, "mAP": ir_measures.AP, "nDCG": ir_measures.nDCG}


class Coarse(BaseEstimator):
    """Ranks by other scores in each direction, many of which are equal."""

    def fit(self, views, y=None):
        return self

    def similarity(self, audio, lyrics):
        return self.directed_similarities(audio, lyrics)[0].scores

    def directed_similarities(self, audio, lyrics):
        near = audio[:, :4] @ lyrics[:, :4].T
        return Directed(np.round(near / 4)), Directed(np.sign(near.T))


class Counted(CCA):
    """A CCA that counts its fits."""

    fits = 0

    def fit(self, views, y=None):
        Counted.fits += 1
        return super().fit(views, y)


@pytest.fixture(scope="module")
def songs():
    made = make_songs(120, moods=6, shared=5, noise=0.5, audio_shape=(10,), lyrics_size=8)
    # Some songs are equal, and so are their places in any space; some have no label, and two have one name.
    audio, lyrics = made.audio.copy(), made.lyrics.copy()
    audio[40:60], lyrics[40:60] = audio[20:40], lyrics[20:40]
    labels = [None if i % 9 == 0 else label for i, label in enumerate(made.label)]
    return Dataset(audio, lyrics, labels, ids=[f"song {i % 119}" for i in range(120)])


def trec_eval(folder, name, measures):
    """Figures over all folds, as trec_eval's own code finds them in the files."""
    runs, qrels = (
        [line for path in sorted(folder.glob(f"*/{name}.{end}")) for line in read(str(path))]
        for end, read in (("run", ir_measures.read_trec_run), ("qrels", ir_measures.read_trec_qrels))
    )
    return ir_measures.pytrec_eval.calc_aggregate(measures, qrels, runs)


@pytest.mark.parametrize("others", [None, Distractors(lyrics=np.random.default_rng(1).normal(size=(15, 8)))])
def test_trec_eval_finds_the_figures_of_the_summary_in_the_files(songs, others, tmp_path):
    methods = {"cca": CCA(), "coarse:1": Coarse()}
    results = cross_validate(methods, songs, folds=3, components=[2, 5], seed=[0, 1], distractors=others,
                             save_runs=tmp_path / "runs", shuffled_control=others is None)  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["cca", "coarse%3A1"]
    for seed in (0, 1):
        summary = cross_validate(methods, songs, folds=3, components=[2, 5], seed=seed, distractors=others,
                                 shuffled_control=False).summary()  # fmt: skip
        for method, place, c in (("cca", "cca", 5), ("coarse:1", "coarse%3A1", 0)):
            for row in summary[(summary["method"] == method) & (summary["components"] == c)].to_dict("records"):
                name = f"{row['direction']}.{row['level']}"
                wanted = MEASURES if row["level"] == "category" else {"MRR1": ir_measures.RR, "R@5": MEASURES["R@5"]}
                found = trec_eval(tmp_path / "runs" / place / f"seed-{seed}", name, list(wanted.values()))
                for measure, theirs in wanted.items():
                    assert found[theirs] == pytest.approx(row[measure], rel=1e-6), (method, name, measure)
    assert len(list((tmp_path / "runs").rglob("*.run"))) == 2 * 2 * 3 * 4
    assert set(results.ranks["control"]) == ({False, True} if others is None else {False})


def test_the_files_take_scores_for_equal_where_the_ranks_do(tmp_path):
    scores = np.array([[1.0 + 1e-13, 1.0], [0.0, 1.0]])
    for tie, rank in ((1e-12, 2), (1e-14, 1)):
        ScoreFiles(tmp_path, None, ["a", "b"], None).write(
            Fit("m", False, 0, 0), np.arange(2), FoldScores(1, scores, scores.T, tie)
        )
        lines = (tmp_path / "m" / "seed-0" / "fold-0" / "audio.instance.run").read_text().splitlines()
        assert f"a Q0 a {rank} {3 - rank} m" in lines


def test_scores_and_embeddings_give_the_ranks_again(songs, tmp_path):
    results = cross_validate({"cca": CCA(), "coarse": Coarse()}, songs, folds=3, components=[2, 5],
                             shuffled_control=False, save_scores=tmp_path / "scores")  # fmt: skip
    frame = results.to_frame().query("level == 'instance'")
    for fold in range(3):
        for method, c in (("cca", 5), ("coarse", 0)):
            with np.load(tmp_path / "scores" / method / "seed-0" / f"fold-{fold}.npz") as file:
                saved = dict(file)
            rows = frame[(frame["method"] == method) & (frame["fold"] == fold) & (frame["components"] == c)]
            for direction, name in (("audio", "audio_to_lyrics"), ("lyrics", "lyrics_to_audio")):
                own = rows[rows["direction"] == direction]
                assert own["query"].tolist() == saved["songs"].tolist()
                assert own["rank"].tolist() == score_instance_ranks(saved[name]).tolist()
            assert saved["components"] == c
            assert saved["ids"].tolist() == [f"{row} song {row % 119}" for row in saved["songs"].tolist()]
            assert saved["labels"].tolist() == [songs.label[row] or "" for row in saved["songs"].tolist()]
            assert ("audio_embedding" in saved) == (method == "cca")
            if method == "cca":
                ranks = instance_ranks(saved["audio_embedding"], saved["lyrics_embedding"])
                assert ranks.tolist() == rows[rows["direction"] == "audio"]["rank"].tolist()


def test_fits_that_were_kept_with_their_scores_are_written_again(songs, tmp_path):
    def run(**more):
        Counted.fits = 0
        return cross_validate({"cca": Counted()}, songs, folds=3, components=[2], keep=tmp_path / "fits", **more)

    plain = run()
    assert Counted.fits == 6
    # Ranks alone do not make the files; the controls, which have none, are not fitted again.
    saved = run(save_runs=tmp_path / "runs", save_scores=tmp_path / "scores")
    assert Counted.fits == 3
    files = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.run")}
    assert len(files) == 3 * 4
    again = run(save_runs=tmp_path / "again" / "runs", save_scores=tmp_path / "again" / "scores")
    assert Counted.fits == 0
    for path, content in files.items():
        assert (tmp_path / "again" / path).read_bytes() == content
    assert len(list((tmp_path / "again" / "scores").rglob("*.npz"))) == 3
    for results in (saved, again):
        assert results.to_frame()["rank"].tolist() == plain.to_frame()["rank"].tolist()
        assert results.to_frame()["average_precision"].equals(plain.to_frame()["average_precision"])
    kept = next((tmp_path / "fits").rglob("*.scores.npz"))
    for damaged in (b"damaged", kept.read_bytes()[:500]):
        kept.write_bytes(damaged)
        run(save_runs=tmp_path / "runs")
        assert Counted.fits == 1


def test_worker_processes_return_the_scores(songs, tmp_path):
    for n_jobs in (1, 2):
        cross_validate(CCA(), songs, folds=2, components=[2], n_jobs=n_jobs, shuffled_control=False,
                       save_scores=tmp_path / str(n_jobs))  # fmt: skip
    one, two = (sorted((tmp_path / str(n)).rglob("*.npz")) for n in (1, 2))
    assert len(one) == len(two) == 2
    for a, b in zip(one, two, strict=True):
        with np.load(a) as first, np.load(b) as second:
            assert first.files == second.files
            np.testing.assert_allclose(first["audio_to_lyrics"], second["audio_to_lyrics"], atol=1e-9)


def test_a_file_in_the_place_of_a_folder_is_refused_before_the_work(songs, tmp_path):
    (tmp_path / "file").touch()
    for name in ("save_runs", "save_scores"):
        with pytest.raises(UsageError, match=f"{name}=.*is a file; expected the path of a folder"):
            cross_validate(CCA(), songs, **{name: tmp_path / "file"})


def test_any_name_of_a_method_is_one_folder():
    for name in ("a/b", "..", "con:figured", 'x"<y>|?*\\z', "50%", "line\nfeed", "cca · mfcc-stats · tfidf"):
        place = fit_place(Fit(name, False, 2, 7))
        assert place.endswith("/seed-7/fold-2")
        assert place.count("/") == 2
        assert not set('\\:*?"<>|\n') & set(place)
        assert not place.startswith(".")
    assert fit_place(Fit("cca · tfidf", False, 0, 0)).startswith("cca · tfidf/")
    long, other = (fit_place(Fit("ü" * 300 + end, False, 0, 0)) for end in "ab")
    assert len(long.split("/")[0].encode()) < 200
    assert long != other


def test_songs_have_names_that_are_all_different():
    assert song_names(["a", "b"]) == ["a", "b"]
    assert song_names(["a", ""]) == ["0 a", "1 "]
    assert song_names(["distractor lyrics 0", "b"]) == ["0 distractor lyrics 0", "1 b"]
