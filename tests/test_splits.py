"""Splitting articles so that neither an outlet nor a story stands on both sides."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.splits import apart, cross_fit, deal_groups, near_duplicates, outlets_of

NO_PAIRS = np.empty((0, 2), dtype=np.intp)
GROUPS = st.lists(st.sampled_from([f"outlet {number}" for number in range(12)]), min_size=1, max_size=60)
FEW_EXAMPLES = settings(max_examples=30)  # a machine that others use may be slow
FOLDS, SEEDS = st.integers(2, 6), st.integers(0, 50)


def text_of(seed: int, n_words: int = 120) -> str:
    return " ".join(f"word{number}" for number in np.random.default_rng(seed).integers(0, 2000, n_words))


def with_words_changed(text: str, *positions: int) -> str:
    words = text.split()
    for position in positions:
        words[position] = "changed"
    return " ".join(words)


def pairs_among(*texts: str) -> list[list[int]]:
    return near_duplicates(pl.Series(texts, dtype=pl.String)).tolist()


# --- outlets


@pytest.mark.parametrize(
    ("url", "outlet", "expected"),
    [
        pytest.param("https://www.gull.com/2020/a", "The Gull", "gull.com", id="the-domain-comes-first"),
        pytest.param("http://opinion.gull.com/b?c=d", "Gull Opinion", "gull.com", id="a-subdomain-is-the-same-house"),
        pytest.param("https://news.gull.co.uk/c", None, "gull.co.uk", id="a-country-s-second-level-is-no-house"),
        pytest.param(None, "The Gull", "The Gull", id="without-a-url-the-outlet-s-name"),
        pytest.param("unknown", "The Gull", "The Gull", id="what-is-no-url-counts-for-nothing"),
        pytest.param(None, None, "article a", id="without-either-the-article-itself"),
        pytest.param("", "", "article a", id="empty-is-not-known"),
    ],
)
def test_an_outlet_is_its_domain_else_its_name_else_the_article(
    url: str | None, outlet: str | None, expected: str
) -> None:
    schema = {"id": pl.String, "url": pl.String, "outlet": pl.String}
    articles = pl.DataFrame({"id": ["a"], "url": [url], "outlet": [outlet]}, schema=schema)

    outlets = outlets_of(articles)

    assert outlets == [expected]


def test_articles_without_the_columns_are_outlets_of_their_own() -> None:
    articles = pl.DataFrame({"id": ["a", "b"]})

    outlets = outlets_of(articles)

    assert outlets == ["article a", "article b"]


# --- dealing


@FEW_EXAMPLES
@given(groups=GROUPS, n_folds=FOLDS, seed=SEEDS)
def test_a_group_is_dealt_whole(groups: list[str], n_folds: int, seed: int) -> None:
    folds = deal_groups(groups, n_folds, seed)

    assert len(set(zip(groups, folds.tolist(), strict=True))) == len(set(groups))
    assert set(folds.tolist()) <= set(range(n_folds))


@FEW_EXAMPLES
@given(groups=GROUPS, n_folds=FOLDS, seed=SEEDS)
def test_folds_differ_in_size_by_the_largest_group_at_most(groups: list[str], n_folds: int, seed: int) -> None:
    folds = deal_groups(groups, n_folds, seed)

    sizes = np.bincount(folds, minlength=n_folds)
    assert sizes.max() - sizes.min() <= max(groups.count(group) for group in groups)


@FEW_EXAMPLES
@given(groups=GROUPS, n_folds=FOLDS, seed=SEEDS, data=st.data())
def test_where_a_group_goes_does_not_depend_on_the_order_of_the_articles(
    groups: list[str], n_folds: int, seed: int, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(groups))

    by_group = dict(zip(groups, deal_groups(groups, n_folds, seed).tolist(), strict=True))

    assert dict(zip(shuffled, deal_groups(shuffled, n_folds, seed).tolist(), strict=True)) == by_group


def test_groups_of_one_size_are_spread_evenly() -> None:
    groups = [f"outlet {number}" for number in range(20)] * 3

    folds = deal_groups(groups, 5, seed=0)

    assert np.bincount(folds).tolist() == [12] * 5


def test_another_seed_deals_otherwise() -> None:
    groups = [f"outlet {number}" for number in range(20)]

    first, second = deal_groups(groups, 5, seed=0), deal_groups(groups, 5, seed=1)

    assert first.tolist() != second.tolist()


def test_large_groups_are_dealt_first() -> None:
    groups = ["small", *["large"] * 6, "tiny", *["middling"] * 4]

    folds = dict(zip(groups, deal_groups(groups, 2, seed=3).tolist(), strict=True))

    assert folds["small"] == folds["tiny"] == folds["middling"] != folds["large"]


# --- near-duplicates


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(text_of(1), id="copied"),
        pytest.param("Storm hits harbour\n" + text_of(1), id="under-another-headline"),
        pytest.param(with_words_changed(text_of(1), 20, 70), id="lightly-edited"),
        pytest.param(text_of(1).upper().replace(" ", ", "), id="in-other-letters-and-points"),
        pytest.param(text_of(1) + " " + text_of(2, 15), id="with-a-last-paragraph"),
    ],
)
def test_an_article_that_is_nearly_repeated_is_found(other: str) -> None:
    pairs = pairs_among(text_of(3), text_of(1), text_of(4), other)

    assert pairs == [[1, 3]]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(text_of(2), id="another-text"),
        pytest.param(" ".join(sorted(text_of(1).split())), id="the-same-words-in-another-order"),
        pytest.param(with_words_changed(text_of(1), *range(0, 120, 5)), id="every-fifth-word-changed"),
        pytest.param(text_of(1, 20) + " " + text_of(2), id="a-shared-first-sentence"),
    ],
)
def test_articles_that_differ_are_no_pair(other: str) -> None:
    pairs = pairs_among(text_of(1), other)

    assert pairs == []


def test_every_pair_among_three_copies_is_found_lower_row_first() -> None:
    pairs = pairs_among(text_of(1), text_of(1), text_of(2), text_of(1))

    assert sorted(pairs) == [[0, 1], [0, 3], [1, 3]]


@pytest.mark.parametrize(("n_words", "found"), [(0, []), (1, []), (4, []), (5, [[0, 1]])], ids=str)
def test_texts_shorter_than_a_run_of_five_words_are_never_near_duplicates(n_words: int, found: list[list[int]]) -> None:
    pairs = pairs_among(text_of(1, n_words), text_of(1, n_words))

    assert pairs == found


def test_only_the_opening_is_compared() -> None:
    opening = text_of(1, 200)

    pairs = pairs_among(f"{opening} {text_of(2, 900)}", f"{opening} {text_of(3, 900)}")

    assert pairs == [[0, 1]]


def test_no_articles_have_no_near_duplicates() -> None:
    pairs = near_duplicates(pl.Series([], dtype=pl.String))

    assert pairs.shape == (0, 2)


# --- folds


@st.composite
def splits(draw: st.DrawFn) -> tuple[list[str], np.ndarray]:
    groups = draw(GROUPS)
    row = st.integers(0, len(groups) - 1)
    pairs = draw(st.lists(st.tuples(row, row).filter(lambda pair: pair[0] < pair[1]), max_size=20))
    return groups, np.array(sorted(set(pairs)), dtype=np.intp).reshape(-1, 2)


@FEW_EXAMPLES
@given(split=splits(), n_folds=FOLDS, seed=SEEDS)
def test_every_article_is_tested_once(split: tuple[list[str], np.ndarray], n_folds: int, seed: int) -> None:
    groups, duplicates = split

    folds = list(cross_fit(groups, duplicates, n_folds, seed))

    assert sorted(np.concatenate([fold.test for fold in folds]).tolist()) == list(range(len(groups)))


@FEW_EXAMPLES
@given(split=splits(), n_folds=FOLDS, seed=SEEDS)
def test_no_outlet_and_no_near_duplicate_pair_stands_on_both_sides(
    split: tuple[list[str], np.ndarray], n_folds: int, seed: int
) -> None:
    groups, duplicates = split

    for fold in cross_fit(groups, duplicates, n_folds, seed):
        train, test = set(fold.train.tolist()), set(fold.test.tolist())
        assert not {groups[row] for row in train} & {groups[row] for row in test}
        assert not any((a in train and b in test) or (b in train and a in test) for a, b in duplicates.tolist())


@FEW_EXAMPLES
@given(split=splits(), n_folds=FOLDS, seed=SEEDS)
def test_rows_on_neither_side_are_those_left_out(split: tuple[list[str], np.ndarray], n_folds: int, seed: int) -> None:
    groups, duplicates = split

    for fold in cross_fit(groups, duplicates, n_folds, seed):
        assert len(fold.left_out) == len(groups) - len(fold.train) - len(fold.test)


def test_only_what_repeats_a_test_row_is_left_out_of_training() -> None:
    pairs = np.array([[0, 4], [3, 5], [1, 2]])  # the first two cross the sides, from either end

    fold = apart(np.array([0, 1, 2, 5]), np.array([3, 4]), pairs)

    assert fold.train.tolist() == [1, 2]
    assert fold.test.tolist() == [3, 4]
    assert len(fold.left_out) == 2


def test_without_near_duplicates_nothing_is_left_out() -> None:
    folds = list(cross_fit(["a", "b", "c", "a"], NO_PAIRS, 3, seed=0))

    assert [len(fold.left_out) for fold in folds] == [0, 0, 0]
    assert all(len(fold.train) + len(fold.test) == 4 for fold in folds)
