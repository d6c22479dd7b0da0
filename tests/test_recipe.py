"""The training recipe, on made-up articles: what it learns, what it leaves, and that it folds into plain weights."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import answers, articles, codebook, dealt, head, material, trained, words_of
from scipy import sparse

from classifier.codebook import Codebook
from classifier.decide import decide
from classifier.model import Model
from training import recipe
from training.labels import Coded
from training.metrics import article_counts, f1, micro_f1
from training.recipe import MIN_CODED, SIDE_SCALE, Design, answerable, fit

FRUIT = ("apple", "pear", "plum")
FEW_EXAMPLES = settings(max_examples=40)  # a machine that others use may be slow
SETS_OF_FRUIT = [[], ["apple"], ["pear"], ["plum"], ["apple", "pear"], ["pear", "plum"]]
BY_EITHER_SOLVER = pytest.mark.parametrize("many_rows", [6000, 10], ids=["ridge", "descent"])


def one_each(labels: list[str]) -> list[list[str]]:
    return [[label] for label in labels]


def sets_of_fruit(n_articles: int, *, seed: int) -> list[list[str]]:
    return [SETS_OF_FRUIT[number] for number in np.random.default_rng(seed).integers(0, len(SETS_OF_FRUIT), n_articles)]


def weights_of(model: Model, words: list[str], label: int) -> np.ndarray:
    return model.weights.text[[model.vocabulary.words.index(word) for word in words], label]


# --- what is learned


@pytest.mark.parametrize(
    "many_rows",
    [
        pytest.param(6000, id="ridge"),
        pytest.param(10, id="descent"),
    ],
)
def test_labels_with_words_of_their_own_are_found_in_outlets_never_seen(
    many_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "MANY_ROWS", many_rows)
    book = codebook(head("fruit", "many-of", FRUIT))
    seen, unseen = sets_of_fruit(120, seed=1), sets_of_fruit(90, seed=2)

    model = trained(book, articles(seen, seed=1), answers(book, seen))

    assigned = model.score_batch(articles(unseen, seed=2, prefix="new")).assigned
    found = f1(article_counts(answers(book, unseen) == 1, assigned).sum(axis=0))
    assert found.min() > 0.8


@BY_EITHER_SOLVER
def test_one_answer_is_found_in_outlets_never_seen(many_rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "MANY_ROWS", many_rows)
    book = codebook(head("fruit", "one-of", FRUIT))
    seen, unseen = one_each(dealt(FRUIT, 120, seed=1)), one_each(dealt(FRUIT, 90, seed=2))

    model = trained(book, articles(seen, seed=1), answers(book, seen))

    assigned = model.score_batch(articles(unseen, seed=2, prefix="new")).assigned
    assert assigned.sum(axis=1).tolist() == [1] * 90
    assert micro_f1(article_counts(answers(book, unseen) == 1, assigned).sum(axis=0)) > 0.8


def test_a_label_s_own_words_speak_for_it_and_against_the_others() -> None:
    book = codebook(head("fruit", "one-of", FRUIT))
    seen = one_each(dealt(FRUIT, 120, seed=1))

    model = trained(book, articles(seen, seed=1), answers(book, seen))

    assert weights_of(model, words_of("pear"), FRUIT.index("pear")).min() > 0
    assert weights_of(model, words_of("plum"), FRUIT.index("pear")).max() < 0


def test_stance_is_learned_for_each_target_by_itself() -> None:
    """On apples 'up' words are for it, on pears they are against it."""
    view = head("view", "one-of-per-label", ("for", "against"), of="fruit", beside=["genre"])
    view["target"] = [{"label": "apple", "target": "apples"}, {"label": "pear", "target": "pears"}]
    book = codebook(head("fruit", "many-of", ("apple", "pear")), head("genre", "one-of", ("news", "opinion")), view)
    fruit, genre = dealt(["apple", "pear"], 160, seed=1), dealt(["news", "opinion"], 160, seed=2)
    mood = dealt(["up", "down"], 160, seed=3)
    texts = articles(list(zip(fruit, genre, mood, strict=True)), seed=1)
    on_apple = [["for" if m == "up" else "against"] if f == "apple" else None for f, m in zip(fruit, mood, strict=True)]
    on_pear = [["against" if m == "up" else "for"] if f == "pear" else None for f, m in zip(fruit, mood, strict=True)]
    model = trained(book, texts, answers(book, one_each(fruit), one_each(genre), on_apple, on_pear))

    new = articles([("apple", "news", "up"), ("apple", "news", "down"), ("pear", "news", "up")], seed=2, prefix="new")
    views = [scores.labels["view"] for scores in model.articles(new)]

    found = {(row, target): answer["for"].yes for row, view in enumerate(views) for target, answer in view.items()}
    assert found == {(0, "apple"): True, (1, "apple"): False, (2, "pear"): False}


# --- what is not


@pytest.mark.parametrize("kind", ["many-of", "one-of"])
@pytest.mark.parametrize(("n_coded", "learned"), [(MIN_CODED - 1, False), (MIN_CODED, True)], ids=["too-few", "enough"])
def test_a_label_needs_a_few_coded_articles_to_be_learned(kind: str, n_coded: int, *, learned: bool) -> None:
    book = codebook(head("fruit", kind, FRUIT))
    coded = one_each(["plum"] * n_coded + dealt(["apple", "pear"], 80, seed=1))

    model = trained(book, articles(coded, seed=1), answers(book, coded))

    assert model.weights.learned.tolist() == [True, True, learned]


@pytest.mark.parametrize("kind", ["many-of", "one-of"])
def test_a_label_that_was_not_learned_has_no_probability_and_is_never_assigned(kind: str) -> None:
    book = codebook(head("fruit", kind, FRUIT))
    coded = one_each(["plum"] * (MIN_CODED - 1) + dealt(["apple", "pear"], 80, seed=1))
    model = trained(book, articles(coded, seed=1), answers(book, coded))

    scores = model.score_batch(articles([["plum"]] * 20, seed=2, prefix="new"))

    assert np.isnan(scores.probability[:, 2]).all()
    assert not np.isnan(scores.probability[:, :2]).any()
    assert not scores.assigned[:, 2].any()


def test_a_label_that_nearly_every_article_has_is_not_learned() -> None:
    book = codebook(head("fruit", "many-of", ("apple", "pear")))
    coded = [["pear"]] * (MIN_CODED - 1) + [["apple", "pear"], ["apple"]] * 40

    model = trained(book, articles(coded, seed=1), answers(book, coded))

    assert model.weights.learned.tolist() == [False, True]


def test_one_answer_out_of_one_is_nothing_to_learn() -> None:
    book = codebook(head("fruit", "one-of", ("apple", "pear")), head("kind", "many-of", ("news",)))
    kind = [["news"], []] * 40

    model = trained(book, articles(kind, seed=1), answers(book, [["apple"]] * 80, kind))

    assert model.weights.learned.tolist() == [False, False, True]
    assert not model.weights.text[:, :2].any()


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        pytest.param("many-of", [True, True, False, True], id="many-of"),
        pytest.param("one-of", [True, False, False, False], id="one-of"),
    ],
)
def test_an_article_teaches_what_it_was_coded_for(kind: str, known: list[bool]) -> None:
    book = codebook(head("fruit", kind, FRUIT))
    coded = answers(book, [["apple"], ["plum"], None, []])

    found = answerable(book.head("fruit"), coded, np.array([True, True, False]))

    assert found.tolist() == known


def test_articles_that_training_was_not_given_change_nothing() -> None:
    book = codebook(head("fruit", "many-of", FRUIT))
    coded = sets_of_fruit(120, seed=1)
    texts = articles(coded, seed=1)
    read = material(book, texts, answers(book, coded))
    other = material(book, texts, answers(book, coded[:90] + sets_of_fruit(30, seed=9)))

    weights, same = fit(read, np.arange(90), 0), fit(other, np.arange(90), 0)

    np.testing.assert_array_equal(weights.text, same.text)
    np.testing.assert_array_equal(weights.threshold, same.threshold)


@FEW_EXAMPLES
@given(rows=st.sets(st.integers(0, 14), min_size=1), pairs=st.sets(st.tuples(st.integers(0, 14), st.integers(0, 14))))
def test_pairs_of_near_duplicates_are_numbered_by_their_place_in_a_fold(
    rows: set[int], pairs: set[tuple[int, int]]
) -> None:
    kept, duplicates = sorted(rows), np.array(sorted(pairs), dtype=np.intp).reshape(-1, 2)

    among = recipe._among(duplicates, np.array(kept))

    assert [(kept[a], kept[b]) for a, b in among] == [(a, b) for a, b in sorted(pairs) if a in rows and b in rows]


# --- the seed


@BY_EITHER_SOLVER
def test_the_same_seed_gives_the_same_weights_and_another_others(
    many_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "MANY_ROWS", many_rows)
    book = codebook(head("fruit", "many-of", FRUIT))
    coded = sets_of_fruit(80, seed=1)
    read = material(book, articles(coded, seed=1), answers(book, coded))

    first, again, other = (fit(read, np.arange(80), seed).text for seed in (3, 3, 4))

    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


# --- the designs


@FEW_EXAMPLES
@given(
    seed=st.integers(0, 10_000),
    n_features=st.integers(1, 12),
    n_latent=st.integers(0, 4),
    n_side=st.integers(0, 3),
    n_labels=st.integers(1, 4),
)
def test_weights_fold_back_exactly(seed: int, n_features: int, n_latent: int, n_side: int, n_labels: int) -> None:
    random = np.random.default_rng(seed)
    terms, rows = random.random(n_features) < 0.6, random.random(9) < 0.7
    design = Design(terms, random.normal(size=(n_features, n_latent)), random.normal(size=(9, n_side)))
    features = sparse.random_array((9, n_features), density=0.5, format="csr", rng=random)
    weights = random.normal(size=(design.n_inputs, n_labels))

    text, side = design.fold_back(weights)

    folded = features[rows] @ text + design.side[rows] @ side
    np.testing.assert_allclose(folded, design.inputs(sparse.csr_matrix(features), rows) @ weights, atol=1e-12)


def test_other_heads_scores_are_scaled_beside_the_text() -> None:
    design = Design(np.array([True]), np.zeros((1, 0)), np.array([[2.0]]))

    inputs = design.inputs(sparse.csr_matrix([[1.0]]), np.array([True]))

    assert inputs.toarray().tolist() == [[1.0, 2.0 * SIDE_SCALE]]


@pytest.fixture(scope="module")
def leaning() -> Model:
    """A model of an outlet's side and an article's fruit; every two outlets share their furniture."""
    book = codebook(
        head("fruit", "one-of", ("apple", "pear")), head("leaning", "one-of", ("left", "right"), coded_in="articles")
    )
    side_of = dealt(["left", "right"], 40, seed=1)
    side = [side_of[number % 80 // 2] for number in range(240)]
    fruit = dealt(["apple", "pear"], 240, seed=2)
    texts = articles(list(zip(fruit, side, strict=True)), seed=1, n_outlets=80, outlets_a_house=2)
    return trained(book, texts, answers(book, one_each(fruit), one_each(side)))


@pytest.mark.slow
def test_a_head_coded_in_the_articles_gives_furniture_no_weight(leaning: Model) -> None:
    furniture = [number for number, word in enumerate(leaning.vocabulary.words) if "house" in word]

    of_fruit, of_leaning = leaning.weights.text[furniture, :2], leaning.weights.text[furniture, 2:]

    assert len(furniture) == 160
    assert not of_leaning.any()
    assert of_fruit.all()


def test_a_head_coded_in_the_articles_reads_widespread_words(leaning: Model) -> None:
    right = weights_of(leaning, words_of("right"), 3)

    assert right.min() > 0
    assert weights_of(leaning, words_of("left"), 3).max() < 0


@pytest.fixture(scope="module")
def beside() -> tuple[Model, pl.DataFrame]:
    """A model whose 'view' is 'for' in every opinion and 'against' in all news; its articles."""
    view = head("view", "one-of", ("for", "against"), beside=["genre"])
    book = codebook(head("genre", "one-of", ("news", "opinion")), view)
    genre = dealt(["news", "opinion"], 120, seed=1)
    texts = articles(one_each(genre), seed=1)
    coded = answers(book, one_each(genre), [["for"] if kind == "opinion" else ["against"] for kind in genre])
    return trained(book, texts, coded), texts


def test_a_head_beside_another_follows_its_scores(beside: tuple[Model, pl.DataFrame]) -> None:
    model, texts = beside
    features = model.vocabulary.features(texts["title"] + "\n" + texts["text"])
    values = features @ model.weights.text + model.weights.intercept
    as_news, as_opinion = values.copy(), values.copy()
    as_news[:, :2], as_opinion[:, :2] = [4.0, -4.0], [-4.0, 4.0]

    news, opinion = (decide(model.codebook, changed, model.weights) for changed in (as_news, as_opinion))

    view_for = 2
    assert (opinion.probability[:, view_for] > news.probability[:, view_for] + 0.1).all()


def test_a_head_beside_another_reads_the_text_through_the_latent_space_alone() -> None:
    view = head("view", "one-of", ("for", "against"), beside=["genre"])
    book = codebook(head("genre", "one-of", ("news", "opinion")), view)
    genre = dealt(["news", "opinion"], 80, seed=1)
    read = material(
        book, articles(one_each(genre), seed=1), answers(book, one_each(genre), one_each(["for", "against"] * 40))
    )

    text = fit(read, np.arange(80), 0).text

    coordinates = np.linalg.lstsq(read.latent, text, rcond=None)[0]
    beyond = np.abs(text - read.latent @ coordinates).max(axis=0)
    assert beyond[2:].max() < 1e-5
    assert beyond[:2].min() > 1e-2


# --- terms that a head must not learn from


def fruit_and_view(**of_view: Any) -> tuple[Codebook, pl.DataFrame, Coded]:
    """Return a codebook, articles and answers: 'up' words tell the view, of which some are ignored there."""
    view = head("view", "one-of", ("for", "against"), ignore=["up3", "up4 up5"], **of_view)
    book = codebook(head("fruit", "one-of", ("apple", "pear")), head("genre", "one-of", ("news", "opinion")), view)
    fruit, genre = dealt(["apple", "pear"], 120, seed=1), dealt(["news", "opinion"], 120, seed=2)
    mood = dealt(["up", "down"], 120, seed=3)
    texts = articles(list(zip(fruit, genre, mood, strict=True)), seed=1)
    texts = texts.with_columns(text="up4 up5 " + pl.col("text"))
    if of_view.get("coded_in") == "articles":
        texts = texts.with_columns(text="up3 up1 " + pl.col("text"))  # so that outlets enough have the words
    views = [["for"] if m == "up" else ["against"] for m in mood]
    return book, texts, answers(book, one_each(fruit), one_each(genre), views)


@pytest.mark.parametrize(
    "of_view",
    [
        pytest.param({}, id="terms-and-latent-space"),
        pytest.param({"beside": ["genre"]}, id="latent-space"),
        pytest.param({"coded_in": "articles"}, id="widespread-terms"),
    ],
)
def test_an_ignored_term_has_no_weight_for_that_head_and_keeps_it_for_others(of_view: dict[str, Any]) -> None:
    model = trained(*fruit_and_view(**of_view))

    terms, of_others, of_view_head = model.vocabulary.terms, model.weights.text[:, :4], model.weights.text[:, 4:]
    ignored = [number for number, term in enumerate(terms) if "up3" in term.split(" ") or term == "up4 up5"]
    assert {"up3", "up4 up5"} <= {terms[number] for number in ignored}
    assert any(terms[number].startswith("up3 ") or terms[number].endswith(" up3") for number in ignored)
    assert not of_view_head[ignored].any()
    assert of_others[ignored].all()
    heeded = [terms.index(word) for word in ("up1", "up4", "up5")]
    assert of_view_head[heeded].all()


# --- calibration


@pytest.fixture(scope="module")
def unsure() -> tuple[Model, pl.DataFrame, np.ndarray]:
    """A model of labels that coders often gave at odds with the text; unseen articles; their labels."""
    book = codebook(head("fruit", "one-of", FRUIT), head("sour", "many-of", ("sour",)))
    random = np.random.default_rng(7)

    def coding(n_articles: int) -> tuple[list[list[str]], np.ndarray]:
        written = random.choice(FRUIT, n_articles, p=[0.6, 0.25, 0.15])
        coded = np.where(random.random(n_articles) < 0.25, random.choice(FRUIT, n_articles), written)
        sour = random.random(n_articles) < np.where(written == "apple", 0.5, 0.1)
        return one_each(written.tolist()), answers(
            book, one_each(coded.tolist()), [["sour"] if s else [] for s in sour]
        )

    seen, coded = coding(400)
    unseen, truth = coding(600)
    return trained(book, articles(seen, seed=1), coded), articles(unseen, seed=2, prefix="new"), truth


@pytest.mark.slow
def test_mean_probabilities_are_the_labels_shares(unsure: tuple[Model, pl.DataFrame, np.ndarray]) -> None:
    model, texts, truth = unsure

    scores = model.score_batch(texts)

    assert scores.probability.mean(axis=0) == pytest.approx((truth == 1).mean(axis=0), abs=0.06)


def test_the_likeliest_answer_is_right_as_often_as_it_says(unsure: tuple[Model, pl.DataFrame, np.ndarray]) -> None:
    model, texts, truth = unsure

    p = model.score_batch(texts).probability[:, :3]

    right = (p.argmax(axis=1) == truth[:, :3].argmax(axis=1)).mean()
    assert p.max(axis=1).mean() == pytest.approx(right, abs=0.06)
    assert 0.6 < right < 0.95


def test_thresholds_find_more_than_those_at_one_half_would(unsure: tuple[Model, pl.DataFrame, np.ndarray]) -> None:
    model, texts, truth = unsure
    sour = truth[:, 3:] == 1

    scores = model.score_batch(texts)

    found, at_one_half = (
        float(micro_f1(article_counts(sour, assigned).sum(axis=0)))
        for assigned in (scores.assigned[:, 3:], scores.probability[:, 3:] >= 0.5)
    )
    assert found > at_one_half + 0.05


def test_furniture_makes_a_model_no_surer() -> None:
    """The label is the outlet's and nothing but furniture tells it: calibration must see this in outlets set apart."""
    book = codebook(head("side", "one-of", ("left", "right")))
    side_of = dealt(["left", "right"], 16, seed=4)  # fewer than 20 outlets: the vocabulary keeps furniture
    sides = one_each([side_of[number % 16] for number in range(128)])
    texts = articles([[]] * 128, seed=1, n_outlets=16)

    model = trained(book, texts, answers(book, sides))

    assert model.score_batch(texts).probability.max(axis=1).mean() < 0.7


def test_a_story_that_many_outlets_print_makes_a_model_no_surer() -> None:
    book = codebook(head("side", "one-of", ("left", "right")))
    stories, side_of = articles([[]] * 40, seed=1, n_outlets=40), dealt(["left", "right"], 40, seed=5)
    story = [number % 40 for number in range(120)]  # each runs in three outlets, under another headline
    texts = articles([[]] * 120, seed=2, n_outlets=60).with_columns(text=stories["text"].gather(story))

    model = trained(book, texts, answers(book, one_each([side_of[number] for number in story])))

    assert model.score_batch(texts).probability.max(axis=1).mean() < 0.7


# --- outlets too few to keep apart


def test_articles_of_one_outlet_can_be_learned_from() -> None:
    book = codebook(head("fruit", "many-of", FRUIT))
    coded = sets_of_fruit(60, seed=1)

    model = trained(book, articles(coded, seed=1, n_outlets=1), answers(book, coded))

    assert model.weights.learned.all()


def test_a_head_beside_another_is_learned_where_one_outlet_holds_all_of_an_answer() -> None:
    view = head("view", "one-of", ("for", "against"), beside=["genre"])
    book = codebook(head("genre", "one-of", ("news", "opinion")), view)
    genre = one_each(dealt(["news", "opinion"], 60, seed=1))
    views = [["for"] if number % 6 == 0 else ["against"] for number in range(60)]

    model = trained(book, articles(genre, seed=1, n_outlets=6), answers(book, genre, views))

    assert model.weights.learned.all()
