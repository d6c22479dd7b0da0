"""To coding tools and back: what is written for them, and what their exports hold.

The exports here are shaped as the tools write them, with the keys that nobody reads.
"""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from classifier.errors import LabelError, SlantwiseError
from training.exchange import FORMS, write_tasks
from training.exports import read_exports
from training.labels import read_labels
from training.labels_from import labels_from

Write = Callable[[str, str], Path]
Command = Callable[..., tuple[int, str, str]]

ARTICLES = pl.DataFrame(
    {
        "id": ["a1", "a2"],
        "title": ["Quay & loaf <1>", None],
        "text": ["A ship, a shop.", "=1+1; a baker"],
        "outlet": ["The Herring", "The Crust"],
        "sampling": ["random", "stratified"],
        "stratum": [None, "2024"],
    }
)


@pytest.fixture
def file(tmp_path: Path) -> Write:
    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def doccano(*labels: str) -> str:
    return lines({"id": 31, "text": "x", "article_id": "a1", "label": labels, "Comments": []})


def annotation(by: object, *results: tuple[str, list[str]], cancelled: bool = False) -> dict[str, Any]:
    """Return an annotation as Label Studio exports it."""
    return {
        "id": 71,
        "completed_by": by,
        "result": [
            {"value": {"choices": labels}, "id": "Qn2f0", "from_name": name, "to_name": "text", "type": "choices"}
            for name, labels in results
        ],
        "was_cancelled": cancelled,
        "ground_truth": False,
        "lead_time": 12.5,
    }


def task(number: int, key: str, *annotations: dict[str, Any]) -> dict[str, Any]:
    data = {"article_id": key, "title": "t", "text": "x", "sampling": "random"}
    return {"id": number, "annotations": list(annotations), "predictions": [], "data": data, "project": 3}


def rows(paths: list[Path], codebook: Any, out: Path, **options: Any) -> list[dict[str, Any]]:
    list(labels_from(paths, codebook, out, **options))
    return [json.loads(line) for line in out.read_text().splitlines()]


# --- written


def test_label_studio_gets_tasks_and_an_interface_that_asks_each_question(tiny_codebook, tmp_path):
    out, config = write_tasks(ARTICLES, tiny_codebook, "label-studio", tmp_path / "code.json")

    tasks = json.loads(out.read_text())
    assert tasks[0]["data"]["article_id"] == "a1"
    assert set(tasks[0]["data"]) == {"article_id", "sampling", "title", "text"}
    assert tasks[1]["data"]["title"] == ""  # the interface shows $title, and every task must have it
    view = ET.parse(config).getroot()
    assert config.name == "code-config.xml"
    assert [(one.get("name"), one.get("choice"), one.get("required")) for one in view.iter("Choices")] == [
        ("topics", "multiple", "true"),
        ("kind", "single", "true"),
        ("stance.harbour", "single", None),
        ("stance.bread", "single", None),
    ]
    shown = [part for part in view.iter("View") if part.get("visibleWhen") == "choice-selected"]
    assert [(part.get("whenTagName"), part.get("whenChoiceValue")) for part in shown] == [
        ("topics", "harbour"),
        ("topics", "bread"),
    ]
    assert [choice.get("value") for choice in view.iter("Choice")][:3] == ["harbour", "bread", "other"]
    assert {one.get("toName") for one in view.iter("Choices")} == {one.get("name") for one in view.iter("Text")}


def test_doccano_gets_documents_and_labels_named_with_their_question(tiny_codebook, tmp_path):
    out, labels = write_tasks(ARTICLES, tiny_codebook, "doccano", tmp_path / "code.jsonl")

    first, second = map(json.loads, out.read_text().splitlines())
    assert first == {
        "text": "Quay & loaf <1>\n\nA ship, a shop.",
        "label": [],
        "article_id": "a1",
        "sampling": "random",
    }
    assert second["stratum"] == "2024"
    found = json.loads(labels.read_text())
    assert [row["text"] for row in found][:5] == [
        "topics:harbour",
        "topics:bread",
        "topics:other",
        "kind:news",
        "kind:opinion",
    ]
    assert len({row["suffix_key"] for row in found}) == len(found)


def test_prodigy_gets_choice_tasks(tiny_codebook, tmp_path):
    (out,) = write_tasks(ARTICLES, tiny_codebook, "prodigy", tmp_path / "code.jsonl")

    first = json.loads(out.read_text().splitlines()[0])
    assert first["meta"] == {"id": "a1"}
    assert first["config"] == {"choice_style": "multiple"}
    assert first["options"][0] == {"id": "topics:harbour", "text": "topics: Harbours"}


def test_no_form_tells_coders_the_outlet(tiny_codebook, tmp_path):
    for form in FORMS:
        for path in write_tasks(ARTICLES, tiny_codebook, form, tmp_path / f"{form}.txt"):
            assert "Herring" not in path.read_text()


# --- read


def test_label_studio_is_read_with_skipped_tasks_left_out(tiny_codebook, file, tmp_path):
    export = file(
        "project.json",
        json.dumps(
            [
                task(
                    1,
                    "a1",
                    annotation(4, ("topics", ["harbour", "bread"]), ("kind", ["news"]), ("stance.bread", ["favor"])),
                ),
                task(
                    2, "a2", annotation({"id": 4, "email": "ann@x.org"}, ("topics", ["other"]), ("kind", ["opinion"]))
                ),
                task(3, "a3", annotation(4, cancelled=True)),
                task(4, "a4"),
            ]
        ),
    )

    said = list(labels_from([export], tiny_codebook, tmp_path / "coded.jsonl"))

    assert said[0].endswith("2 coded articles, 2 of them drawn at random")
    assert said[1] == "2 tasks were not coded, or skipped, and are left out"
    assert [json.loads(line) for line in (tmp_path / "coded.jsonl").read_text().splitlines()] == [
        {
            "id": "a1",
            "topics": ["bread", "harbour"],
            "kind": "news",
            "stance": {"bread": "favor"},
            "sampling": "random",
            "coder": "4",
        },
        {"id": "a2", "topics": ["other"], "kind": "opinion", "sampling": "random", "coder": "ann@x.org"},
    ]
    assert read_labels(tmp_path / "coded.jsonl", tiny_codebook).random == {"a1", "a2"}


JSON_MIN = [
    {
        "id": 1,
        "article_id": "a1",
        "text": "x",
        "topics": {"choices": ["harbour", "bread"]},
        "kind": "news",
        "annotator": 2,
    },
    {"id": 2, "article_id": "a2", "text": "x", "topics": "other", "annotator": 2, "annotation_id": 9},
]
DOCCANO = lines(
    {
        "id": 31,
        "text": "x",
        "article_id": "a1",
        "label": ["kind:news", "topics:bread", "topics:harbour"],
        "Comments": [],
    },
    {"id": 32, "text": "x", "article_id": "a2", "label": ["topics:other"], "Comments": []},
    {"id": 33, "text": "x", "article_id": "a3", "label": [], "Comments": []},
)
PRODIGY = lines(
    {
        "text": "x",
        "article_id": "a1",
        "options": [{"id": "topics:harbour", "text": "topics: Harbours"}],
        "meta": {"id": "a1"},
        "_input_hash": -1,
        "_task_hash": 7,
        "_view_id": "choice",
        "accept": ["topics:harbour", "topics:bread", "kind:news"],
        "answer": "accept",
        "_timestamp": 1700000000,
        "_annotator_id": "set-ann",
        "_session_id": "set-ann",
    },
    {"text": "x", "meta": {"id": "a2"}, "accept": ["topics:other"], "answer": "accept", "_session_id": "set-ann"},
    {"text": "x", "meta": {"id": "a3"}, "accept": [], "answer": "ignore", "_session_id": "set-ann"},
)
SHEET = "\ufeffid,title,text,topics,kind,stance.bread\na1,t,x,harbour; bread,news,\na2,t,x,other,,\na3,t,x,,,\n"
STUDIO_SHEET = (
    "annotation_id,annotator,article_id,id,kind,text,topics\n"
    '5,2,a1,1,news,x,"{""choices"":[""harbour"",""bread""]}"\n6,2,a2,2,,x,other\n'
)
DOCCANO_SHEET = "id,text,article_id,label\n31,x,a1,kind:news#topics:bread#topics:harbour\n32,x,a2,topics:other\n"
OURS = lines(
    {"id": "a1", "topics": ["harbour", "bread"], "kind": "news"}, {"id": "a2", "topics": ["other"]}, {"id": "a3"}
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("export.json", json.dumps(JSON_MIN), id="label-studio-min"),
        pytest.param("all.jsonl", DOCCANO, id="doccano"),
        pytest.param("set.jsonl", PRODIGY, id="prodigy"),
        pytest.param("sheet.csv", SHEET, id="csv"),
        pytest.param("sheet.tsv", SHEET.replace(",", "\t"), id="tsv"),
        pytest.param("export.csv", STUDIO_SHEET, id="label-studio-csv"),
        pytest.param("all.csv", DOCCANO_SHEET, id="doccano-csv"),
        pytest.param("coded.jsonl", OURS, id="our-own"),
    ],
)
def test_every_export_gives_the_same_label_file(tiny_codebook, file, tmp_path, name, text):
    found = rows([file(name, text)], tiny_codebook, tmp_path / "out.jsonl")

    assert [{key: row[key] for key in row if key != "coder"} for row in found] == [
        {"id": "a1", "topics": ["bread", "harbour"], "kind": "news"},
        {"id": "a2", "topics": ["other"]},
    ]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_sheet_that_is_filled_in_comes_back_as_it_was_drawn(tiny_codebook, tmp_path, form):
    (path,) = write_tasks(ARTICLES, tiny_codebook, form, tmp_path / f"code.{form}")
    if form == "csv":
        table = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
        with path.open("w", newline="") as sheet:
            writer = csv.DictWriter(sheet, list(table[0]))
            writer.writeheader()
            writer.writerows(row | {"topics": "bread", "coder": "ann"} for row in table)
    else:
        path.write_text(
            lines(
                *({**json.loads(line), "topics": ["bread"], "coder": "ann"} for line in path.read_text().splitlines())
            )
        )

    assert rows([path], tiny_codebook, tmp_path / "out.jsonl") == [
        {"id": "a1", "topics": ["bread"], "sampling": "random", "coder": "ann"},
        {"id": "a2", "topics": ["bread"], "sampling": "stratified", "stratum": "2024", "coder": "ann"},
    ]


def test_titles_and_aliases_are_read_as_their_label(tiny_codebook, file, tmp_path):
    sheet = file("sheet.csv", "id,topics\na1,Harbours;bakery\n")

    assert rows([sheet], tiny_codebook, tmp_path / "out.jsonl")[0]["topics"] == ["bread", "harbour"]


def test_nothing_ticked_is_none_where_a_question_may_be_answered_so(tiny_codebook, file, tmp_path):
    table = tiny_codebook.to_table()
    table["head"][0]["at_least_one"] = False
    open_book = type(tiny_codebook).from_table(table)
    export = file("e.json", json.dumps([task(1, "a1", annotation(4, ("kind", ["news"])))]))

    assert rows([export], open_book, tmp_path / "o.jsonl")[0]["topics"] == []
    assert "topics" not in rows([export], tiny_codebook, tmp_path / "t.jsonl")[0]
    dash = file("sheet.csv", "id,topics\na1,-\na2,\n")
    assert [(row["id"], row["topics"]) for row in rows([dash], tiny_codebook, tmp_path / "d.jsonl")] == [("a1", [])]


def test_a_second_round_is_added_to_the_first_and_nothing_is_written_over(tiny_codebook, file, tmp_path):
    first = file("coded.jsonl", lines({"id": "a7", "topics": ["bread"], "coder": "ann", "sampling": "random"}))
    second = file("ben.jsonl", doccano("topics:harbour"))

    with pytest.raises(SlantwiseError, match=r"coded\.jsonl: is there already.*hand it in beside the exports"):
        list(labels_from([second], tiny_codebook, first))
    assert rows([first, second], tiny_codebook, tmp_path / "both.jsonl") == [
        {"id": "a7", "topics": ["bread"], "sampling": "random", "coder": "ann"},
        {"id": "a1", "topics": ["harbour"], "coder": "ben"},
    ]


def test_a_file_that_may_be_half_coded_is_not_written_over(tiny_codebook, file):
    sheet = file("code.csv", "id,topics\na1,bread\n")

    with pytest.raises(SlantwiseError, match="may be half coded"):
        write_tasks(ARTICLES, tiny_codebook, "csv", sheet)
    assert "bread" in sheet.read_text()


# --- two coders


TWO = [
    task(1, "a1", annotation(1, ("topics", ["harbour"]), ("kind", ["news"])), annotation(2, ("topics", ["harbour"]))),
    task(2, "a2", annotation(1, ("topics", ["harbour"])), annotation(2, ("topics", ["bread"]), ("kind", ["news"]))),
]


def test_coders_who_disagree_are_named_and_nothing_is_written(tiny_codebook, file, tmp_path):
    export, out = file("e.json", json.dumps(TWO)), tmp_path / "out.jsonl"

    with pytest.raises(
        LabelError, match=r"1 article is coded differently .*\n  'a2', topics: 1 has harbour, 2 has bread"
    ):
        list(labels_from([export], tiny_codebook, out))
    assert not out.exists()


def test_disputed_articles_can_be_written_apart_whole(tiny_codebook, file, tmp_path):
    export, apart = file("e.json", json.dumps(TWO)), tmp_path / "apart.jsonl"

    agreed = rows([export], tiny_codebook, tmp_path / "out.jsonl", disputes=apart)

    assert agreed == [{"id": "a1", "topics": ["harbour"], "kind": "news", "sampling": "random", "coder": "1 + 2"}]
    found = [json.loads(line) for line in apart.read_text().splitlines()]
    assert [(row["id"], row["coder"], row["topics"], row.get("kind")) for row in found] == [
        ("a2", "1", ["harbour"], None),
        ("a2", "2", ["bread"], "news"),
    ]


def test_one_coder_s_answers_can_be_taken_alone(tiny_codebook, file, tmp_path):
    export = file("e.json", json.dumps(TWO))

    assert [row["topics"] for row in rows([export], tiny_codebook, tmp_path / "o.jsonl", coder="2")] == [
        ["harbour"],
        ["bread"],
    ]
    with pytest.raises(LabelError, match="no article is coded by '3'; coders are 1, 2"):
        list(labels_from([export], tiny_codebook, tmp_path / "none.jsonl", coder="3"))


def test_files_of_coders_who_are_not_named_are_told_apart_by_their_names(tiny_codebook, file, tmp_path):
    ann, ben = (
        file(f"{name}.jsonl", doccano(f"topics:{label}")) for name, label in (("ann", "bread"), ("ben", "harbour"))
    )

    with pytest.raises(LabelError, match="topics: ann has bread, ben has harbour"):
        list(labels_from([ann, ben], tiny_codebook, tmp_path / "out.jsonl"))


# --- bad input


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        pytest.param("e.jsonl", "{", r"e\.jsonl:1: not JSON", id="not-json"),
        pytest.param("e.jsonl", "[1]", r"task 1: expected an object", id="not-tasks"),
        pytest.param("e.jsonl", lines({"id": "a1", "topics": ["fish"]}), "article 'a1'.*no label 'fish'", id="label"),
        pytest.param("e.jsonl", doccano("fish"), "'fish' is in no question of the codebook", id="bare"),
        pytest.param("e.jsonl", doccano("favor"), r"'favor' stands in stance\.harbour, stance\.bread", id="ambiguous"),
        pytest.param("e.jsonl", doccano("kind:news", "kind:opinion"), "'kind' has one answer; found 'news'", id="one"),
        pytest.param("e.jsonl", lines({"id": 1, "label": ["kind:news"]}), "no article's id; expected", id="number"),
        pytest.param("e.jsonl", lines({"topics": ["bread"]}), "no article's id", id="no-id"),
        pytest.param("e.csv", "id,topic\na1,bread\n", "no column of a question; expected 'kind'", id="columns"),
        pytest.param("e.jsonl", lines({"id": "a1"}), "no coded article in 1 tasks", id="nothing"),
        pytest.param(
            "e.json",
            json.dumps([task(1, "a1", annotation(1, ("mood", ["calm"])))]),
            "task 1: no question 'mood'; the codebook has 'topics'",
            id="question",
        ),
    ],
)
def test_a_bad_export_is_named_with_its_place(tiny_codebook, file, name, text, complaint):
    with pytest.raises(LabelError, match=complaint):
        read_exports([file(name, text)], tiny_codebook)


def test_the_command_makes_a_label_file(command: Command, tiny_toml, file, tmp_path):
    book, export, out = file("tiny.toml", tiny_toml), file("all.jsonl", DOCCANO), tmp_path / "coded.jsonl"

    status, said, _ = command("labels-from", str(export), "--codebook", str(book), "--out", str(out))

    assert status == 0
    assert "2 coded articles, 0 of them drawn at random" in said
    assert len(out.read_text().splitlines()) == 2
