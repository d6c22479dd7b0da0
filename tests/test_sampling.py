"""Drawing articles to code: at random for good, over strata, and what teaches a model most."""

import json
from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
import pytest
from fruit_files import write_jsonl
from made_up import answers, articles, codebook, dealt, head, trained
from scipy import sparse

from classifier.errors import ArticleError, SlantwiseError
from training.informative import choose
from training.labels import Coding
from training.sampling import INFORMATIVE, RANDOM, STRATIFIED, check_same, draw, random_numbers

Command = Callable[..., tuple[int, str, str]]

FRUIT = ("apple", "pear")
BOOK = codebook(head("fruit", "many-of", FRUIT))


def corpus(n: int, **columns: Sequence[object]) -> pl.DataFrame:
    frame = articles([["apple"]] * n, seed=1)
    return frame.with_columns(
        pl.lit(None, pl.String).alias("url"), *(pl.Series(key, values) for key, values in columns.items())
    )


def coding(ids: Sequence[str], random: Sequence[str] = ()) -> Coding:
    return Coding(tuple(ids), answers(BOOK, [["apple"]] * len(ids)), frozenset(random))


def ids(sample: pl.DataFrame, how: str) -> list[str]:
    return sample.filter(pl.col("sampling") == how)["id"].to_list()


def test_random_parts_of_several_draws_are_one_random_draw():
    frame = corpus(200)
    whole = ids(draw(frame, None, "random", 40, seed=3).articles, RANDOM)

    found: list[str] = []
    other: list[str] = []
    for _ in range(4):
        sample = draw(frame, coding([*found, *other], random=found) if found else None, "outlet", 40, seed=3).articles
        found, other = found + ids(sample, RANDOM), other + ids(sample, STRATIFIED)

    assert found == whole
    assert (
        len(other) == len(set(other)) == (random_numbers(frame["id"].to_list(), 3) >= 0.5).sum()
    )  # that half is used up


def test_a_draw_hangs_on_ids_and_seed_and_not_on_the_order_of_articles():
    frame = corpus(80)

    first = draw(frame, None, "random", 20, seed=1).articles["id"].to_list()

    assert first == draw(frame.reverse(), None, "random", 20, seed=1).articles["id"].to_list()
    assert first != draw(frame, None, "random", 20, seed=2).articles["id"].to_list()


def test_random_numbers_are_spread_evenly():
    numbers = random_numbers([f"a{n}" for n in range(4000)], seed=0)

    counts, _ = np.histogram(numbers, bins=10, range=(0, 1))
    assert np.abs(counts - 400).max() < 4 * 400**0.5  # four standard deviations of a count


def test_strata_with_the_fewest_coded_articles_come_first():
    frame = corpus(300, date=["2020-05-01"] * 240 + ["2021-05-01"] * 60)
    coded = coding([f"a{n}" for n in range(240, 270)])

    sample = draw(frame, coded, "year", 40, seed=0).articles

    assert set(sample.filter(pl.col("sampling") == STRATIFIED)["stratum"]) == {"2020"}
    even = draw(frame, None, "year", 40, seed=0).articles.filter(pl.col("sampling") == STRATIFIED)
    assert even["stratum"].value_counts().sort("stratum").rows() == [("2020", 15), ("2021", 15)]


def test_strata_that_no_article_is_drawn_from_are_named():
    frame = corpus(60, date=[f"20{10 + n % 20}-01-01" for n in range(60)])

    (note,) = draw(frame, None, "year", 8, seed=0).notes

    assert "strata have no article here nor coded, so nothing will be known of them: 20" in note


def test_coded_articles_that_spoil_the_random_part_are_named():
    frame = corpus(50)
    first = draw(frame, None, "random", 1, seed=0).articles["id"][0]

    (note,) = draw(frame, coding([first]), "random", 5, seed=0).notes

    assert f"are coded already and not marked so: {first}; add" in note
    assert draw(frame, coding([first], random=[first]), "random", 5, seed=0).notes == ()


def test_coded_articles_that_are_not_in_the_corpus_are_named():
    (note,) = draw(corpus(50), coding(["z2", "z1"]), "random", 5, seed=0).notes

    assert note == "2 coded articles are not among the articles: z1, z2"


def test_a_small_corpus_gives_what_it_has():
    sample = draw(corpus(30), None, "outlet", 40, seed=0)

    assert len(ids(sample.articles, RANDOM)) == 8  # a quarter of the 30 that there are
    assert len(sample.articles) < 30
    assert "the rest is left to later random parts" in sample.notes[-1]


@pytest.mark.parametrize(
    ("by", "coded", "complaint"),
    [
        pytest.param("section", [], "no article has a stratum by 'section'", id="no-such-column"),
        pytest.param("year", [], "no article has a stratum by 'year'", id="no-dates"),
        pytest.param("random", ["a0", "a1", "a2"], "all 3 articles are coded", id="all-coded"),
    ],
)
def test_what_cannot_be_drawn_is_named(by, coded, complaint):
    frame = corpus(3).with_columns(pl.lit(None, pl.String).alias("date"))

    with pytest.raises(ArticleError, match=complaint):
        draw(frame, coding(coded) if coded else None, by, 2, seed=0)


# --- what teaches a model most


def test_the_label_with_the_fewest_coded_articles_is_served_first():
    unsure = np.array([[0.9, 0.0], [0.8, 0.0], [0.0, 0.3], [0.0, 0.2]])

    assert choose(unsure, sparse.csr_matrix(np.eye(4)), np.array([10, 0]), 2) == [2, 3]
    assert choose(unsure, sparse.csr_matrix(np.eye(4)), np.array([0, 1]), 3) == [0, 1, 2]


def test_a_rare_label_does_not_take_every_choice():
    unsure = np.array([[0.9, 0.0]] * 3 + [[0.0, 0.9]] * 9)

    chosen = choose(unsure, sparse.csr_matrix(np.eye(12)), np.array([4, 1]), 7)

    assert sum(row < 3 for row in chosen) == 2  # 5 : 2 by need


def test_an_article_like_one_that_is_chosen_already_waits():
    unsure = np.array([[0.9], [0.8], [0.4]])
    alike = sparse.csr_matrix(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))

    assert choose(unsure, alike, np.array([0]), 3) == [0, 2]  # the second would teach what the first did


def test_a_column_that_is_nothing_to_code_is_never_served():
    unsure = np.array([[0.0, 0.5], [0.0, 0.4]])

    assert choose(unsure, sparse.csr_matrix(np.eye(2)), np.array([0, 50]), 2) == [0, 1]


@pytest.fixture(scope="module")
def model():
    fruit = dealt(FRUIT, 60, seed=2)
    return trained(BOOK, articles([[name] for name in fruit], seed=2), answers(BOOK, [[name] for name in fruit]))


def test_a_model_asks_for_the_rare_label_and_keeps_a_random_part(model):
    labels = [["apple"]] * 190 + [["apple", "pear"]] * 10  # a pear that it is not sure of
    frame = articles(labels, seed=5, prefix="n").with_columns(pl.lit(None, pl.String).alias("url"))
    many_apples = Coding(("x",) * 40, answers(BOOK, [["apple"]] * 40), frozenset())

    sample = draw(frame, many_apples, "model", 12, seed=0, model=model).articles

    telling = ids(sample, INFORMATIVE)
    pears_there = {f"n{n}" for n in range(190, 200)} & set(
        frame["id"].filter(pl.Series(random_numbers(frame["id"].to_list(), 0) >= 0.5))
    )
    assert len(ids(sample, RANDOM)) == 3
    assert pears_there
    assert pears_there <= set(telling)


def test_a_model_of_other_labels_is_refused(model):
    with pytest.raises(SlantwiseError, match="has other questions or labels than codebook made-up"):
        check_same(codebook(head("fruit", "many-of", ("apple", "plum"))), model)
    check_same(codebook(head("fruit", "many-of", FRUIT, question="Which?")), model)


# --- the command


def test_the_command_draws_for_a_tool_and_says_what_it_did(command: Command, tiny_toml, tmp_path):
    (tmp_path / "tiny.toml").write_text(tiny_toml)
    path = write_jsonl(tmp_path / "articles.jsonl", articles([["apple"]] * 40, seed=1).to_dicts())
    out = tmp_path / "code.json"
    more = ("--out", str(out), "--format", "label-studio", "-n", "12", "--by", "outlet")

    status, said, _ = command("sample", str(path), "--codebook", str(tmp_path / "tiny.toml"), *more)

    assert status == 0
    assert "code.json and " in said
    assert "12 articles to code, 9 stratified, 3 random" in said
    assert len(json.loads(out.read_text())) == 12


def test_drawing_by_a_model_needs_one(command: Command, tmp_path):
    more = ("--codebook", "x.toml", "--out", "x.jsonl", "--by", "model")

    status, said, _ = command("sample", str(tmp_path), *more)

    assert status == 2
    assert "--by model needs" in said
