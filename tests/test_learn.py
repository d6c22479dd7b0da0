"""What more coding would buy: curves of known shape, and the recipe on more and more of some coded articles."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fruit_files import Files, files_in

from classifier.articles import Columns
from classifier.codebook import read_codebook
from classifier.errors import LabelError
from training.inputs import Inputs, read_inputs
from training.learn import FURTHER, Learned, _curve, learn
from training.learn_table import learned_text, write_learned
from training.learning_curve import fit_curves

Command = Callable[..., tuple[int, str, str]]
SIZES = (100, 200, 350, 500, 700, 1000)


def power_law(sizes: object) -> np.ndarray:
    return 0.85 - 2.0 * np.asarray(sizes, dtype=float) ** -0.5


@pytest.mark.parametrize("rate", [0.2, 0.5, 1.0, 2.0])
def test_a_curve_of_that_shape_is_found_and_carried_on(rate: float) -> None:
    sizes = np.array(SIZES)
    curve = fit_curves(sizes, 0.8 - 20**rate * 0.1 * sizes**-rate)

    assert curve.rate == pytest.approx(rate)
    assert curve.at(3000) == pytest.approx(0.8 - 20**rate * 0.1 * 3000.0**-rate)


def test_scores_that_fall_give_a_flat_curve_at_their_mean() -> None:
    curve = fit_curves([100, 200, 400], [0.6, 0.5, 0.4])

    assert curve.at(100) == curve.at(5000)
    assert curve.at(100) == pytest.approx((0.6 * 1 + 0.5 * 2 + 0.4 * 4) / 7)


def test_no_curve_goes_over_a_score_of_1() -> None:
    curve = fit_curves([100, 200, 400, 800], [0.5, 0.7, 0.9, 0.99])

    assert curve.at(1e9) <= 1.0


def test_two_sizes_give_no_curve() -> None:
    with pytest.raises(ValueError, match="needs three sizes or more; got 2"):
        fit_curves([100, 200, 200], [0.1, 0.2, 0.2])


def test_intervals_of_what_lies_ahead_hold_it() -> None:
    random = np.random.default_rng(2)
    inside = 0
    for seed in range(60):
        noise = 0.012 * random.standard_normal((1, 1, len(SIZES)))
        table = power_law(SIZES) + noise + 0.012 * random.standard_normal((400, 1, len(SIZES)))
        table[0] = power_law(SIZES) + noise[0]
        (twice,) = [s for s in _curve("q", list(SIZES), table, 1000, seed).steps if s.coded == 2000]
        assert twice.score.low is not None
        assert twice.score.high is not None
        inside += twice.score.low <= power_law(2000) <= twice.score.high

    assert inside >= 52


def test_a_curve_is_tested_on_its_largest_size() -> None:
    table = np.broadcast_to(power_law(SIZES), (50, 1, len(SIZES)))

    test = _curve("q", list(SIZES), table, 1000, 0).backtest

    assert test is not None
    assert (test.upto, test.coded) == (500, 1000)
    assert test.said.value == pytest.approx(test.found, abs=1e-3)


# --- on articles


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return files_in(tmp_path_factory.mktemp("fruit"))


def inputs_of(files: Files) -> Inputs:
    return read_inputs(read_codebook(files.codebook), files.labels, [files.articles], Columns(), print)


@pytest.fixture(scope="module")
def learned(files: Files) -> Learned:
    return learn(inputs_of(files), folds=3, repeats=2, seed=0, say=lambda _: None)


@pytest.mark.slow
def test_more_coded_articles_teach_more(learned: Learned) -> None:
    (curve,) = learned.curves
    sizes, scores = [point.coded for point in curve.points], [point.score for point in curve.points]

    assert sizes == sorted(sizes)
    assert scores[-1] > scores[0] + 0.5
    assert [step.coded for step in curve.steps] == [round(times * 84) for times in FURTHER]
    assert curve.steps[0].gain.value == 0.0
    assert all(step.gain.value is not None and step.gain.value >= 0 for step in curve.steps)


@pytest.mark.slow
def test_curves_are_shown_and_written(learned: Learned, tmp_path: Path) -> None:
    text = learned_text(learned, width=None, colour=False)
    for name in ("curve.json", "curve.svg", "curve.png"):
        write_learned(learned, tmp_path / name)

    assert "84 coded (now)" in text
    assert "168 coded" in text
    assert json.loads((tmp_path / "curve.json").read_text())["curves"][0]["n_coded"] == 84
    assert "<svg" in (tmp_path / "curve.svg").read_text()
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_a_few_coded_articles_have_no_curve(files: Files, tmp_path: Path) -> None:
    some = tmp_path / "some.jsonl"
    some.write_text("".join(files.labels.read_text().splitlines(keepends=True)[:30]))
    inputs = read_inputs(read_codebook(files.codebook), some, [files.articles], Columns(), print)

    with pytest.raises(LabelError, match="30 coded articles; a curve needs 60 or more"):
        learn(inputs, folds=3, repeats=1, seed=0, say=print)


def test_another_kind_of_file_is_bad_usage(command: Command) -> None:
    status, said, _ = command("learn-curve", "--labels", "x.jsonl", "--articles", "x.jsonl", "--out", "x.pdf")

    assert status == 2
    assert "--out is a .json" in said
