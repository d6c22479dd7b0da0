"""What a model file keeps of the articles that it learned from."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from classifier.decide import Scores
from classifier.errors import ModelError
from classifier.model import Model
from classifier.modelfile import read_model_file
from classifier.record import OPENING, Record, opening_digests, whole_digests

TEXTS = ["The quay was closed.", "We must bake.", "A third text on bread."]


def frame(texts=TEXTS, titles=None) -> pl.DataFrame:
    return pl.DataFrame({"title": titles or [None] * len(texts), "text": texts}, schema_overrides={"title": pl.String})


def record_of(model: Model, texts=TEXTS) -> Record:
    n = len(texts)
    random = np.random.default_rng(0)
    probability = random.random((n, model.blocks[-1].columns.stop)).astype(np.float32)
    scores = Scores(probability, probability > 0.5)
    return Record.of(frame(texts), np.arange(n) < n - 1, np.arange(n) > 0, scores)


def test_a_digest_stays_the_same_over_versions() -> None:
    assert whole_digests(frame(["The quay was closed."])).tolist() == [0x5F7CD87FCB4327F7]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param("the  quay\nwas closed", id="case-and-spacing"),
        pytest.param("The quay -- was closed!", id="punctuation"),
    ],
)
def test_typography_does_not_change_a_digest(changed: str) -> None:
    assert whole_digests(frame([changed])) == whole_digests(frame(["The quay was closed."]))


def test_a_title_changes_the_digest_of_the_whole_and_not_of_the_opening() -> None:
    plain, titled = frame(), frame(titles=["a", "b", "c"])

    assert not np.isin(whole_digests(titled), whole_digests(plain)).any()
    assert (opening_digests(titled) == opening_digests(plain)).all()


def test_an_opening_is_the_first_sixty_words() -> None:
    words = [f"word{number}" for number in range(OPENING + 5)]
    longer, otherwise = words[:OPENING], [*words[: OPENING - 1], "other"]

    whole, same, differs = (opening_digests(frame([" ".join(part)])) for part in (words, longer, otherwise))

    assert whole == same
    assert whole != differs


def test_a_record_holds_the_coded_articles_sorted_with_their_scores(tiny_model) -> None:
    scores = Scores(np.arange(30, dtype=np.float32).reshape(3, 10) / 100, np.arange(30).reshape(3, 10) % 2 == 0)

    record = Record.of(frame(), np.array([True, True, False]), np.array([False, True, True]), scores)

    digests = whole_digests(frame())
    order = np.argsort(digests[:2])
    assert record.coded.tolist() == digests[:2][order].tolist()
    np.testing.assert_allclose(record.probability, scores.probability[:2][order], atol=1e-3)
    assert record.assigned.tolist() == scores.assigned[:2][order].tolist()
    assert set(record.openings.tolist()) == set(opening_digests(frame())[:2].tolist())
    assert set(record.openings_in_articles.tolist()) == set(opening_digests(frame())[1:].tolist())


def test_an_article_that_is_there_twice_is_recorded_once(tiny_model) -> None:
    twice = [TEXTS[0], TEXTS[0], TEXTS[1]]

    assert len(record_of(tiny_model, twice).coded) == 1


def test_a_model_file_keeps_the_record(tiny_model, tmp_path) -> None:
    record = record_of(tiny_model)
    model = Model("m", tiny_model.codebook, tiny_model.vocabulary, tiny_model.weights, record)
    model.write(tmp_path / "m.slantwise", {})

    kept = Model.load(tmp_path / "m.slantwise").record

    assert kept is not None
    for name in Record.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(kept, name), getattr(record, name))


def test_no_word_of_an_article_is_in_the_record(tiny_model, tmp_path) -> None:
    model = Model("m", tiny_model.codebook, tiny_model.vocabulary, tiny_model.weights, record_of(tiny_model))
    model.write(tmp_path / "m.slantwise", {})

    arrays = read_model_file(tmp_path / "m.slantwise").arrays

    kept = {name: array.dtype for name, array in arrays.items() if name.startswith("record.")}
    assert kept == {
        "record.coded": np.uint64,
        "record.openings": np.uint64,
        "record.openings_in_articles": np.uint64,
        "record.probability": np.float16,
        "record.assigned": np.bool_,
    }


def test_a_model_file_without_a_record_is_read(tiny_model_path) -> None:
    assert Model.load(tiny_model_path).record is None


@pytest.mark.parametrize("name", ["probability", "assigned"])
def test_a_record_that_does_not_fit_the_codebook_is_refused(tiny_model, name: str) -> None:
    record = record_of(tiny_model)
    cut = replace(record, **{name: getattr(record, name)[:, 1:]})

    with pytest.raises(ModelError, match=rf"record.{name} should have shape \(2, \d+\), found \(2, \d+\)"):
        Model("m", tiny_model.codebook, tiny_model.vocabulary, tiny_model.weights, cut)
