"""The ceiling: how far two coders agree, and the model with each, on the articles that both coded."""

from itertools import product

import numpy as np
import pytest
from made_up import answers, codebook, head
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score

from classifier.codebook import Block, Codebook, blocks
from classifier.decide import Scores
from training.agreement import coincidences, krippendorff_alpha
from training.ceiling import ceiling
from training.labels import UNKNOWN, Coded
from training.questions import Judged, judged
from training.report import Ceiling

Bools = NDArray[np.bool_]

FRUIT = ("apple", "pear", "plum")
BEFORE = head("sour", "many-of", ("yes",))  # a question before it, so that columns do not start at 0
BOOKS = {kind: codebook(BEFORE, head("fruit", kind, FRUIT)) for kind in ("many-of", "one-of")}
KINDS = pytest.mark.parametrize("kind", list(BOOKS))
PAIRS = pytest.mark.parametrize(
    ("pair", "one", "other"),
    [("", "first", "second"), ("_model_first", "first", "model"), ("_model_second", "second", "model")],
    ids=["coders", "model-and-first", "model-and-second"],
)
N, COMMON = 90, 60  # articles of the question, and those of them that the second coder coded


def agreed_on(question: Judged, second: Coded, seed: int) -> Ceiling | None:
    return ceiling(question, second, np.arange(len(question.rows)), seed)


def block_of(kind: str) -> Block:
    return blocks(BOOKS[kind])[1]


def said(kind: str) -> dict[str, Bools]:
    """Return what the coders and the model say of N articles: what is true, with errors of their own."""
    random = np.random.default_rng(7)
    if kind == "many-of":
        true = random.random((N, 3)) < [0.5, 0.3, 0.2]
        return {name: true ^ (random.random((N, 3)) < rate) for name, rate in RATES.items()}
    true = random.choice(3, N, p=[0.5, 0.3, 0.2])
    meant = {name: np.where(random.random(N) < rate, random.integers(0, 3, N), true) for name, rate in RATES.items()}
    return {name: answer[:, None] == np.arange(3) for name, answer in meant.items()}


RATES = {"first": 0.1, "second": 0.2, "model": 0.35}


def question(kind: str) -> Judged:
    """Return the first coder's and the model's answers; every second article of the table is not the question's."""
    found = said(kind)
    rows = np.arange(N) * 2 + 1
    return Judged(block_of(kind), np.ones(3, dtype=bool), {}, rows, found["first"], found["model"], None)


def second(kind: str, n_common: int = COMMON) -> Coded:
    """Return a table of the second coder's answers, of some of the question's articles and of all others."""
    table = np.zeros((2 * N, 4), dtype=np.int8)
    table[question(kind).rows, block_of(kind).columns] = said(kind)["second"]
    table[question(kind).rows[n_common:], block_of(kind).columns] = UNKNOWN
    return table


def common(kind: str) -> dict[str, Bools]:
    return {name: answer[:COMMON] for name, answer in said(kind).items()}


def alpha(one: NDArray[np.intp], other: NDArray[np.intp]) -> float:
    return float(krippendorff_alpha(coincidences(np.stack([one, other]).astype(np.intp), 3)))


# --- which articles


@KINDS
@pytest.mark.parametrize("n_common", [1, 20, COMMON, N])
def test_coders_are_compared_on_the_articles_that_both_coded(kind: str, n_common: int) -> None:
    found = agreed_on(question(kind), second(kind, n_common), 0)

    assert found.n_articles == n_common
    assert found.overall.n_coded == (n_common, n_common)
    coded = [said(kind)[name][:n_common].sum(axis=0) for name in ("first", "second")]
    assert [label.n_coded for label in found.labels] == list(zip(*coded, strict=True))


@KINDS
def test_without_an_article_in_common_there_is_no_ceiling(kind: str) -> None:
    assert agreed_on(question(kind), second(kind, 0), 0) is None


def test_of_one_answer_articles_that_the_second_coder_gave_none_are_left_out() -> None:
    table = second("one-of")
    table[question("one-of").rows[:10], block_of("one-of").columns] = 0

    found = agreed_on(question("one-of"), table, 0)

    assert found.n_articles == COMMON - 10


def test_of_many_answers_articles_that_the_second_coder_gave_none_count() -> None:
    table = second("many-of")
    table[question("many-of").rows[:10], block_of("many-of").columns] = 0

    found = agreed_on(question("many-of"), table, 0)

    assert found.n_articles == COMMON


def test_labels_that_are_not_judged_are_not_compared() -> None:
    some = question("many-of").with_labels(np.array([True, False, True]))

    found, whole = agreed_on(some, second("many-of"), 0), agreed_on(question("many-of"), second("many-of"), 0)

    assert found.labels == (whole.labels[0], whole.labels[2])


def test_an_answer_that_only_the_second_coder_gives_is_a_disagreement() -> None:
    book: Codebook = codebook(head("fruit", "one-of", FRUIT))
    first = answers(book, [["apple"], ["pear"]] * 20)
    other = answers(book, [["apple"], ["plum"]] * 10 + [["apple"], ["pear"]] * 10)
    (found,) = judged(book, first, Scores((first == 1).astype(np.float32), first == 1))

    agreed = agreed_on(found, other, 0)

    assert agreed.n_articles == 40
    assert agreed.overall.figures["percent"].value == pytest.approx(0.75)


# --- figures


@KINDS
def test_each_label_s_agreement_is_that_of_its_yes_and_no(kind: str) -> None:
    pairs = zip(common(kind)["first"].T, common(kind)["second"].T, strict=True)

    found = agreed_on(question(kind), second(kind), 0)

    assert [label.key for label in found.labels] == list(FRUIT)
    for label, pair in zip(found.labels, pairs, strict=True):
        assert label.figures["percent"].value == pytest.approx(accuracy_score(*pair))
        assert label.figures["kappa"].value == pytest.approx(cohen_kappa_score(*pair))
        assert label.figures["alpha"].value == pytest.approx(alpha(*pair))


def test_of_one_answer_agreement_is_that_of_the_answers() -> None:
    first, other = (common("one-of")[name].argmax(axis=1) for name in ("first", "second"))

    found = agreed_on(question("one-of"), second("one-of"), 0).overall

    assert found.key == "fruit"
    assert found.figures["percent"].value == pytest.approx(accuracy_score(first, other))
    assert found.figures["kappa"].value == pytest.approx(cohen_kappa_score(first, other))
    assert found.figures["alpha"].value == pytest.approx(alpha(first, other))
    assert found.figures["micro_f1"].value == pytest.approx(accuracy_score(first, other))


@pytest.mark.parametrize("key", ["percent", "kappa", "alpha"])
def test_of_many_answers_agreement_is_the_mean_of_the_labels(key: str) -> None:
    found = agreed_on(question("many-of"), second("many-of"), 0)

    assert found.overall.figures[key].value == pytest.approx(np.mean([x.figures[key].value for x in found.labels]))


@KINDS
@PAIRS
def test_coders_and_model_are_compared_each_with_each(kind: str, pair: str, one: str, other: str) -> None:
    both = common(kind)[one], common(kind)[other]

    found = agreed_on(question(kind), second(kind), 0)

    assert [label.figures[f"f1{pair}"].value for label in found.labels] == pytest.approx(
        f1_score(*both, average=None).tolist()
    )
    for mean in ("micro", "macro"):
        assert found.overall.figures[f"{mean}_f1{pair}"].value == pytest.approx(f1_score(*both, average=mean))


@KINDS
def test_figures_have_intervals_that_hold_them(kind: str) -> None:
    found = agreed_on(question(kind), second(kind), 0)

    means = [f"{mean}_f1{pair}" for mean, pair in product(("micro", "macro"), ("", "_model_first", "_model_second"))]
    assert list(found.overall.figures) == ["percent", "kappa", "alpha", *means]
    for one in (found.overall, *found.labels):
        assert all(figure.low < figure.value < figure.high for figure in one.figures.values())


def test_the_same_seed_gives_the_same_ceiling_and_another_seed_other_intervals() -> None:
    first, again, other = (agreed_on(question("one-of"), second("one-of"), seed) for seed in (1, 1, 2))

    assert first == again
    assert first.overall.figures["kappa"].value == other.overall.figures["kappa"].value
    assert first.overall.figures["kappa"].low != other.overall.figures["kappa"].low


@KINDS
def test_coders_who_always_agree_reach_1_and_the_model_is_as_near_to_both(kind: str) -> None:
    table = second(kind, N)
    table[question(kind).rows, block_of(kind).columns] = question(kind).coded

    found = agreed_on(question(kind), table, 0)

    for one in (found.overall, *found.labels):
        assert [one.figures[key].value for key in ("percent", "kappa", "alpha")] == pytest.approx([1.0, 1.0, 1.0])
    for label in found.labels:
        assert label.figures["f1_model_first"] == label.figures["f1_model_second"]


def test_one_article_in_common_has_figures_without_intervals_or_says_why_there_is_none() -> None:
    found = agreed_on(question("one-of"), second("one-of", 1), 0).overall.figures

    assert str(found["percent"]) in (f"{share}.000 (no interval: too little to draw from)" for share in (0, 1))
    same = question("one-of").among(np.arange(N) == 0)
    table = second("one-of")
    table[same.rows, block_of("one-of").columns] = same.coded
    assert str(agreed_on(same, table, 0).overall.figures["kappa"]) == (
        "undefined (both give one and the same answer throughout)"
    )


def test_a_label_that_neither_coder_gave_has_percent_only() -> None:
    unused = question("many-of")
    unused.coded[:, 2] = unused.assigned[:, 2] = False
    table = second("many-of")
    table[:, block_of("many-of").columns.stop - 1] *= 0
    table[unused.rows[COMMON:], block_of("many-of").columns] = UNKNOWN

    found = agreed_on(unused, table, 0)

    figures = found.labels[2].figures
    assert figures["percent"].value == 1.0
    assert figures["kappa"].undefined == figures["alpha"].undefined == "both give one and the same answer throughout"
    assert figures["f1"].undefined == "neither coded nor assigned"
    assert found.overall.figures["kappa"].value == pytest.approx(
        np.mean([label.figures["kappa"].value for label in found.labels[:2]])
    )
