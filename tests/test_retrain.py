"""Training through the command: a codebook, labels and articles of one's own in, a model file and its card out."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from fruit_files import FRUIT, N_ARTICLES, Files, files_in, write_jsonl
from made_up import articles, prepared

import slantwise
from classifier.articles import read_articles
from classifier.codebook import read_codebook
from classifier.model import Model
from classifier.modelfile import read_model_file
from slantwise import command
from training import retrain
from training.corpora import content_sha256
from training.labels import align, read_labels
from training.recipe import fit

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return files_in(tmp_path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Files with a model that was trained from them, with seed 5 and a published split."""
    files = files_in(tmp_path_factory.mktemp("trained"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["slantwise", *files.arguments("--seed", 5, "--published-split", "part")])
        with pytest.raises(SystemExit) as ended:
            command.main()
    assert ended.value.code == 0
    return files


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def without_line(text: str, number: int) -> str:
    lines = text.splitlines(keepends=True)
    return "".join([*lines[: number - 1], *lines[number:]])


# --- the model


@pytest.mark.slow
def test_a_model_of_one_s_own_scores_articles_of_outlets_never_seen(trained: Files) -> None:
    model = slantwise.load(trained.out)
    new = articles([[name] for name in FRUIT], seed=2, prefix="new")

    scores = [model.score(text, title=title) for title, text in new.select("title", "text").iter_rows()]

    assert [score.assigned("fruits") for score in scores] == [[name] for name in FRUIT]
    assert [score.labels["fruits"]["cherry"].probability for score in scores] == [None] * 3


def test_the_command_scores_with_a_model_of_one_s_own(trained: Files, command: Command, tmp_path: Path) -> None:
    new = articles([[name] for name in FRUIT], seed=2, prefix="new")
    path, out = write_jsonl(tmp_path / "new.jsonl", new.to_dicts()), tmp_path / "scores.jsonl"

    status, _, _ = command("score", str(path), "--model", str(trained.out), "--out", str(out))

    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert status == 0
    assert [[key for key, answer in row["fruits"].items() if answer["yes"]] for row in rows] == [
        ["apple"],
        ["pear"],
        ["plum"],
    ]
    assert {row["codebook"] for row in rows} == {read_codebook(trained.codebook).digest}


def test_the_model_file_scores_as_the_weights_in_memory(trained: Files) -> None:
    book = read_codebook(trained.codebook)
    (frame,) = read_articles([trained.articles], on_reject=pytest.fail)
    vocabulary, material = prepared(book, frame, align(read_labels(trained.labels, book), frame, book))
    in_memory = Model("fruit", book, vocabulary, fit(material, np.arange(len(frame)), seed=5))
    new = articles([["apple"], ["pear", "plum"], []] * 10, seed=2, prefix="new")

    ours, theirs = in_memory.score_batch(new), slantwise.load(trained.out).score_batch(new)

    np.testing.assert_allclose(theirs.probability, ours.probability, atol=2e-3)
    np.testing.assert_array_equal(theirs.assigned, ours.assigned)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes(trained: Files, command: Command, tmp_path: Path) -> None:
    again = replace(trained, out=tmp_path / "again.slantwise")

    status, _, _ = command(*again.arguments("--seed", 5, "--published-split", "part"))

    assert status == 0
    assert sha256(again.out) == sha256(trained.out)
    assert again.out.with_suffix(".md").read_text() == trained.out.with_suffix(".md").read_text()


@pytest.mark.slow
def test_features_kept_from_an_earlier_run_change_nothing(trained: Files, command: Command, tmp_path: Path) -> None:
    again = replace(trained, out=tmp_path / "again.slantwise")
    arguments = again.arguments("--seed", 5, "--published-split", "part", "--cache", tmp_path / "cache")

    statuses = [command(*arguments)[0] for _ in range(2)]

    assert statuses == [0, 0]
    assert sha256(again.out) == sha256(trained.out)


@pytest.mark.slow
def test_another_seed_gives_other_weights(trained: Files, command: Command, tmp_path: Path) -> None:
    other = replace(trained, out=tmp_path / "other.slantwise")

    status, _, _ = command(*other.arguments("--seed", 6))

    assert status == 0
    assert sha256(other.out) != sha256(trained.out)
    ours, theirs = (read_model_file(files.out).arrays for files in (trained, other))
    np.testing.assert_array_equal(ours["words"], theirs["words"])
    assert np.abs(ours["text"].astype(float) - theirs["text"]).max() > 1e-3


def test_the_file_says_what_it_was_trained_from(trained: Files) -> None:
    manifest = read_model_file(trained.out).manifest

    assert (manifest["name"], manifest["articles"], manifest["coded"], manifest["seed"]) == ("fruit", 84, 84, 5)
    assert [evaluation["split"] for evaluation in manifest["evaluations"]] == [
        "outlets apart, 2 folds",
        "train and test by column part",
    ]


# --- the card


def test_the_card_gives_every_label_s_f1_with_its_interval(trained: Files) -> None:
    card = trained.out.with_suffix(".md").read_text()

    figure = r"[01]\.\d{3} \[[01]\.\d{3}, [01]\.\d{3}\]"
    for label in FRUIT:
        assert len(re.findall(rf"^\| fruit \| {label} \| {figure} \| \d+ \| \d+ \|$", card, re.MULTILINE)) == 2
    assert card.count("| fruit | cherry | not learned, for want of coded articles; coded in 0 here | | |") == 2
    assert "Not learned, for want of coded articles: fruit: cherry" in card


def test_the_card_s_figures_are_those_of_the_model_file(trained: Files) -> None:
    card = trained.out.with_suffix(".md").read_text()

    for evaluation in read_model_file(trained.out).manifest["evaluations"]:
        value, low, high = evaluation["figures"]["fruit.micro_f1"]
        assert f"| 3 of 4 | {value:.3f} [{low:.3f}, {high:.3f}] |" in card
        assert value > 0.8


def test_every_split_on_the_card_stands_with_its_signature(trained: Files) -> None:
    card = trained.out.with_suffix(".md").read_text()

    digest, labels = read_codebook(trained.codebook).digest, sha256(trained.labels)[:12]
    data = rf"codebook={digest}\|articles=[0-9a-f]{{12}}\|labels={labels}\|coding=[0-9a-f]{{12}}"
    signed = rf"`{data}\|slantwise=[^|]+\|model=fruit\|split=(\S+)\|seed=5\|resampled=article`"
    assert re.findall(signed, card) == ["outlets-2", "part"]
    assert card.count("## Scores: ") == 2


def test_the_card_says_under_which_licence_the_data_are(trained: Files) -> None:
    card = trained.out.with_suffix(".md").read_text()

    assert "- `labels.jsonl`: coded articles. Licence: see their datasheet\n" in card
    assert "- `articles.jsonl`: articles. Licence: not stated\n" in card


def test_a_licence_is_stated_only_where_the_content_is_that_of_the_registered_corpus(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path("elsewhere") / "allsides.parquet"
    articles = pl.DataFrame(
        {"id": ["a", "b"], "source": [f"{path}:1", "other:1"], "title": ["A", "B"], "text": ["x", "y"]}
    )
    known = replace(retrain.registry()["allsides"], sha256=content_sha256(articles.head(1)))
    options = retrain.Options(
        name=None,
        codebook=files.codebook,
        labels=files.labels,
        articles=[path, Path("other")],
        out=files.out,
        columns=retrain.Columns(),
    )
    monkeypatch.setattr(retrain, "registry", lambda: {"allsides": known})

    rows = retrain._sources(options, articles)

    assert rows[1] == {"file": path.name, "what": known.title, "licence": known.licence}
    assert rows[2] == {"file": "other", "what": "articles", "licence": "not stated"}


# --- rejected rows


@pytest.mark.slow
def test_rejected_rows_are_counted_and_the_model_is_trained_from_the_rest(files: Files, command: Command) -> None:
    with files.articles.open("a") as file:
        file.write('{"id": "broken"\n{"id": "no-text"}\n')

    status, said, _ = command(*files.arguments())

    assert status == 3
    assert re.search(r"articles\.jsonl:85: .*\n(.*\n)*.*articles\.jsonl:86: ", said)
    assert said.endswith("2 articles rejected\n")
    assert read_model_file(files.out).manifest["articles"] == N_ARTICLES


@pytest.mark.slow
def test_coded_articles_that_are_not_there_are_counted(files: Files, command: Command) -> None:
    files.articles.write_text(without_line(files.articles.read_text(), 3))

    status, said, _ = command(*files.arguments())

    assert status == 0
    assert "83 articles; 1 coded ones are not among them, and not used: a2\n" in said
    assert read_model_file(files.out).manifest["coded"] == 83


# --- what ends with 1


def with_labels(files: Files, line: str) -> None:
    with files.labels.open("a") as file:
        file.write(line + "\n")


def test_an_unknown_label_ends_with_1_and_its_place(files: Files, command: Command) -> None:
    with_labels(files, '{"id": "a999", "fruits": ["quince"]}')

    status, said, _ = command(*files.arguments())

    assert status == 1
    assert re.fullmatch(r"error: \S+/labels\.jsonl:85: 'fruits' has no label 'quince'; the codebook has .*\n", said)


def test_labels_of_other_articles_end_with_1(files: Files, command: Command) -> None:
    write_jsonl(files.labels, [{"id": "b1", "fruits": ["apple"]}])

    status, said, _ = command(*files.arguments())

    assert status == 1
    assert "error: no coded article is among the 84 articles: coded are 'b1', articles 'a0', 'a1'" in said


def test_articles_that_cannot_be_read_end_with_1(files: Files, command: Command) -> None:
    files.articles.write_text("no json\n")

    status, said, _ = command(*files.arguments())

    assert status == 1
    assert f"error: no readable article in {files.articles}\n" in said


@pytest.mark.slow
def test_a_split_column_without_train_and_test_ends_with_1(files: Files, command: Command) -> None:
    status, said, _ = command(*files.arguments("--published-split", "outlet"))

    assert status == 1
    assert "error: column 'outlet' of the articles should say 'train' or 'test'; found 'a outlet 0', " in said


def test_a_model_that_is_there_is_kept_when_the_labels_are_wrong(files: Files, command: Command) -> None:
    files.out.write_bytes(b"the model of last week")
    with_labels(files, "{")

    status, _, _ = command(*files.arguments())

    assert status == 1
    assert files.out.read_bytes() == b"the model of last week"


@pytest.mark.slow
def test_a_model_that_is_there_is_kept_when_fitting_fails(
    files: Files, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.out.write_bytes(b"the model of last week")
    before = sorted(files.out.parent.iterdir())
    monkeypatch.setattr(retrain, "fit", fails)

    status, said, _ = command(*files.arguments())

    assert status == 1
    assert said.endswith("fitting on all articles\nerror: out of patience\n")
    assert files.out.read_bytes() == b"the model of last week"
    assert sorted(files.out.parent.iterdir()) == before


def fails(*_: object) -> None:
    raise slantwise.SlantwiseError("out of patience")
