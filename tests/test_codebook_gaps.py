"""Starting a codebook, naming what it lacks, and telling two apart."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from classifier.codebook import Codebook
from training.codebook_diff import differences
from training.codebook_gaps import gaps

Command = Callable[..., tuple[int, str, str]]

WHOLE = """
name = "fruit"
version = "1"
[[head]]
key = "fruit"
kind = "many-of"
question = "Which fruit is it about?"
[[head.label]]
key = "apple"
definition = "Apples and those who grow them."
rules = ["Cider counts."]
excludes = "Pineapples."
[[head.label]]
key = "pear"
definition = "Pears."
rules = ["Perry counts."]
excludes = "Prickly pears."
[[head.label]]
key = "neither"
definition = "No fruit."
alone = true
[[head]]
key = "view"
kind = "one-of-per-label"
of = "fruit"
question = "For or against?"
label = [{ key = "for", definition = "For it." }, { key = "open", definition = "Neither.", alone = true }]
[[head.target]]
label = "apple"
target = "more orchards"
definitions.for = "Wants them."
"""


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., list[str]]:
    def found(text: str, labels: list[dict[str, object]] | None = None) -> list[str]:
        path, coded = tmp_path / "fruit.toml", tmp_path / "coded.jsonl"
        path.write_text(text)
        coded.write_text("".join(json.dumps(row) + "\n" for row in labels or ()))
        return [str(gap).replace(f"{path}: ", "") for gap in gaps(path, coded if labels else None)]

    return found


def test_a_codebook_that_says_all_has_no_gaps(check):
    assert check(WHOLE) == []


@pytest.mark.parametrize(
    ("taken_out", "put_in", "named"),
    [
        pytest.param('"Pears."', '""', ["gap  fruit.pear: no definition"], id="definition"),
        pytest.param('rules = ["Cider counts."]', "", ["gap  fruit.apple: no include rule"], id="include"),
        pytest.param('excludes = "Pineapples."', 'excludes = " "', ["gap  fruit.apple: no exclude rule"], id="exclude"),
        pytest.param('question = "Which fruit is it about?"', "", ["gap  fruit: no question"], id="question"),
        pytest.param(
            'definition = "Pears."', 'definition = "No fruit."', ["gap  fruit: pear, neither"], id="same-text"
        ),
        pytest.param('key = "neither"', 'key = "Apples"', ["gap  fruit: names that overlap: 'apple'"], id="plural"),
        pytest.param(
            'definitions.for = "Wants them."', "", ["gap  view.apple: no definition of 'for'"], id="target-definition"
        ),
        pytest.param(
            '{ key = "open", definition = "Neither.", alone = true }',
            "",
            ["fault  head 'view': too few labels for one-of-per-label; found 1"],
            id="too-few-labels",
        ),
        pytest.param(
            'key = "neither"', 'key = "pear"', ["fault  head 'fruit': label 'pear' is given twice"], id="twice"
        ),
    ],
)
def test_each_gap_is_named_with_its_place(check, taken_out, put_in, named):
    assert taken_out in WHOLE

    found = check(WHOLE.replace(taken_out, put_in))

    assert [line[: len(start)] for line, start in zip(found, named, strict=True)] == named


def test_every_fault_is_named_and_the_gaps_beside_it(check):
    text = WHOLE.replace('key = "apple"', 'kee = "apple"').replace('key = "neither"', 'kee = "x"')

    found = check(text.replace('"Pears."', '""'))

    assert sum(line.startswith("fault") and "unknown key 'kee'" in line for line in found) == 2
    assert "gap  fruit.pear: no definition (what an article must have to get it)" in found


def test_coded_articles_that_are_too_few_are_named_by_label(check):
    apples = [{"id": f"a{n}", "fruit": ["apple"], "view": {"apple": "for"}} for n in range(30)]
    pears = [{"id": f"p{n}", "fruit": ["pear"]} for n in range(4)]

    found = check(WHOLE, [*apples, *pears])

    assert [line.partition(" articles")[0] for line in found] == [
        "gap  fruit.apple: only 4",
        "gap  fruit.pear: coded in 4",
        "gap  fruit.neither: coded in 0",
        "gap  view.apple.open: coded in 0",
    ]


def test_the_template_lacks_only_what_is_to_be_filled_in(command: Command, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    status, said, _ = command("codebook", "new", "rents-2026")

    text = (tmp_path / "rents-2026.toml").read_text()
    table = tomllib.loads(text)
    table["head"][2]["target"][0]["target"] = "a rent cap"
    assert status == 0
    assert "wrote rents-2026.toml" in said
    assert Codebook.from_table(table).name == "rents-2026"
    assert "@" not in text


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        pytest.param("rents", "rents.toml: is there already", id="there"),
        pytest.param("../x", "letters, digits", id="path"),
    ],
)
def test_a_codebook_is_not_written_over_another_nor_elsewhere(command: Command, tmp_path, monkeypatch, name, complaint):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rents.toml").write_text("mine")

    status, said, _ = command("codebook", "new", name)

    assert status == 1
    assert complaint in said
    assert (tmp_path / "rents.toml").read_text() == "mine"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param(WHOLE, 0, id="whole"),
        pytest.param(WHOLE.replace('"Pears."', '""'), 4, id="gap"),
        pytest.param(WHOLE.replace('kind = "many-of"', ""), 1, id="fault"),
    ],
)
def test_the_status_of_check_says_whether_a_codebook_can_be_used(command: Command, tmp_path, text, status):
    (tmp_path / "fruit.toml").write_text(text)

    assert command("codebook", "check", str(tmp_path / "fruit.toml"))[0] == status


# --- two codebooks


def test_a_file_of_terms_to_ignore_is_read(check, tmp_path):
    text = WHOLE.replace('key = "view"\n', 'key = "view"\nignore = "names.toml"\n')
    (tmp_path / "names.toml").write_text('people = ["brown"]')

    assert check(text) == []


def book(text: str) -> Codebook:
    return Codebook.from_table(tomllib.loads(text))


def test_a_codebook_differs_in_nothing_from_itself():
    assert differences(book(WHOLE), book(WHOLE)) == []


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        pytest.param("Prickly pears.", "Cactus.", "~ fruit.pear, excludes: look at the coded articles", id="rule"),
        pytest.param('key = "pear"', 'key = "pears"', "~ fruit.pear is now pears: add 'pear' to its aliases", id="key"),
        pytest.param(
            'key = "pear"',
            'key = "pears"\naliases.old = ["pear"]',
            "~ fruit.pear is now pears: label files that say so are still read",
            id="key-kept-as-alias",
        ),
        pytest.param("more orchards", "fewer orchards", "~ view on apple, target: look at the coded", id="target"),
        pytest.param('version = "1"', 'version = "2"', "~ codebook, version\n    1\n    2", id="version"),
    ],
)
def test_a_change_is_one_line_with_what_it_means(old, new, line):
    assert old in WHOLE

    (found,) = differences(book(WHOLE), book(WHOLE.replace(old, new)))

    assert found.startswith(line)


def test_terms_to_ignore_are_counted():
    some = WHOLE.replace('key = "view"\n', 'key = "view"\nignore = ["brown", "white"]\n')
    others = WHOLE.replace('key = "view"\n', 'key = "view"\nignore = ["white", "ann gray", "gray"]\n')

    assert differences(book(some), book(others)) == ["~ view: ignore has 2 terms more and 1 less: train again"]


def test_labels_and_heads_that_came_or_went_are_told():
    more = WHOLE.replace('[[head]]\nkey = "view"', '[[head.label]]\nkey = "plum"\n[[head]]\nkey = "view"')
    fewer = WHOLE[: WHOLE.rindex("[[head]]")]

    assert [line.partition(":")[0] for line in differences(book(WHOLE), book(more))] == ["+ fruit.plum"]
    assert [line.partition(":")[0] for line in differences(book(more), book(WHOLE))] == ["- fruit.plum"]
    assert differences(book(WHOLE), book(fewer)) == [
        "- head view (one-of-per-label: for, open): its answers in label files are passed over"
    ]
