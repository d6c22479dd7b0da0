"""A codebook and a model so small that their scores can be worked out by hand.

They are made once for all tests, and nothing in them can be changed: use `dataclasses.replace`, or a table of your own.
"""

import tomllib

import numpy as np
import pytest
from hypothesis import settings

from classifier.codebook import Codebook, blocks, question
from classifier.decide import Weights
from classifier.features import Vocabulary
from classifier.model import Model
from slantwise.command import main

# Tests assert no seconds, and CI may be slow; a time limit is one, though hypothesis has it by itself.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

TINY = """
name = "tiny"
version = "1"
title = "Harbours and bakeries"
instructions = "Read the whole text."

[[head]]
key = "topic"
field = "topics"
kind = "many-of"
at_least_one = true
question = "What is it about?"

[[head.label]]
key = "harbour"
title = "Harbours"
definition = "Ships, quays and those who work there."
excludes = "Fish on a plate."
rules = ["A lighthouse counts."]
aliases.press = ["docks", "Port and shipping"]

[[head.label]]
key = "bread"
definition = "Baking and bakers."
aliases.press = ["bakery"]

[[head.label]]
key = "other"
definition = "None of these."
alone = true

[[head]]
key = "kind"
kind = "one-of"
question = "A report, or an argument?"

[[head.label]]
key = "news"
definition = "A report."

[[head.label]]
key = "opinion"
definition = "An argument."

[[head]]
key = "stance"
kind = "one-of-per-label"
of = "topic"
beside = ["kind"]
question = "Which side does it take?"

[[head.label]]
key = "favor"
definition = "For it."

[[head.label]]
key = "against"
definition = "Against it."

[[head.label]]
key = "neutral"
definition = "Neither."

[[head.target]]
label = "harbour"
target = "a larger harbour"
definitions.favor = "Presents it as a gain."

[[head.target]]
label = "bread"
target = "night work in bakeries"
"""

WORDS = ("quay", "loaf", "we", "must")
PAIRS = (("we", "must"),)
ADDS = {  # log-odds that a term adds to a column; all that is not named is 0
    "quay": {"topics.harbour": 3.0},
    "loaf": {"topics.bread": 3.0},
    "we": {"kind.opinion": 0.3},
    "must": {"kind.opinion": 2.1, "stance.harbour.favor": 1.5, "stance.bread.against": 1.5},
    "we must": {"kind.opinion": 1.0},
}
INTERCEPTS = {
    "topics.harbour": -1.0,
    "topics.bread": -1.0,
    "topics.other": -0.5,
    "kind.news": 1.0,
    "stance.harbour.neutral": 0.5,
    "stance.bread.neutral": 0.5,
}
BESIDE = {  # what the log-odds of a kind, taken from their mean, are multiplied by
    "news": {"stance.harbour.neutral": 0.5, "stance.bread.neutral": 0.5},
    "opinion": {"stance.harbour.favor": 1.0, "stance.bread.against": 1.0},
}


def constant(values, dtype=np.float32):
    array = np.array(values, dtype)
    array.flags.writeable = False
    return array


@pytest.fixture(scope="session")
def tiny_toml() -> str:
    """The tiny codebook as it stands in a file: topics many-of, kind one-of, stance on two topics."""
    return TINY


@pytest.fixture(scope="session")
def tiny_codebook(tiny_toml):
    return Codebook.from_table(tomllib.loads(tiny_toml))


@pytest.fixture(scope="session")
def tiny_columns(tiny_codebook):
    """The name of each column of scores, such as 'topics.harbour' or 'stance.bread.favor'."""
    return [f"{question(block)}.{label}" for block in blocks(tiny_codebook) for label in block.head.keys]


@pytest.fixture(scope="session")
def tiny_weights(tiny_columns):
    """Weights of four words and one pair; thresholds are 0.5, and every label is learned."""
    terms = [*WORDS, *map(" ".join, PAIRS)]
    beside = [[BESIDE[kind].get(column, 0.0) for column in tiny_columns[-6:]] for kind in ("news", "opinion")]
    return Weights(
        text=constant([[ADDS[term].get(column, 0.0) for column in tiny_columns] for term in terms]),
        intercept=constant([INTERCEPTS.get(column, 0.0) for column in tiny_columns]),
        threshold=constant([0.5] * len(tiny_columns)),
        learned=constant([True] * len(tiny_columns), bool),
        side={"stance": constant(beside)},
    )


@pytest.fixture(scope="session")
def tiny_vocabulary():
    pairs = constant([[WORDS.index(first), WORDS.index(second)] for first, second in PAIRS], np.int32)
    return Vocabulary(WORDS, pairs, constant([1, 1, 1, 1, 0.5]))


@pytest.fixture(scope="session")
def tiny_model(tiny_codebook, tiny_vocabulary, tiny_weights):
    """A model whose text of one known word has a feature of 1, so that its log-odds are a weight and an intercept."""
    return Model("tiny-model", tiny_codebook, tiny_vocabulary, tiny_weights)


@pytest.fixture(scope="session")
def tiny_model_path(tiny_model, tmp_path_factory):
    """The tiny model as a file, in a folder of its own."""
    path = tmp_path_factory.mktemp("model") / "tiny.slantwise"
    tiny_model.write(path, {})
    return path


@pytest.fixture
def command(monkeypatch, capfd):
    """Run the command as the shell would; return its exit status and what it wrote to stderr and to stdout."""

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["slantwise", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        written = capfd.readouterr()
        return ended.value.code, written.err, written.out

    return run
