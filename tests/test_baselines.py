"""Baselines: what needs no model, and what each of them is told."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import codebook, coded, head
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from classifier.codebook import blocks
from training.baselines import baselines
from training.questions import Judged

Bools = NDArray[np.bool_]

FRUIT = ("apple", "pear", "plum")
KINDS = pytest.mark.parametrize("kind", ["many-of", "one-of"])
DEFINITIONS = {
    "harbour": "Ships and quays, cranes, or the flour that is shipped; whoever works there.",
    "bread": "Ovens and flour; whoever works there.",
    "school": "Pupils and lessons of a day; whoever works there.",
}


def question_of(
    table: dict[str, Any], labels: Sequence[Sequence[str]], *, kept: Sequence[bool] | None = None
) -> Judged:
    """Return a question coded so, that a model got all wrong; its articles are every second row of their table."""
    (block,) = blocks(codebook(table))
    kept = np.array(kept or [True] * len(block.head.keys))
    answers = coded(block, labels)[:, kept] == 1
    return Judged(block, kept, {}, np.arange(len(labels)) * 2, answers, ~answers, np.zeros(answers.shape))


def table_of(texts: Sequence[str], titles: Sequence[str | None] | None = None) -> pl.DataFrame:
    """Return articles of which every second row is one of these; what stands between them is of no account."""
    rows = [{"title": title, "text": text} for title, text in zip(titles or [None] * len(texts), texts, strict=True)]
    between = {"title": "ships quays ovens flour pupils lessons", "text": ""}
    return pl.DataFrame(
        [row for pair in rows for row in (pair, between)], schema={"title": pl.String, "text": pl.String}
    )


def said(
    question: Judged,
    texts: Sequence[str] | None = None,
    *,
    titles: Sequence[str | None] | None = None,
    outlets: Sequence[str] | None = None,
    seed: int = 0,
) -> dict[str, list[list[str]]]:
    """Return the labels that each baseline gives each article, by the key of the baseline."""
    n = len(question.rows)
    between = [name for outlet in outlets or ["here"] * n for name in (outlet, "between")]
    found = baselines(question, table_of(texts or [""] * n, titles), between, seed)
    keys = np.array(question.keys)
    return {key: [keys[row].tolist() for row in one.assigned] for key, _, one in found}


def by_keywords(*texts: str, kind: str = "many-of", **more: Any) -> list[list[str]]:
    return said(question_of(defined(kind, **more), [["bread"]] * len(texts)), texts)["keywords"]


def defined(kind: str = "many-of", **more: Any) -> dict[str, Any]:
    table = head("topic", kind, tuple(DEFINITIONS), **more)
    for label in table["label"]:
        label["definition"] = DEFINITIONS[label["key"]]
    return table


# --- all of them


@KINDS
def test_every_baseline_is_judged_on_the_same_articles_and_labels_and_has_no_probability(kind: str) -> None:
    labels = [["apple"], ["pear"], ["plum"], ["apple"]]
    question = question_of(head("fruit", kind, FRUIT), labels)

    found = list(baselines(question, table_of([""] * 4), ["x"] * 8, 0))

    assert [key for key, _, _ in found] == ["most_frequent", "prior", "outlet_majority", "keywords"]
    assert len({title for _, title, _ in found}) == 4
    for _, _, one in found:
        assert one.assigned.shape == (4, 3)
        assert one.assigned.dtype == bool
        assert one.probability is None
        assert_array_equal(one.coded, question.coded)
        assert_array_equal(one.rows, question.rows)


def test_every_baseline_gives_one_answer_where_one_is_asked_for() -> None:
    labels = [["apple"], ["pear"], ["plum"], ["apple"], ["pear"], ["apple"]]

    found = said(question_of(head("fruit", "one-of", FRUIT), labels), outlets=list("aabbcc"))

    assert {len(answer) for answers in found.values() for answer in answers} == {1}


def test_labels_that_are_not_judged_are_given_to_nobody() -> None:
    labels = [["school"], ["harbour"], ["school"]]
    question = question_of(defined(), labels, kept=[True, False, True])

    found = said(question, ["ovens flour", "quays and cranes", "pupils and lessons"])

    assert found["most_frequent"] == [["school"]] * 3
    assert found["keywords"] == [[], ["harbour"], ["school"]]


# --- the commonest


@KINDS
def test_the_commonest_label_is_given_to_every_article(kind: str) -> None:
    question = question_of(head("fruit", kind, FRUIT), [["pear"], ["apple"], ["pear"], ["plum"]])

    assert said(question)["most_frequent"] == [["pear"]] * 4


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([["plum", "pear"], ["plum", "apple"], ["plum", "pear"]], ["pear", "plum"]),
        ([["plum", "pear"], ["plum", "pear"], ["plum"], ["apple"]], ["pear", "plum"]),  # 1.5 an article
        ([["plum", "pear", "apple"]] * 3 + [["plum", "apple"]], ["apple", "pear", "plum"]),  # 2.75
    ],
    ids=["two", "one-and-a-half", "nearly-three"],
)
def test_as_many_of_the_commonest_labels_are_given_as_an_article_has_on_average(
    labels: list[list[str]], expected: list[str]
) -> None:
    question = question_of(head("fruit", "many-of", FRUIT), labels)

    assert said(question)["k_commonest"] == [expected] * len(labels)
    titles = {key: title for key, title, _ in baselines(question, table_of([""] * len(labels)), ["x"] * 99, 0)}
    assert titles["k_commonest"] == f"always the {len(expected)} commonest labels"


@pytest.mark.parametrize(
    ("kind", "labels"),
    [("many-of", [["apple"], ["pear"], ["apple", "pear"]]), ("many-of", [["apple"], [], []]), ("one-of", [["apple"]])],
    ids=["hardly-more-than-one", "hardly-any", "one-of"],
)
def test_one_label_on_average_makes_no_baseline_of_its_own(kind: str, labels: list[list[str]]) -> None:
    assert "k_commonest" not in said(question_of(head("fruit", kind, FRUIT), labels))


# --- by shares


@KINDS
def test_labels_are_drawn_by_their_shares_in_the_long_run(kind: str) -> None:
    labels = [["apple"]] * 600 + [["pear"]] * 300 + [["plum"]] * 100
    question = question_of(head("fruit", kind, FRUIT), labels * 4)

    (drawn,) = (
        one.assigned for key, _, one in baselines(question, table_of([""] * 4000), ["x"] * 8000, 0) if key == "prior"
    )

    assert drawn.mean(axis=0) == pytest.approx([0.6, 0.3, 0.1], abs=0.03)  # four standard errors
    rightly = (drawn & question.coded).sum(axis=0) / question.coded.sum(axis=0)
    assert rightly == pytest.approx([0.6, 0.3, 0.1], abs=0.06)  # drawn without a look at the article


def test_of_many_answers_the_shares_of_several_and_of_none_are_drawn_too() -> None:
    labels = [["apple", "pear"]] * 1000 + [[]] * 1000

    found = said(question_of(head("fruit", "many-of", FRUIT), labels))["prior"]

    n_given = np.array([len(answer) for answer in found])
    assert [np.mean(n_given == n) for n in range(3)] == pytest.approx([0.25, 0.5, 0.25], abs=0.05)


@KINDS
def test_the_seed_decides_what_is_drawn(kind: str) -> None:
    question = question_of(head("fruit", kind, FRUIT), [["apple"], ["pear"]] * 20)

    first, again, other = (said(question, seed=seed)["prior"] for seed in (1, 1, 2))

    assert first == again
    assert first != other


# --- by outlet


@KINDS
def test_an_article_is_given_the_commonest_label_of_its_outlet_s_others(kind: str) -> None:
    labels = [["apple"], ["apple"], ["apple"], ["pear"], ["plum"], ["plum"], ["plum"]]
    question = question_of(head("fruit", kind, FRUIT), labels)

    found = said(question, outlets=list("aaaabbb"))["outlet_majority"]

    assert found == [["apple"]] * 4 + [["plum"]] * 3


def test_an_article_s_own_label_is_left_out_of_its_outlet_s() -> None:
    question = question_of(head("fruit", "one-of", FRUIT), [["apple"], ["pear"]] + [["plum"]] * 3)

    found = said(question, outlets=list("aabbb"))["outlet_majority"]

    assert found[:2] == [["pear"], ["apple"]]


@KINDS
def test_the_only_article_of_an_outlet_is_given_the_commonest_label_of_all_others(kind: str) -> None:
    labels = [["apple"], ["pear"], ["pear"], ["apple"], ["plum"]]
    question = question_of(head("fruit", kind, FRUIT), labels)

    found = said(question, outlets=list("abbcc"))["outlet_majority"]

    assert found[0] == ["pear"]  # with its own, apple would be as common


def test_an_outlet_whose_others_are_about_nothing_falls_back_on_all_others() -> None:
    question = question_of(head("fruit", "many-of", FRUIT), [["apple"], [], ["plum"], ["plum"], ["apple"]])

    found = said(question, outlets=list("aabbb"))["outlet_majority"]

    assert found[0] == ["plum"]  # with its own, apple would be as common


def test_of_labels_as_common_in_an_outlet_the_commoner_of_all_is_given() -> None:
    question = question_of(head("fruit", "one-of", FRUIT), [["apple"], ["apple"], ["pear"], *[["pear"]] * 5])

    found = said(question, outlets=list("aaabbbbb"))["outlet_majority"]

    assert found[0] == ["pear"]


@settings(max_examples=15)
@given(st.lists(st.tuples(st.sampled_from(FRUIT), st.sampled_from("ab")), min_size=2, max_size=7))
def test_what_an_article_is_coded_with_does_not_decide_what_its_outlet_gives_it(
    articles: list[tuple[str, str]],
) -> None:
    outlets = [outlet for _, outlet in articles]
    given_to_the_first = set()
    for own in FRUIT:
        labels = [[own], *([label] for label, _ in articles[1:])]
        found = said(question_of(head("fruit", "one-of", FRUIT), labels), outlets=outlets)
        given_to_the_first.add(found["outlet_majority"][0][0])

    assert len(given_to_the_first) == 1


# --- by keywords


def test_an_article_with_two_words_of_a_definition_is_given_the_label_and_one_without_is_not() -> None:
    found = by_keywords("The cranes stood over the quays.", "Rain is expected on Sunday.")

    assert found == [["harbour"], []]


@pytest.mark.parametrize("text", ["Many quays.", "quays, quays and quays", "Quay by quays"])
def test_one_word_of_a_definition_is_not_enough_however_often_it_stands(text: str) -> None:
    assert by_keywords(text) == [[]]


@pytest.mark.parametrize("text", ["one crane, one quay", "CRANES AND QUAYS", "a crane at the quays"])
def test_plurals_and_capitals_make_no_difference(text: str) -> None:
    assert by_keywords(text) == [["harbour"]]


def test_an_article_may_be_given_several_labels() -> None:
    assert by_keywords("crane, quay, pupil, lesson") == [["harbour", "school"]]


def test_words_in_the_definitions_of_many_labels_tell_nothing() -> None:
    assert by_keywords("whoever works there, works there") == [[]]


def test_a_word_in_the_definitions_of_two_labels_tells_both() -> None:
    assert by_keywords("flour, a crane and an oven") == [["harbour", "bread"]]


def test_short_words_of_a_definition_tell_nothing() -> None:
    assert by_keywords("of or a day that is the day") == [[]]  # 'of', 'day': of school alone; 'or', 'is': of harbour


def test_the_key_the_title_and_other_names_of_a_label_count_as_its_words() -> None:
    table = head("topic", "many-of", ("trade_talks", "bread"))
    table["label"][1] |= {"title": "Bakers", "aliases": {"press": ["baking_powder"], "other": ["Loaves"]}}
    question = question_of(table, [["bread"]] * 5)
    texts = ["talks on trade", "bread of a baker", "powder for baking", "bread loaves", "trade of a baker"]

    assert said(question, texts)["keywords"] == [["trade_talks"], ["bread"], ["bread"], ["bread"], []]


def test_a_label_without_words_is_found_nowhere() -> None:
    question = question_of(head("topic", "many-of", ("a", "bread")), [["a"], ["bread"]])

    assert said(question, ["a a", ""])["keywords"] == [[], []]


def test_the_title_of_an_article_is_read_and_a_missing_one_is_none() -> None:
    question = question_of(defined(), [["bread"]] * 3)

    found = said(question, ["over the quays", "over the quays", ""], titles=["Cranes", None, "Cranes and quays"])

    assert found["keywords"] == [["harbour"], [], ["harbour"]]


def test_what_stands_late_in_an_article_is_not_read() -> None:
    assert by_keywords("rain " * 5000 + "cranes quays", "cranes quays" + " rain" * 5000) == [[], ["harbour"]]


def test_where_every_article_has_a_label_the_likeliest_is_given_for_want_of_a_sure_one() -> None:
    texts = ["crane and quay", "one quay", "rain"]

    found = by_keywords(*texts, at_least_one=True)

    assert found == [["harbour"], ["harbour"], ["bread"]]  # found; the most words of; the commonest
    assert by_keywords(*texts) == [["harbour"], [], []]


def test_of_one_answer_the_label_with_the_most_words_is_given_the_commonest_where_these_are_as_many() -> None:
    found = by_keywords("a crane", "pupils, lessons, crane", "rain", "crane, lesson, oven", kind="one-of")

    assert found == [["harbour"], ["school"], ["bread"], ["bread"]]


def test_a_stance_s_words_are_those_of_its_target() -> None:
    view = head("view", "one-of-per-label", ("for", "against"), of="fruit")
    gains = {"for": "Growth and gains.", "against": "Noise and danger."}
    view["target"] = [
        {"label": "apple", "target": "apples", "definitions": {key: gains[key] for key in gains}},
        {"label": "pear", "target": "pears", "definitions": {"for": "Cheap juice.", "against": "Wasps."}},
    ]
    _, of_apples, of_pears = blocks(codebook(head("fruit", "many-of", FRUIT), view))
    answers = np.array([[True, False], [True, False], [False, True]])
    texts = table_of(["growth and danger, noise", "wasps", "gains"])

    found = []
    for block in (of_apples, of_pears):
        question = Judged(block, np.array([True, True]), {}, np.arange(3) * 2, answers, answers, None)
        said_of = {key: one.assigned for key, _, one in baselines(question, texts, ["x"] * 6, 0)}
        found.append(said_of["keywords"].argmax(axis=1).tolist())

    assert found == [[1, 0, 0], [0, 1, 0]]
