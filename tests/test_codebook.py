"""Codebooks: what the default one holds, what makes up a digest, and what is refused."""

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from classifier.codebook import Codebook, read_codebook
from classifier.errors import CodebookError

DEFAULT = Path(__file__).parent.parent / "data" / "codebooks" / "policy-news.toml"
SEMEVAL_FRAMES = {
    "Economic": "economic",
    "Capacity_and_resources": "capacity_resources",
    "Morality": "morality",
    "Fairness_and_equality": "fairness_equality",
    "Legality_Constitutionality_and_jurisprudence": "legality",
    "Policy_prescription_and_evaluation": "policy_prescription",
    "Crime_and_punishment": "crime_punishment",
    "Security_and_defense": "security_defense",
    "Health_and_safety": "health_safety",
    "Quality_of_life": "quality_of_life",
    "Cultural_identity": "cultural_identity",
    "Public_opinion": "public_opinion",
    "Political": "political",
    "External_regulation_and_reputation": "external_regulation",
}
TOPICS = [
    "border_enforcement",
    "immigration",
    "vaccines",
    "public_health",
    "diplomacy",
    "defense_security",
    "trade",
    "economy",
    "elections",
    "government",
    "law_crime",
    "gun_policy",
    "civil_rights",
    "environment_energy",
    "media_technology",
    "other",
]


@pytest.fixture
def default():
    return read_codebook(DEFAULT)


@pytest.fixture
def edited(tiny_toml, tmp_path):
    """Return the path of the tiny codebook with one passage replaced."""

    def edit(old, new):
        assert old in tiny_toml
        path = tmp_path / "book.toml"
        path.write_text(tiny_toml.replace(old, new, 1), encoding="utf-8")
        return path

    return edit


# --- the codebook that ships


@pytest.mark.parametrize(
    ("head", "labels"),
    [
        pytest.param("topic", TOPICS, id="topics"),
        pytest.param("frame", list(SEMEVAL_FRAMES.values()), id="frames"),
        pytest.param("kind", ["news", "opinion"], id="kind"),
        pytest.param("leaning", ["left", "center", "right"], id="leaning"),
        pytest.param("stance", ["favor", "against", "neutral"], id="stance"),
    ],
)
def test_labels_stand_in_the_order_of_reports(default, head, labels):
    keys = default.head(head).keys

    assert list(keys) == labels


def test_heads_stand_in_the_order_of_reports(default):
    fields = [head.field for head in default.heads]

    assert fields == ["topics", "frames", "kind", "leaning", "stance"]


@pytest.mark.parametrize(("name", "key"), SEMEVAL_FRAMES.items(), ids=SEMEVAL_FRAMES.values())
def test_every_semeval_frame_is_another_name_of_a_frame(default, name, key):
    names = default.head("frame").keys_of_name

    assert names[name] == (key,)


@pytest.mark.parametrize(("name", "key"), [("reporting", "news"), ("opinion", "opinion")], ids=["reporting", "opinion"])
def test_a_semeval_genre_is_another_name_of_a_kind(default, name, key):
    names = default.head("kind").keys_of_name

    assert names[name] == (key,)


def test_stance_is_asked_on_three_topics_beside_the_kind(default):
    stance = default.head("stance")

    assert [target.label for target in stance.targets] == ["border_enforcement", "vaccines", "diplomacy"]
    assert (stance.of, stance.beside) == ("topic", ("kind",))


def test_stance_alone_ignores_names(default):
    ignored = {head.key: set(head.ignore) for head in default.heads}

    assert {"trump", "obama", "tom cotton", "street journal"} <= ignored["stance"]
    assert not ignored["stance"] & {"cotton", "price", "rice", "wall", "street", "border", "mexico"}
    assert not any(terms for key, terms in ignored.items() if key != "stance")


def test_only_other_and_neutral_are_none_of_the_rest(default):
    alone = [label.key for head in default.heads for label in head.labels if label.alone]

    assert alone == ["other", "neutral"]


def test_every_label_has_a_definition(default):
    without = [label.key for head in default.heads for label in head.labels if not label.definition]

    assert without == []


# --- aliases


@pytest.mark.parametrize(
    ("name", "key"),
    [
        pytest.param("harbour", "harbour", id="key"),
        pytest.param("docks", "harbour", id="first-alias"),
        pytest.param("Port and shipping", "harbour", id="second-alias"),
        pytest.param("bakery", "bread", id="other-label"),
    ],
)
def test_a_label_goes_by_its_key_and_its_aliases(tiny_codebook, name, key):
    names = tiny_codebook.head("topic").keys_of_name

    assert names[name] == (key,)


def test_an_unknown_name_is_no_alias(tiny_codebook):
    names = tiny_codebook.head("topic").keys_of_name

    assert "Docks" not in names


# --- defaults, table and digest


def test_a_head_without_a_field_goes_by_its_key(tiny_codebook):
    fields = [head.field for head in tiny_codebook.heads]

    assert fields == ["topics", "kind", "stance"]


def test_an_unknown_head_is_answered_with_those_that_exist(tiny_codebook):
    with pytest.raises(CodebookError, match="'tiny' has no head 'frame'; it has 'topic', 'kind', 'stance'"):
        tiny_codebook.head("frame")


@pytest.mark.parametrize("through_json", [False, True], ids=["table", "json"])
def test_a_codebook_comes_back_from_its_table(default, through_json):
    table = default.to_table()

    again = Codebook.from_table(json.loads(json.dumps(table)) if through_json else table)

    assert again.digest == default.digest
    assert again.to_table() == table


def test_the_digest_is_twelve_hex_digits_that_the_order_of_keys_does_not_change(tiny_codebook):
    table = tiny_codebook.to_table()
    table["head"] = [dict(reversed(head.items())) for head in table["head"]]

    again = Codebook.from_table(dict(reversed(table.items())))

    assert again.digest == tiny_codebook.digest
    assert len(again.digest) == 12
    assert int(again.digest, 16)


def test_changing_any_definition_changes_the_digest(default):
    digests = [default.digest]
    for place, head in enumerate(default.heads):
        for number, label in enumerate(head.labels):
            labels = (*head.labels[:number], replace(label, definition="Changed."), *head.labels[number + 1 :])
            heads = (*default.heads[:place], replace(head, labels=labels), *default.heads[place + 1 :])
            digests.append(replace(default, heads=heads).digest)

    assert len(set(digests)) == 1 + len(TOPICS) + len(SEMEVAL_FRAMES) + 2 + 3 + 3


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("Read the whole text.", "Read the title.", id="instructions"),
        pytest.param("What is it about?", "What does it name?", id="question"),
        pytest.param("Fish on a plate.", "Fish.", id="excludes"),
        pytest.param("A lighthouse counts.", "A lighthouse does not.", id="rule"),
        pytest.param("Presents it as a gain.", "Presents it as cheap.", id="definition-of-target"),
        pytest.param("a larger harbour", "a harbour", id="target"),
        pytest.param('"docks"', '"pier"', id="alias"),
        pytest.param("alone = true", "alone = false", id="alone"),
        pytest.param("at_least_one = true", "at_least_one = false", id="at-least-one"),
        pytest.param('beside = ["kind"]', "beside = []", id="beside"),
        pytest.param('beside = ["kind"]', 'beside = ["kind"]\nignore = ["brown"]', id="ignore"),
        pytest.param('version = "1"', 'version = "2"', id="version"),
    ],
)
def test_the_digest_covers_all_that_coders_went_by(edited, tiny_codebook, old, new):
    path = edited(old, new)

    assert read_codebook(path).digest != tiny_codebook.digest


# --- terms that a head must not learn from


@pytest.fixture
def ignoring(edited, tmp_path):
    """Return the path of the tiny codebook whose stance ignores the terms of a file beside it."""

    def write(terms):
        (tmp_path / "names.toml").write_text(terms, encoding="utf-8")
        return edited('beside = ["kind"]', 'beside = ["kind"]\nignore = "names.toml"')

    return write


def test_a_file_of_ignored_terms_is_read_into_the_codebook(ignoring):
    path = ignoring('people = ["brown", "ann brown"]\npapers = ["daily crumb", "brown"]')

    ignored = {head.key: head.ignore for head in read_codebook(path).heads}

    assert ignored == {"topic": (), "kind": (), "stance": ("ann brown", "brown", "daily crumb")}


def test_ignored_terms_may_stand_in_the_codebook_itself(edited, ignoring):
    from_file = read_codebook(ignoring('people = ["brown"]'))

    written_out = read_codebook(edited('beside = ["kind"]', 'beside = ["kind"]\nignore = ["brown"]'))

    assert (written_out, written_out.digest) == (from_file, from_file.digest)


def test_other_terms_in_the_file_give_another_digest_and_other_groups_do_not(ignoring):
    digests = [
        read_codebook(ignoring(terms)).digest
        for terms in ('people = ["brown", "gray"]', 'a = ["gray"]\nb = ["brown"]', 'people = ["brown"]')
    ]

    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def test_a_codebook_that_ignores_nothing_has_the_digest_that_it_had_before_there_was_such_a_key(tiny_codebook):
    """Else scores of model files from before could no longer be traced to their codebook."""
    assert "ignore" not in tiny_codebook.to_table()["head"][2]
    assert tiny_codebook.digest == "8f934144c3c2"


@pytest.mark.parametrize(
    ("terms", "complaint"),
    [
        pytest.param('people = "brown"', "people should be texts, found 'brown'", id="no-list"),
        pytest.param('people = ["Brown"]', "people: expected .* lower case, found 'Brown'", id="capital"),
        pytest.param('people = ["o\'brien"]', 'people: expected .* words .*found "o\'brien"', id="apostrophe"),
        pytest.param('people = ["the daily crumb"]', "people: expected one or two words", id="three-words"),
        pytest.param('people = [""]', "people: expected one or two words", id="blank"),
        pytest.param("people =", "not TOML in UTF-8", id="not-toml"),
    ],
)
def test_what_is_wrong_with_a_file_of_ignored_terms_is_said_with_its_place(ignoring, terms, complaint):
    path = ignoring(terms)

    with pytest.raises(CodebookError, match=rf"names\.toml: {complaint}"):
        read_codebook(path)


def test_a_file_of_ignored_terms_that_is_not_there_is_named(edited):
    path = edited('beside = ["kind"]', 'beside = ["kind"]\nignore = "nowhere.toml"')

    with pytest.raises(CodebookError, match=r"nowhere\.toml: cannot be read: No such file"):
        read_codebook(path)


# --- what is refused


def test_a_file_reads_like_its_table(edited, tiny_codebook):
    path = edited("", "")

    assert read_codebook(path) == tiny_codebook


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        pytest.param('name = "tiny"', 'nome = "tiny"', "unknown key 'nome'; known are .*'name'", id="unknown-key"),
        pytest.param('of = "topic"', 'off = "topic"', "unknown key 'off'; known are .*'of'", id="unknown-key-of-head"),
        pytest.param(
            'definition = "A report."',
            'meaning = "A report."',
            "head 'kind', 'news': unknown key 'meaning'; known are .*'definition'",
            id="unknown-key-of-label",
        ),
        pytest.param(
            'target = "a larger harbour"', 'aim = "it"', "head 'stance': unknown key 'aim'", id="unknown-key-of-target"
        ),
        pytest.param('name = "tiny"', "", "missing 'name'; found 'version', 'title'", id="no-name"),
        pytest.param('version = "1"', "", "missing 'version'; found 'name'", id="no-version"),
        pytest.param('version = "1"', 'version = ""', "missing 'version'", id="blank-version"),
        pytest.param('key = "kind"', "", "missing 'key'; found 'kind', 'question', 'label'", id="head-without-key"),
        pytest.param('key = "news"', "", "head 'kind': missing 'key'", id="label-without-key"),
        pytest.param(
            'label = "bread"', "", "head 'stance': missing 'label'; found 'target'", id="target-without-label"
        ),
        pytest.param('target = "a larger harbour"', "", "head 'stance'.* missing 'target'", id="target-without-target"),
        pytest.param('key = "kind"', 'key = "topic"', "head 'topic' is given twice", id="head-twice"),
        pytest.param(
            'key = "kind"', 'key = "kind"\nfield = "topics"', "field 'topics' is given twice", id="field-twice"
        ),
        pytest.param(
            'key = "bread"', 'key = "harbour"', "head 'topic': label 'harbour' is given twice", id="label-twice"
        ),
        pytest.param(
            'label = "bread"',
            'label = "harbour"',
            "head 'stance': target .*'harbour' is given twice",
            id="target-twice",
        ),
        pytest.param(
            'kind = "one-of"',
            'kind = "some-of"',
            "head 'kind': kind must be one of 'many-of', 'one-of', 'one-of-per-label'; found 'some-of'",
            id="wrong-kind",
        ),
        pytest.param('kind = "one-of"\n', "", "head 'kind': kind must be one of .*; found ''", id="no-kind"),
        pytest.param(
            'kind = "one-of"\n',
            'kind = "one-of"\ncoded_in = "books"\n',
            "head 'kind': coded_in must be one of 'labels', 'articles'; found 'books'",
            id="coded-in-elsewhere",
        ),
        pytest.param(
            'of = "topic"', 'of = "topic"\nignored = ["x"]', "unknown key 'ignored'; known", id="unknown-ignore"
        ),
        pytest.param('of = "topic"', 'of = "topic"\nignore = 3', "ignore should be texts, found 3", id="ignore-number"),
        pytest.param(
            'of = "topic"',
            'of = "topic"\nignore = ["Brown"]',
            "'stance': ignore: expected .* 'Brown'",
            id="ignore-capital",
        ),
        pytest.param(
            'of = "topic"',
            'of = "topic"\nignore = ["a", "a"]',
            "'stance': ignore 'a' is given twice",
            id="ignore-twice",
        ),
        pytest.param('of = "topic"', "", "head 'stance': 'of' and .* belong to kind 'one-of-per-label'", id="no-of"),
        pytest.param(
            'kind = "one-of-per-label"', 'kind = "one-of"', "head 'stance': 'of' and .* alone; found 'one-of'", id="of"
        ),
        pytest.param(
            'kind = "one-of"\n', 'kind = "one-of"\nof = "topic"\n', "head 'kind': 'of' .* found 'one-of'", id="of-alone"
        ),
        pytest.param(
            'kind = "one-of-per-label"\nof = "topic"\n',
            'kind = "one-of"\n',
            r"head 'stance': .*\[\[head.target\]\] .* found 'one-of'",
            id="targets-alone",
        ),
        pytest.param('of = "topic"', 'of = "nope"', "has no head 'nope'; it has 'topic'", id="of-no-head"),
        pytest.param('of = "topic"', 'of = "kind"', "head 'stance': of = 'kind', but .* not many-of", id="of-one-of"),
        pytest.param(
            'beside = ["kind"]', 'beside = ["topic"]', "head 'stance': beside = 'topic', .* one-of", id="beside-many-of"
        ),
        pytest.param('beside = ["kind"]', 'beside = ["nope"]', "has no head 'nope'; it has", id="beside-no-head"),
        pytest.param(
            'kind = "one-of"\n',
            'kind = "one-of"\nbeside = ["kind"]\n',
            "head 'kind': beside = 'kind'",
            id="beside-itself",
        ),
        pytest.param(
            'key = "kind"\n', 'key = "kind"\nfield = "id"\n', "head 'kind': field .*'id'", id="field-that-every-row-has"
        ),
        pytest.param("alone = true", 'alone = "no"', "head 'topic'.*alone", id="text-for-true"),
        pytest.param(
            'label = "bread"',
            'label = "fish"',
            "head 'stance': target label must be one of 'harbour', 'bread', 'other'; found 'fish'",
            id="target-no-label",
        ),
        pytest.param(
            "definitions.favor",
            "definitions.fovar",
            "head 'stance', target 'harbour': definition of must be one of 'favor', .*; found 'fovar'",
            id="definition-of-no-answer",
        ),
        pytest.param(
            '[[head.label]]\nkey = "opinion"\ndefinition = "An argument."',
            "",
            "head 'kind': too few labels for one-of; found 1",
            id="too-few-labels",
        ),
        pytest.param('name = "tiny"', "name = tiny", "not TOML in UTF-8: .*line 2", id="not-toml"),
    ],
)
def test_what_is_wrong_with_a_codebook_is_said_with_its_place(edited, old, new, complaint):
    path = edited(old, new)

    with pytest.raises(CodebookError, match=rf"book\.toml.*{complaint}"):
        read_codebook(path)


def test_a_many_of_head_needs_a_label(tmp_path):
    path = tmp_path / "book.toml"
    path.write_text('name = "a"\nversion = "1"\n[[head]]\nkey = "topic"\nkind = "many-of"\n')

    with pytest.raises(CodebookError, match=r"book\.toml: head 'topic': too few labels for many-of; found 0"):
        read_codebook(path)


def test_a_codebook_without_heads_is_refused(tmp_path):
    path = tmp_path / "book.toml"
    path.write_text('name = "a"\nversion = "1"\n')

    with pytest.raises(CodebookError, match=r"book\.toml: missing 'head'; found 'name', 'version'"):
        read_codebook(path)


@pytest.mark.parametrize(
    "table",
    [
        pytest.param("head = 3", id="head-number"),
        pytest.param('[[head]]\nkey = "a"\nkind = "one-of"\nlabel = ["x", "y"]', id="labels-strings"),
        pytest.param(
            '[[head]]\nkey = "a"\nkind = "many-of"\n[[head.label]]\nkey = "x"\naliases = ["y"]', id="aliases-list"
        ),
    ],
)
def test_a_value_of_another_type_is_refused(tmp_path, table):
    path = tmp_path / "book.toml"
    path.write_text(f'name = "a"\nversion = "1"\n{table}\n')

    with pytest.raises(CodebookError, match=r"book\.toml"):
        read_codebook(path)


def test_a_file_in_another_encoding_is_refused(tmp_path):
    path = tmp_path / "book.toml"
    path.write_bytes('name = "café"'.encode("latin-1"))

    with pytest.raises(CodebookError, match=r"book\.toml: not TOML in UTF-8: .*0xe9"):
        read_codebook(path)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        pytest.param("nowhere.toml", "No such file or directory", id="missing"),
        pytest.param(".", "Is a directory", id="folder"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, complaint):
    path = tmp_path / name

    with pytest.raises(CodebookError, match=rf"{tmp_path.name}.*: cannot be read: {complaint}"):
        read_codebook(path)


def test_the_place_of_an_error_is_said_once(tiny_toml):
    table = tomllib.loads(tiny_toml.replace('key = "news"', 'kay = "news"'))

    with pytest.raises(CodebookError, match=r"^book\.toml, head 'kind': unknown key 'kay'"):
        Codebook.from_table(table, "book.toml")
