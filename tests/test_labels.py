"""Reading coded articles, and bringing them to the rows of an article table."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from classifier.codebook import Codebook
from classifier.errors import LabelError
from training.labels import Coding, align, read_labels

Write = Callable[..., Path]

# Columns: topics apple pear plum | genre news opinion | view on apple: for against | on pear: for against | side
WIDTH = 11
TOPICS, GENRE, ON_APPLE, ON_PEAR, SIDE = slice(0, 3), slice(3, 5), slice(5, 7), slice(7, 9), slice(9, 11)
NOT_CODED_2, NOT_CODED_3 = [-1, -1], [-1, -1, -1]


@pytest.fixture(scope="module")
def fruit() -> Codebook:
    view = {"key": "view", "kind": "one-of-per-label", "of": "topic", "label": [{"key": "for"}, {"key": "against"}]}
    return Codebook.from_table(
        {
            "name": "fruit",
            "version": "1",
            "head": [
                {
                    "key": "topic",
                    "field": "topics",
                    "kind": "many-of",
                    "label": [
                        {"key": "apple", "aliases": {"cap": ["9"], "trade": ["pome"]}},
                        {"key": "pear"},
                        {"key": "plum"},
                    ],
                },
                {"key": "genre", "kind": "one-of", "label": [{"key": "news"}, {"key": "opinion"}]},
                {**view, "target": [{"label": "apple", "target": "apples"}, {"label": "pear", "target": "pears"}]},
                {
                    "key": "side",
                    "kind": "one-of",
                    "coded_in": "articles",
                    "label": [{"key": "left", "aliases": {"house": ["L"]}}, {"key": "right"}],
                },
            ],
        }
    )


@pytest.fixture
def label_file(tmp_path: Path) -> Write:
    def write(*lines: str | dict[str, Any]) -> Path:
        path = tmp_path / "labels.jsonl"
        text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def article_table(*ids: str, **columns: list[str | None]) -> pl.DataFrame:
    side = {"side": [None] * len(ids), **columns}
    return pl.DataFrame({"id": ids, **side}, schema_overrides={"side": pl.String})


# --- reading


def test_every_kind_of_head_is_read_into_its_columns(label_file: Write, fruit: Codebook) -> None:
    path = label_file({"id": "a", "topics": ["plum", "apple"], "genre": "opinion", "view": {"apple": "against"}})

    coding = read_labels(path, fruit)

    assert coding.ids == ("a",)
    assert coding.answers.tolist() == [[1, 0, 1, 0, 1, 0, 1, *NOT_CODED_2, *NOT_CODED_2]]


def test_rows_keep_the_order_of_the_file(label_file: Write, fruit: Codebook) -> None:
    path = label_file({"id": "b", "genre": "news"}, {"id": "a", "genre": "opinion"})

    coding = read_labels(path, fruit)

    assert coding.ids == ("b", "a")
    assert coding.answers[:, GENRE].tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize("alias", ["9", "pome"])
def test_an_alias_stands_for_its_label(alias: str, label_file: Write, fruit: Codebook) -> None:
    path = label_file({"id": "a", "topics": [alias]})

    coding = read_labels(path, fruit)

    assert coding.answers[0, TOPICS].tolist() == [1, 0, 0]


def test_a_label_and_its_alias_together_count_once(label_file: Write, fruit: Codebook) -> None:
    path = label_file({"id": "a", "topics": ["apple", "9", "apple"]})

    coding = read_labels(path, fruit)

    assert coding.answers[0, TOPICS].tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("field", "marks"),
    [
        pytest.param({}, NOT_CODED_3, id="left-out-is-not-coded"),
        pytest.param({"topics": None}, NOT_CODED_3, id="null-is-not-coded"),
        pytest.param({"topics": []}, [0, 0, 0], id="an-empty-list-is-none-of-them"),
    ],
)
def test_what_was_not_coded_is_not_the_same_as_none(
    field: dict[str, Any], marks: list[int], label_file: Write, fruit: Codebook
) -> None:
    path = label_file({"id": "a", "genre": "news", **field})

    coding = read_labels(path, fruit)

    assert coding.answers[0, TOPICS].tolist() == marks
    assert coding.answers[0, GENRE].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("view", "on_apple", "on_pear"),
    [
        pytest.param({}, NOT_CODED_2, NOT_CODED_2, id="no-target-asked"),
        pytest.param({"pear": "for"}, NOT_CODED_2, [1, 0], id="one-target"),
        pytest.param({"pear": "for", "apple": None}, NOT_CODED_2, [1, 0], id="null-is-not-asked"),
        pytest.param({"pear": "for", "apple": "against"}, [0, 1], [1, 0], id="both-targets"),
    ],
)
def test_a_stance_is_known_for_the_targets_that_it_names(
    view: dict[str, Any], on_apple: list[int], on_pear: list[int], label_file: Write, fruit: Codebook
) -> None:
    path = label_file({"id": "a", "view": view})

    coding = read_labels(path, fruit)

    assert coding.answers[0, ON_APPLE].tolist() == on_apple
    assert coding.answers[0, ON_PEAR].tolist() == on_pear


def test_a_head_coded_in_the_articles_is_not_read_from_the_label_file(label_file: Write, fruit: Codebook) -> None:
    path = label_file({"id": "a", "side": "left"})

    coding = read_labels(path, fruit)

    assert coding.answers[0, SIDE].tolist() == NOT_CODED_2


def test_notes_blank_lines_and_a_byte_order_mark_are_passed_over(label_file: Write, fruit: Codebook) -> None:
    path = label_file("\ufeff" + json.dumps({"id": "a", "genre": "news", "coder": "me"}), "", "  ", {"id": "b"})

    coding = read_labels(path, fruit)

    assert coding.ids == ("a", "b")


def test_an_id_that_is_a_number_is_read_as_text(label_file: Write, fruit: Codebook) -> None:
    path = label_file({"id": 17, "genre": "news"})

    coding = read_labels(path, fruit)

    assert coding.ids == ("17",)


# --- what is refused


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        pytest.param("{", "not JSON: ", id="not-json"),
        pytest.param("[1, 2]", r"expected a JSON object, found \[1, 2\]", id="not-an-object"),
        pytest.param({"topics": []}, "missing 'id'; found 'topics'", id="no-id"),
        pytest.param({"id": ""}, "missing 'id'", id="empty-id"),
        pytest.param({"id": ["a"]}, "missing 'id'", id="id-of-another-kind"),
        pytest.param(
            {"id": "b", "topics": ["apple", "cherry"]},
            "'topics' has no label 'cherry'; the codebook has 'apple', 'pear', 'plum'",
            id="unknown-label",
        ),
        pytest.param(
            {"id": "b", "topics": [["apple"]]}, r"'topics' has no label \['apple'\]; the codebook has", id="nested"
        ),
        pytest.param({"id": "b", "genre": "poem"}, "'genre' has no label 'poem'; .*'news', 'opinion'", id="one-of"),
        pytest.param({"id": "b", "genre": ""}, "'genre' has no label ''; the codebook has", id="empty-label"),
        pytest.param(
            {"id": "b", "view": {"plum": "for"}},
            "'view' has no target 'plum'; the codebook has 'apple', 'pear'",
            id="unknown-target",
        ),
        pytest.param(
            {"id": "b", "view": {"apple": "maybe"}},
            "'view' has no label 'maybe'; the codebook has 'for', 'against'",
            id="unknown-answer",
        ),
        pytest.param(
            {"id": "b", "topics": "apple"}, "'topics' should be a list of labels, found \"apple\"", id="not-a-list"
        ),
        pytest.param({"id": "b", "genre": ["news"]}, r"'genre' should be one label, found \[\"news\"\]", id="a-list"),
        pytest.param(
            {"id": "b", "view": "for"}, "'view' should be an object target: label, found \"for\"", id="not-by-target"
        ),
        pytest.param({"id": "a"}, r"article 'a' is coded twice, first on line 1 \(keep one\)", id="coded-twice"),
    ],
)
def test_a_bad_line_is_refused_with_its_place(
    line: str | dict[str, Any], complaint: str, label_file: Write, fruit: Codebook
) -> None:
    path = label_file({"id": "a", "topics": ["apple"]}, "", line)

    with pytest.raises(LabelError, match=rf"{re.escape(str(path))}:3: {complaint}"):
        read_labels(path, fruit)


def test_a_number_and_its_text_are_the_same_article(label_file: Write, fruit: Codebook) -> None:
    path = label_file({"id": 17}, {"id": "17"})

    with pytest.raises(LabelError, match=r"labels\.jsonl:2: article '17' is coded twice, first on line 1"):
        read_labels(path, fruit)


@pytest.mark.parametrize("text", ["", "\n \n"], ids=["empty", "blank-lines"])
def test_a_file_without_articles_is_refused(text: str, tmp_path: Path, fruit: Codebook) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(text)

    with pytest.raises(LabelError, match=r"labels\.jsonl: no coded articles; expected one JSON object a line"):
        read_labels(path, fruit)


def test_a_missing_file_is_named(tmp_path: Path, fruit: Codebook) -> None:
    with pytest.raises(LabelError, match=r"nowhere\.jsonl: cannot be read: No such file"):
        read_labels(tmp_path / "nowhere.jsonl", fruit)


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path, fruit: Codebook) -> None:
    with pytest.raises(LabelError, match="cannot be read: Is a directory"):
        read_labels(tmp_path, fruit)


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path, fruit: Codebook) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_bytes('{"id": "é"}\n'.encode("latin-1"))

    with pytest.raises(LabelError, match=r"labels\.jsonl:1: not UTF-8: .* \(save it as UTF-8\)"):
        read_labels(path, fruit)


# --- aligning


@pytest.fixture
def coding(label_file: Write, fruit: Codebook) -> Coding:
    return read_labels(
        label_file({"id": "b", "topics": ["pear"]}, {"id": "gone", "topics": ["plum"]}, {"id": "a", "topics": []}),
        fruit,
    )


def test_answers_follow_the_rows_of_the_articles(coding: Coding, fruit: Codebook) -> None:
    answers = align(coding, article_table("a", "x", "b"), fruit)

    assert answers.shape == (3, WIDTH)
    assert answers[:, TOPICS].tolist() == [[0, 0, 0], NOT_CODED_3, [0, 1, 0]]


def test_an_article_that_nobody_coded_is_unknown_throughout(coding: Coding, fruit: Codebook) -> None:
    answers = align(coding, article_table("a", "x"), fruit)

    assert answers[1].tolist() == [-1] * WIDTH


def test_a_coded_article_that_is_not_there_is_left_out(coding: Coding, fruit: Codebook) -> None:
    answers = align(coding, article_table("a", "b"), fruit)

    assert answers[:, TOPICS].tolist() == [[0, 0, 0], [0, 1, 0]]


def test_no_coded_article_among_the_articles_shows_ids_of_both(coding: Coding, fruit: Codebook) -> None:
    articles = article_table(*(f"file.csv:{row}" for row in range(7)))

    complaint = r"among the 7 articles: coded are 'b', 'gone', 'a', articles 'file\.csv:0', .* and 2 more \(do the ids"
    with pytest.raises(LabelError, match=complaint):
        align(coding, articles, fruit)


def test_a_head_coded_in_the_articles_is_read_from_its_column(coding: Coding, fruit: Codebook) -> None:
    articles = article_table("a", "x", "b", "y", side=["right", "L", None, "left"])

    answers = align(coding, articles, fruit)

    assert answers[:, SIDE].tolist() == [[0, 1], [1, 0], NOT_CODED_2, [1, 0]]


def test_a_table_without_the_column_of_a_head_is_refused(coding: Coding, fruit: Codebook) -> None:
    articles = article_table("a", "b").drop("side").with_columns(leaning=pl.lit("left"))

    complaint = "head 'side' is coded in the articles, which lack a column 'side'; found 'id', 'leaning'"
    with pytest.raises(LabelError, match=complaint):
        align(coding, articles, fruit)


def test_an_unknown_label_in_a_column_is_refused_with_its_article(coding: Coding, fruit: Codebook) -> None:
    articles = article_table("a", "b", side=["left", "up"])

    with pytest.raises(LabelError, match="article 'b': 'side' has no label 'up'; the codebook has 'left', 'right'"):
        align(coding, articles, fruit)
