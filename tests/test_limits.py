"""What too few coded articles cannot tell is said, and a model that would know nothing is not made."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from fruit_files import write_jsonl
from made_up import answers, articles, codebook, dealt, head, material

from classifier.errors import LabelError
from training.inputs import Inputs
from training.labels import Coding
from training.limits import limits, refuse_nothing

Command = Callable[..., tuple[int, str, str]]
FRUIT = ("apple", "pear", "plum")
BOOK = codebook(head("fruit", "many-of", FRUIT))


def inputs_of(labels: Sequence[Sequence[str] | None], random: Sequence[str] = (), n_outlets: int = 24) -> Inputs:
    frame = articles([named or [] for named in labels], seed=1, n_outlets=n_outlets)
    coded = answers(BOOK, labels)
    ids = tuple(key for key, named in zip(frame["id"], labels, strict=True) if named is not None)
    return Inputs(
        BOOK, Coding(ids, coded[[named is not None for named in labels]], frozenset(random)), frame, coded, {}
    )


def said(inputs: Inputs) -> list[str]:
    return list(limits(inputs, material(BOOK, inputs.articles, inputs.answers)))


def test_each_thing_that_few_articles_cannot_tell_is_said():
    labels = [["apple"]] * 34 + [["pear"]] * 22 + [["plum"]] * 4

    lines = said(inputs_of(labels, random=["a0", "a1"], n_outlets=3))

    assert lines[0] == "fruit: 60 articles are coded: a figure may be 13 points off what it would be on many more"
    assert lines[1] == "fruit: not learned, with under 5 articles: plum (4)"
    assert lines[2] == "fruit: threshold, probability and F1 are rough, with under 30 articles: pear (22)"
    assert [
        re.match("under 5 outlets|all articles are coded|2 articles are marked as drawn", line)[0] for line in lines[3:]
    ]
    assert len(lines) == 6


def test_many_articles_drawn_at_random_among_others_have_no_such_limits():
    labels = [[name] for name in dealt(FRUIT, 420, seed=1)]
    inputs = inputs_of([*labels, *[None] * 20], random=[f"a{n}" for n in range(420)])

    assert said(inputs) == []


def test_articles_that_teach_nothing_are_refused_with_their_counts():
    refuse_nothing(inputs_of([["apple"]] * 5 + [["pear"]] * 5))
    with pytest.raises(LabelError, match=r"nothing can be learned: .*found fruit: apple 4, pear 1, plum 0"):
        refuse_nothing(inputs_of([["apple"]] * 4 + [["pear"]]))


@pytest.mark.slow
def test_sixty_articles_make_a_model_whose_card_has_its_limits(command: Command, tmp_path: Path):
    fruit = dealt(FRUIT, 60, seed=3)
    table = articles([[name] for name in fruit], seed=3)
    (tmp_path / "fruit.toml").write_text(
        'name = "fruit"\nversion = "1"\n[[head]]\nkey = "fruit"\nkind = "one-of"\n'
        'label = [{ key = "apple" }, { key = "pear" }, { key = "plum" }]\n'
    )
    coded = write_jsonl(tmp_path / "coded.jsonl", [{"id": f"a{n}", "fruit": name} for n, name in enumerate(fruit)])
    texts = write_jsonl(tmp_path / "articles.jsonl", table.drop("outlet").to_dicts())
    given = {
        "--codebook": tmp_path / "fruit.toml",
        "--labels": coded,
        "--articles": texts,
        "--out": tmp_path / "m.slantwise",
    }

    status, told, _ = command("train", *[str(part) for pair in given.items() for part in pair], "--jobs", "1")

    card = (tmp_path / "m.md").read_text()
    limits_told = re.findall(r"cannot be known: (.*)", told)
    assert status == 0
    assert len(limits_told) == 5
    assert all(f"- Cannot be known: {line}." in card for line in limits_told)
    assert "| fruit | 60 | 3 of 3 |" in card
