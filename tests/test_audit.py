"""Labels that are likely wrong: ranked by what a model that had not seen them said, with what speaks against them."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fruit_files import FRUIT, Files, files_in, write_jsonl
from made_up import codebook, head

from classifier.codebook import blocks
from slantwise import command
from training.audit import rank_labels
from training.questions import Judged

Command = Callable[..., tuple[int, str, str]]
N = 300
KEYS = ("apple", "pear", "plum")


def question(kind: str, coded: np.ndarray, probability: np.ndarray) -> Judged:
    (block,) = blocks(codebook(head("fruit", kind, KEYS)))
    rows = np.arange(len(coded))
    return Judged(block, np.ones(len(KEYS), dtype=bool), {}, rows, coded, probability > 0.5, probability)


def flipped(kind: str, seed: int = 0) -> tuple[Judged, np.ndarray]:
    """Return a question that a good model answered, with a label flipped in one of 20 articles; and which those are."""
    random = np.random.default_rng(seed)
    true = random.random((N, len(KEYS))) < 0.4
    if kind == "one-of":
        true = np.eye(len(KEYS), dtype=bool)[random.integers(len(KEYS), size=N)]
    log_odds = np.where(true, 2.0, -2.0) + random.standard_normal(true.shape)
    probability = 1 / (1 + np.exp(-log_odds))
    wrong = random.choice(N, N // 20, replace=False)
    coded = true.copy()
    if kind == "one-of":
        coded[wrong] = np.roll(coded[wrong], 1, axis=1)
    else:
        coded[wrong, random.integers(len(KEYS), size=len(wrong))] ^= True
    return question(kind, coded, probability), wrong


@pytest.mark.parametrize("kind", ["many-of", "one-of"])
def test_flipped_labels_are_read_first(kind: str) -> None:
    asked, wrong = flipped(kind)
    ranking = rank_labels(asked)

    first = ranking.order[: N // 10]
    assert np.isin(wrong, first).mean() >= 0.8
    assert ranking.likely[wrong].mean() > 0.7
    assert ranking.likely.mean() < 0.15


def test_the_label_in_doubt_is_the_one_that_was_flipped() -> None:
    true = np.tile(np.eye(len(KEYS), dtype=bool), (20, 1))
    probability = np.where(true, 0.9, 0.05)
    coded = true.copy()
    coded[4, 2] = True  # pear, and plum too
    coded[7, 1] = False  # pear no longer

    ranking = rank_labels(question("many-of", coded, probability))

    assert set(ranking.order[:2].tolist()) == {4, 7}
    assert (ranking.label[4], ranking.label[7]) == (2, 1)


def test_of_one_answer_the_models_own_stands_against_it() -> None:
    true = np.tile(np.eye(len(KEYS), dtype=bool), (20, 1))
    probability = np.where(true, 0.9, 0.05)
    coded = true.copy()
    coded[4] = [False, False, True]  # a plum, says the coder of a pear

    ranking = rank_labels(question("one-of", coded, probability))

    assert ranking.order[0] == 4
    assert ranking.label[4] == 1


# --- files


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Files of a model, whose labels another coder has then made anew, the first two wrong."""
    files = files_in(tmp_path_factory.mktemp("audited"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["slantwise", *files.arguments()])
        with pytest.raises(SystemExit) as ended:
            command.main()
    assert ended.value.code == 0
    rows = [json.loads(line) for line in files.labels.read_text().splitlines()]
    for row in rows[:2]:
        row["fruits"] = [FRUIT[(FRUIT.index(row["fruits"][0]) + 1) % len(FRUIT)]]
    write_jsonl(files.labels, rows)
    return files


@pytest.mark.slow
def test_wrong_labels_are_named_with_sentences(audited: Files, command: Command, tmp_path: Path) -> None:
    status, _, printed = command(
        *("audit-labels", "--model", str(audited.out), "--labels", str(audited.labels)),
        *("--articles", str(audited.articles), "--top", "4", "--out", str(tmp_path / "doubts.jsonl")),
    )
    doubts = [json.loads(line) for line in (tmp_path / "doubts.jsonl").read_text().splitlines()]

    assert status == 0
    assert {"a0", "a1"} <= {one["id"] for one in doubts[:2]}
    assert doubts[0]["change"][0] in "+-"
    assert doubts[0]["likely"]
    assert all(one["sentences"] for one in doubts[:2] if one["change"].startswith("+"))
    assert any(one["change"].startswith("+") for one in doubts[:2])
    assert "a0" in printed


@pytest.mark.slow
def test_labels_without_enough_articles_cannot_be_audited(audited: Files, command: Command, tmp_path: Path) -> None:
    few = tmp_path / "few.jsonl"
    few.write_text("".join(audited.labels.read_text().splitlines(keepends=True)[:10]))

    status, said, _ = command(
        *("audit-labels", "--model", str(audited.out), "--labels", str(few), "--articles", str(audited.articles))
    )

    assert status == 1
    assert "no label can be audited: fruit: 10 coded articles with held-out scores, 20 are needed" in said
