"""What scores look like when they are written; the scores themselves are for test_model.py."""

import csv
import io
import json
import re
import tempfile
import textwrap
import tomllib
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from classifier import output
from classifier.codebook import Codebook
from classifier.model import Model
from classifier.output import Csv, Jsonl, Parquet, Table, label_lines


@pytest.fixture
def articles():
    return pl.DataFrame(
        {
            "id": ["a", "b", "c"],
            "source": ["a.csv:2", "a.csv:3", "a.csv:4"],
            "title": ["Quay, “new”", None, None],
            "text": ["Must it be?", "\n\n  Loaf and quay \nWe must.", "Gulls"],
        }
    )


@pytest.fixture
def written(tiny_model):
    """Return the bytes that a form makes of some batches."""

    def write(kind, *batches, model=tiny_model, **options):
        out = io.BytesIO()
        form = kind(**options)
        made = form.file(out)
        for batch in batches:
            made.add(form.rows(model, batch))
        made.close()
        assert not out.closed
        return out.getvalue()

    return write


@pytest.fixture
def tiny_model_without(tiny_model, tiny_columns):
    """Return the tiny model with one label that was not learned."""

    def build(column):
        learned = np.array([name != column for name in tiny_columns])
        return Model("m", tiny_model.codebook, tiny_model.vocabulary, replace(tiny_model.weights, learned=learned))

    return build


# --- JSON Lines


def test_a_line_holds_the_keys_of_a_row_in_their_order(written, articles):
    lines = written(Jsonl, articles).decode().splitlines()

    rows = [json.loads(line) for line in lines]
    assert [row["id"] for row in rows] == ["a", "b", "c"]
    assert [list(row) for row in rows] == [
        [
            "id",
            "source",
            "title",
            "extraction",
            "dropped",
            "language",
            "low_evidence",
            "topics",
            "kind",
            "stance",
            "model",
            "codebook",
        ]
    ] * 3


def test_a_line_holds_a_probability_and_a_decision_for_each_label(written, articles, tiny_codebook):
    row = json.loads(written(Jsonl, articles).splitlines()[0])

    assert list(row["topics"]) == ["harbour", "bread", "other"]
    assert list(row["kind"]) == ["news", "opinion"]
    assert list(row["stance"]) == ["harbour"]
    assert list(row["stance"]["harbour"]) == ["favor", "against", "neutral"]
    answers = [*row["topics"].values(), *row["kind"].values(), *row["stance"]["harbour"].values()]
    assert {type(answer["probability"]) for answer in answers} == {float}
    assert {type(answer["yes"]) for answer in answers} == {bool}
    assert {tuple(answer) for answer in answers} == {("probability", "yes")}
    assert (row["model"], row["codebook"]) == ("tiny-model", tiny_codebook.digest)


def test_a_line_has_null_for_an_unknown_title_and_no_stance_where_none_is_asked(written, articles):
    row = json.loads(written(Jsonl, articles).splitlines()[2])

    assert row["title"] is None
    assert row["stance"] == {}


def test_probabilities_are_written_with_four_digits(written, articles):
    row = json.loads(written(Jsonl, articles).splitlines()[2])

    assert row["topics"]["bread"]["probability"] == 0.2689


def test_letters_are_written_as_they_are_read(written, articles):
    data = written(Jsonl, articles)

    assert "Quay, “new”".encode() in data


def test_an_unlearned_label_has_null_for_a_probability(written, articles, tiny_model_without):
    model = tiny_model_without("topics.bread")

    row = json.loads(written(Jsonl, articles, model=model).splitlines()[0])

    assert row["topics"]["bread"] == {"probability": None, "yes": False}


@pytest.mark.parametrize("writer", [Jsonl, Csv])
def test_batches_follow_one_another(written, articles, writer):
    in_one = written(writer, articles)

    in_three = written(writer, articles[:1], articles[1:2], articles[2:])

    assert in_three == in_one


# --- CSV


def test_the_header_of_csv_is_written_once(written, articles, tiny_columns):
    text = written(Csv, articles[:1], articles[1:], articles[:0]).decode()

    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == [
        *(
            "id",
            "source",
            "title",
            "extraction",
            "dropped",
            "language",
            "low_evidence",
            "topics",
            "kind",
            "stance.harbour",
            "stance.bread",
        ),
        *(f"p.{column}" for column in tiny_columns),
        *("model", "codebook"),
    ]
    assert [row[0] for row in rows[1:]] == ["a", "b", "c"]


def test_csv_joins_the_labels_of_a_list_and_leaves_unasked_fields_empty(written, articles):
    rows = list(csv.DictReader(io.StringIO(written(Csv, articles).decode())))

    assert [row["topics"] for row in rows] == ["harbour", "harbour;bread", "other"]
    assert [row["stance.bread"] == "" for row in rows] == [True, False, True]
    assert [row["p.stance.bread.favor"] == "" for row in rows] == [True, False, True]
    assert rows[0]["title"] == "Quay, “new”"
    assert rows[2]["p.topics.bread"] == "0.2689"


# --- parquet


def test_parquet_holds_the_frame_of_the_model(written, articles, tiny_model):
    data = written(Parquet, articles[:1], articles[1:])

    frame = pl.read_parquet(io.BytesIO(data))

    assert_frame_equal(frame, tiny_model.score_frame(articles))
    assert frame["topics"].to_list() == [["harbour"], ["harbour", "bread"], ["other"]]


@pytest.mark.parametrize("waiting", [0, 2000], ids=["every-batch", "some-batches"])
def test_parquet_of_rows_that_waited_on_disk_is_the_same(monkeypatch, tmp_path, written, articles, tiny_model, waiting):
    monkeypatch.setattr(output, "WAITING_BYTES", waiting)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    frame = pl.read_parquet(io.BytesIO(written(Parquet, *[articles[at : at + 1] for at in range(3)] * 4)))

    assert_frame_equal(frame, pl.concat([tiny_model.score_frame(articles)] * 4))
    assert list(tmp_path.iterdir()) == []


# --- table


def test_the_table_has_a_paragraph_for_each_article(written, articles):
    text = written(Table, articles, width=44).decode()

    lines = [re.sub(r"0\.\d\d", "0.##", line).rstrip() for line in text.splitlines()]
    assert "\n".join(lines) == textwrap.dedent(
        """\
        Quay, “new”
        a  (a.csv:2)
          topics             harbour 0.##
          kind               opinion 0.##
          stance on harbour  favor 0.##

        Loaf and quay
        b  (a.csv:3)
          topics             bread 0.##, harbour
                             0.##
          kind               opinion 0.##
          stance on harbour  favor 0.##
          stance on bread    against 0.##

        Gulls
        c  (a.csv:4)
          topics  other 0.##
          kind    news 0.##
        """
    )


def test_the_table_has_no_colour_unless_it_is_asked_for(written, articles):
    plain = written(Table, articles, width=60)
    coloured = written(Table, articles, width=60, colour=True)

    assert b"\x1b" not in plain
    assert b"\x1b" in coloured


def test_a_long_title_is_cut_to_the_width_of_the_table(written):
    article = pl.DataFrame({"id": ["a"], "source": ["a"], "title": ["Harbour " * 20], "text": ["Quay"]})

    lines = written(Table, article, width=30).decode().splitlines()

    assert lines[0] == "Harbour Harbour Harbour Harbo…"
    assert lines[1] == "a"


def test_markup_in_a_title_is_text(written):
    article = pl.DataFrame({"id": ["[b]"], "source": ["a"], "title": ["[red]Quay[/red] :smile:"], "text": ["Quay"]})

    lines = written(Table, article, width=60).decode().splitlines()

    assert lines[:2] == ["[red]Quay[/red] :smile:", "[b]  (a)"]


def test_csv_holds_the_sentences_as_json(written):
    batch = pl.DataFrame({"text": ["Quay! Gulls.", "Gulls"]})

    rows = list(csv.DictReader(io.StringIO(written(Csv, batch, evidence=1).decode())))

    first = json.loads(rows[0]["evidence"])[0]
    assert first == {
        "question": "topics",
        "label": "harbour",
        "adds": 3.0,
        "in": "text",
        "start": 0,
        "end": 5,
        "text": "Quay!",
    }


def test_parquet_holds_the_sentences_as_a_list(written):
    batches = [pl.DataFrame({"text": ["Quay! Gulls."]}), pl.DataFrame({"text": [""]})]

    frame = pl.read_parquet(io.BytesIO(written(Parquet, *batches, evidence=1)))

    assert frame["evidence"].list.eval(pl.element().struct["text"]).to_list()[1] == []
    assert "Quay!" in frame["evidence"].list.eval(pl.element().struct["text"]).to_list()[0]


def test_json_lines_hold_the_evidence_of_each_label(written):
    row = json.loads(written(Jsonl, pl.DataFrame({"text": ["Quay! Gulls."]}), evidence=1))

    assert row["evidence"]["topics"]["harbour"]["sentences"][0]["text"] == "Quay!"


def test_the_table_quotes_the_sentences_on_one_line_without_control_characters(written):
    text = "The quay \x1b[31m of\nmust. Gulls."

    table = written(Table, pl.DataFrame({"text": [text]}), width=80, evidence=1).decode()

    assert re.search(r"why harbour\n    \+\d\.\d\d  The quay \[31m of must\.\n", table)
    assert "why favor on harbour" in table
    assert "\x1b" not in table


def test_a_question_without_an_answer_is_none_in_the_table(written, tiny_model, tiny_toml):
    table = tomllib.loads(tiny_toml)
    table["head"][0]["at_least_one"] = False
    model = Model("m", Codebook.from_table(table), tiny_model.vocabulary, tiny_model.weights)
    article = pl.DataFrame({"id": ["a"], "source": ["a"], "title": ["Gulls"], "text": ["Gulls"]})

    lines = written(Table, article, model=model, width=60).decode().splitlines()

    assert lines[2].split() == ["topics", "none"]


# --- labels


def test_labels_are_printed_with_the_definitions_of_their_target(tiny_model, tiny_codebook):
    lines = "\n".join(label_lines(tiny_model))

    assert lines == textwrap.dedent(
        f"""\
        tiny-model: codebook tiny 1, digest {tiny_codebook.digest}

        topics (many-of): What is it about?
          harbour               Ships, quays and those who work there.
          bread                 Baking and bakers.
          other                 None of these.

        kind (one-of): A report, or an argument?
          news                  A report.
          opinion               An argument.

        stance.harbour (one-of-per-label): Which side does it take?
          towards               a larger harbour
          favor                 Presents it as a gain.
          against               Against it.
          neutral               Neither.

        stance.bread (one-of-per-label): Which side does it take?
          towards               night work in bakeries
          favor                 For it.
          against               Against it.
          neutral               Neither."""
    )


def test_a_label_that_was_not_learned_is_marked(tiny_model_without):
    lines = list(label_lines(tiny_model_without("stance.bread.against")))

    marked = [line for line in lines if "not learned" in line]
    assert marked == ["  against               [not learned: too few coded articles] Against it."]


def test_a_long_definition_hangs_under_its_beginning(tiny_model):
    lines = list(label_lines(tiny_model, width=45))

    start = next(number for number, line in enumerate(lines) if line.startswith("  harbour "))
    assert lines[start : start + 2] == [
        "  harbour               Ships, quays and",
        "                        those who work there.",
    ]


def test_a_long_key_stands_apart_from_its_definition(tiny_model, tiny_toml):
    book = Codebook.from_table(tomllib.loads(tiny_toml.replace('"bread"', '"bread_and_all_that_is_baked"')))
    model = Model("m", book, tiny_model.vocabulary, tiny_model.weights)

    lines = [line.strip() for line in label_lines(model)]

    assert lines[lines.index("bread_and_all_that_is_baked") + 1] == "Baking and bakers."
