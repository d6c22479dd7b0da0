"""Scores of the tiny model, worked out by hand; its weights stand in conftest.py."""

import math
import tomllib
import warnings
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.codebook import Codebook, blocks, question
from classifier.decide import Weights, decide, fitting_order, side_features
from classifier.errors import ModelError
from classifier.features import Vocabulary, document
from classifier.model import Model
from classifier.modelfile import ModelFile, read_model_file, write_model_file

TEXTS = ["Quay.", "Loaf, we must.", "Quay and loaf: we must, must!", "Gulls.", "", "must quay must loaf must"]


def sigmoid(value):
    return 1 / (1 + math.exp(-value))


def softmax(*values):
    total = sum(math.exp(value) for value in values)
    return [math.exp(value) / total for value in values]


def columns(codebook, name):
    """Return the columns of a question such as 'topics' or 'stance.bread'."""
    return next(block.columns for block in blocks(codebook) if question(block) == name)


def probabilities(answers):
    return [score.probability for score in answers.values()]


@pytest.fixture
def head_of_one_kind():
    """Return a codebook of a single head with labels a, b, c, and weights with the thresholds given."""

    def build(kind, thresholds=(0.5, 0.5, 0.5), learned=(True, True, True), **settings):
        labels = [{"key": key, "alone": key == settings.get("alone")} for key in "abc"]
        head = {"key": "h", "kind": kind, "label": labels, "at_least_one": settings.get("at_least_one", False)}
        codebook = Codebook.from_table({"name": "n", "version": "1", "head": [head]})
        weights = Weights(
            np.zeros((1, 3), np.float32),
            np.zeros(3, np.float32),
            np.array(thresholds, np.float32),
            np.array(learned),
            {},
        )
        return codebook, weights

    return build


def log_odds(*ps):
    return np.array([[math.log(p / (1 - p)) for p in ps]], np.float32)


# --- columns


def test_columns_follow_one_another_in_reporting_order(tiny_codebook):
    found = [(question(block), block.columns.start, block.columns.stop) for block in blocks(tiny_codebook)]

    assert found == [("topics", 0, 3), ("kind", 3, 5), ("stance.harbour", 5, 8), ("stance.bread", 8, 11)]


def test_questions_that_read_other_scores_come_after_them(tiny_toml):
    table = tomllib.loads(tiny_toml)
    table["head"].reverse()  # stance, kind, topic

    order = [question(block) for block in fitting_order(Codebook.from_table(table))]

    assert order == ["kind", "topics", "stance.harbour", "stance.bread"]


# --- probabilities


def test_a_many_of_probability_is_the_sigmoid_of_weight_and_intercept(tiny_model):
    topics = tiny_model.score("Quay.").labels["topics"]

    assert probabilities(topics) == pytest.approx([sigmoid(3 - 1), sigmoid(-1), sigmoid(-0.5)])


def test_one_of_probabilities_are_the_softmax_of_weights_and_intercepts(tiny_model):
    kind = tiny_model.score("Must!").labels["kind"]

    assert probabilities(kind) == pytest.approx(softmax(1, 2.1))


def test_several_words_share_the_length_of_1(tiny_model):
    quay, must = math.log1p(2.0), math.log1p(2.0 / 1.005)
    length = math.hypot(quay, must)

    labels = tiny_model.score("Quay must").labels

    assert probabilities(labels["topics"]) == pytest.approx(
        [sigmoid(3 * quay / length - 1), sigmoid(-1), sigmoid(-0.5)]
    )
    assert probabilities(labels["kind"]) == pytest.approx(softmax(1, 2.1 * must / length))


@pytest.mark.parametrize("text", ["", "Gulls over the sea", "。"], ids=["empty", "unknown-words", "no-words"])
def test_a_text_without_a_known_word_has_the_scores_of_the_intercepts(tiny_model, text):
    labels = tiny_model.score(text).labels

    assert probabilities(labels["topics"]) == pytest.approx([sigmoid(-1), sigmoid(-1), sigmoid(-0.5)])
    assert probabilities(labels["kind"]) == pytest.approx(softmax(1, 0))


def test_the_words_of_a_title_count(tiny_model):
    scores = tiny_model.score("Gulls.", title="Quay")

    assert scores.assigned("topics") == ["harbour"]
    assert scores.title == "Quay"


def test_decision_values_are_the_sum_of_what_the_terms_add(tiny_model):
    frame = pl.DataFrame({"title": [None, "Loaf"], "text": ["Quay we must. We must!", "must quay"]})
    features = tiny_model.vocabulary.features(document(frame)).toarray()
    added = features[:, :, None] * tiny_model.weights.text[None]  # article, term, column

    probability = tiny_model.score_batch(frame).probability

    values = added.sum(axis=1) + tiny_model.weights.intercept
    topics, kind = columns(tiny_model.codebook, "topics"), columns(tiny_model.codebook, "kind")
    assert np.log(probability[:, topics] / (1 - probability[:, topics])) == pytest.approx(values[:, topics], abs=1e-4)
    given = np.log(probability[:, kind])
    assert given[:, 1] - given[:, 0] == pytest.approx(values[:, 4] - values[:, 3], abs=1e-4)


@pytest.mark.parametrize("sure", [30.0, 200.0, 5000.0, -30.0, -200.0, -5000.0])
@pytest.mark.parametrize("kind", ["many-of", "one-of"])
def test_a_score_that_is_very_sure_is_a_probability(head_of_one_kind, kind, sure):
    codebook, weights = head_of_one_kind(kind)
    values = np.array([[sure, 0.0, 0.0]], np.float32)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        probability = decide(codebook, values, weights).probability

    assert probability[0, 0] == pytest.approx(float(sure > 0), abs=1e-6)


# --- which labels are assigned


@pytest.mark.parametrize(
    ("ps", "thresholds", "assigned"),
    [
        pytest.param([0.6, 0.7, 0.4], [0.5, 0.5, 0.5], [True, True, False], id="two-over"),
        pytest.param([0.6, 0.7, 0.4], [0.65, 0.8, 0.35], [False, False, True], id="each-has-its-own"),
        pytest.param([0.1, 0.2, 0.3], [0.5, 0.5, 0.5], [False, False, False], id="none"),
    ],
)
def test_a_many_of_label_is_assigned_at_its_threshold(head_of_one_kind, ps, thresholds, assigned):
    codebook, weights = head_of_one_kind("many-of", thresholds)

    scores = decide(codebook, log_odds(*ps), weights)

    assert scores.assigned[0].tolist() == assigned


def test_a_probability_on_the_threshold_is_over_it(head_of_one_kind):
    codebook, weights = head_of_one_kind("many-of")

    scores = decide(codebook, np.array([[0.0, -0.01, 0.01]], np.float32), weights)

    assert scores.assigned[0].tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("ps", "thresholds", "assigned"),
    [
        pytest.param([0.2, 0.3, 0.1], [0.5, 0.5, 0.5], [False, True, False], id="likeliest"),
        pytest.param([0.2, 0.3, 0.1], [0.5, 0.9, 0.5], [True, False, False], id="nearest-to-its-threshold"),
        pytest.param([0.6, 0.3, 0.7], [0.5, 0.5, 0.5], [True, False, True], id="not-needed"),
    ],
)
def test_where_at_least_one_is_asked_the_nearest_label_is_assigned(head_of_one_kind, ps, thresholds, assigned):
    codebook, weights = head_of_one_kind("many-of", thresholds, at_least_one=True)

    scores = decide(codebook, log_odds(*ps), weights)

    assert scores.assigned[0].tolist() == assigned


@pytest.mark.parametrize(
    ("ps", "assigned"),
    [
        pytest.param([0.6, 0.4, 0.9], [True, False, False], id="dropped-beside-another"),
        pytest.param([0.4, 0.4, 0.9], [False, False, True], id="kept-alone"),
        pytest.param([0.1, 0.1, 0.2], [False, False, True], id="nearest"),
        pytest.param([0.3, 0.1, 0.2], [True, False, False], id="another-is-nearest"),
    ],
)
def test_a_label_that_stands_alone_is_dropped_beside_another(head_of_one_kind, ps, assigned):
    codebook, weights = head_of_one_kind("many-of", at_least_one=True, alone="c")

    scores = decide(codebook, log_odds(*ps), weights)

    assert scores.assigned[0].tolist() == assigned


@pytest.mark.parametrize(
    ("ps", "thresholds", "assigned"),
    [
        pytest.param([0.5, 0.3, 0.2], [0.5, 0.5, 0.5], "a", id="likeliest"),
        pytest.param([0.5, 0.3, 0.2], [0.5, 0.25, 0.5], "b", id="furthest-over-its-threshold"),
        pytest.param([0.5, 0.3, 0.2], [0.9, 0.9, 0.1], "c", id="least-likely-but-furthest-over"),
        pytest.param([0.5, 0.3, 0.2], [0.9, 0.8, 0.9], "a", id="all-under"),
    ],
)
def test_a_one_of_head_assigns_the_one_label_furthest_over_its_threshold(head_of_one_kind, ps, thresholds, assigned):
    codebook, weights = head_of_one_kind("one-of", thresholds)

    scores = decide(codebook, np.log([ps]).astype(np.float32), weights)

    assert scores.probability[0].tolist() == pytest.approx(ps, abs=1e-6)
    assert [key for key, yes in zip("abc", scores.assigned[0], strict=True) if yes] == [assigned]


# --- labels that were not learned


@pytest.mark.parametrize("kind", ["many-of", "one-of"])
@pytest.mark.parametrize("at_least_one", [False, True], ids=["any-number", "at-least-one"])
def test_a_label_that_was_not_learned_has_no_probability_and_is_never_assigned(head_of_one_kind, kind, at_least_one):
    codebook, weights = head_of_one_kind(kind, learned=[True, False, True], at_least_one=at_least_one)
    values = np.array([[-3.0, 9.0, -4.0], [1.0, 9.0, -1.0]], np.float32)

    scores = decide(codebook, values, weights)

    assert np.isnan(scores.probability).tolist() == [[False, True, False]] * 2
    assert scores.assigned[:, 1].tolist() == [False, False]


def test_the_labels_that_were_learned_share_a_probability_of_1(head_of_one_kind):
    codebook, weights = head_of_one_kind("one-of", learned=[True, False, True])

    scores = decide(codebook, np.array([[1.0, 9.0, 0.0]], np.float32), weights)

    assert scores.probability[0, [0, 2]].tolist() == pytest.approx(softmax(1, 0))


@pytest.mark.parametrize("kind", ["many-of", "one-of"])
@pytest.mark.parametrize("at_least_one", [False, True], ids=["any-number", "at-least-one"])
def test_a_head_of_which_nothing_was_learned_assigns_nothing(head_of_one_kind, kind, at_least_one):
    codebook, weights = head_of_one_kind(kind, learned=[False] * 3, at_least_one=at_least_one)

    scores = decide(codebook, np.full((2, 3), 9.0, np.float32), weights)

    assert np.isnan(scores.probability).all()
    assert not scores.assigned.any()


def test_an_unlearned_label_is_reported_without_a_probability(tiny_model, tiny_columns):
    learned = np.array([column not in {"topics.bread", "kind.opinion"} for column in tiny_columns])
    model = Model("m", tiny_model.codebook, tiny_model.vocabulary, replace(tiny_model.weights, learned=learned))

    scores = model.score("Loaf, we must!")

    assert scores.labels["topics"]["bread"].probability is None
    assert scores.labels["kind"]["opinion"].probability is None
    assert scores.assigned("topics") == ["other"]
    assert scores.assigned("kind") == ["news"]
    assert probabilities(scores.labels["kind"]) == [1.0, None]


# --- stance


def test_stance_is_asked_only_where_its_topic_is_assigned(tiny_model):
    frame = pl.DataFrame({"text": ["Quay.", "Loaf.", "Gulls.", "Quay loaf"]})

    asked = [list(scores.labels["stance"]) for scores in tiny_model.articles(frame)]

    assert asked == [["harbour"], ["bread"], [], ["harbour", "bread"]]


def test_a_stance_that_is_not_asked_is_null_in_a_frame(tiny_model):
    frame = tiny_model.score_frame(pl.DataFrame({"text": ["Quay.", "Loaf.", "Gulls."]}))

    assert frame["stance.harbour"].to_list() == ["neutral", None, None]
    assert frame["stance.bread"].to_list() == [None, "neutral", None]
    for label in ("favor", "against", "neutral"):
        assert frame[f"p.stance.harbour.{label}"].is_null().to_list() == [False, True, True]
        assert frame[f"p.stance.bread.{label}"].is_null().to_list() == [True, False, True]


def test_stance_reads_the_kind_beside_the_text(tiny_model):
    quay, must = math.log1p(2.0), math.log1p(2.0 / 1.005)
    length = math.hypot(quay, must)
    opinion = 2.1 * must / length
    mean = (1 + opinion) / 2
    favor = 1.5 * must / length + (opinion - mean)
    neutral = 0.5 + 0.5 * (1 - mean)

    stance = tiny_model.score("Quay must").labels["stance"]

    assert probabilities(stance["harbour"]) == pytest.approx(softmax(favor, 0, neutral))


def test_each_target_has_side_weights_of_its_own(tiny_model):
    stance = tiny_model.score("Loaf").labels["stance"]

    # kind has the log-odds 1 (news) and 0 (opinion), so 0.5 and -0.5 from their mean
    assert probabilities(stance["bread"]) == pytest.approx(softmax(0, -0.5 * 1.0, 0.5 + 0.5 * 0.5))


def test_a_kind_that_was_not_learned_says_nothing_beside_the_text(tiny_model, tiny_columns):
    learned = np.array([column != "kind.opinion" for column in tiny_columns])
    model = Model("m", tiny_model.codebook, tiny_model.vocabulary, replace(tiny_model.weights, learned=learned))

    stance = model.score("Quay").labels["stance"]

    # news alone is its own mean, so that both kinds are read as 0
    assert probabilities(stance["harbour"]) == pytest.approx(softmax(0, 0, 0.5))


def test_decide_answers_each_stance_as_if_its_topic_were_present(tiny_model, tiny_columns):
    values = np.zeros((1, len(tiny_columns)), np.float32)
    values[0, :2] = -9.0

    scores = decide(tiny_model.codebook, values, tiny_model.weights)

    assert not np.isnan(scores.probability).any()
    assert scores.assigned[0, 5:8].sum() == scores.assigned[0, 8:].sum() == 1


# --- what a head reads beside the text


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([[1.0, 0.0]], [0.5, -0.5], id="from-their-mean"),
        pytest.param([[3.0, 0.0, 0.0]], [2.0, -1.0, -1.0], id="three-labels"),
        pytest.param([[40.0, 0.0]], [5.0, -5.0], id="held-within-5"),
        pytest.param([[2.0, -np.inf, 0.0]], [1.0, 0.0, -1.0], id="unlearned-label-says-nothing"),
        pytest.param([[-np.inf, -np.inf]], [0.0, 0.0], id="nothing-learned"),
    ],
)
def test_log_odds_are_read_beside_the_text_from_their_mean(values, expected):
    side = side_features([np.array(values, np.float32)], 1)

    assert side.tolist() == [pytest.approx(expected)]


def test_two_heads_are_read_with_the_products_of_their_labels():
    first, second = np.array([[1.0, -1.0], [0.0, 4.0]]), np.array([[3.0, 0.0, 0.0], [0.0, 0.0, 0.0]])

    side = side_features([first, second], 2)

    assert side.tolist() == [
        [1, -1, 2, -1, -1, 2, -1, -1, -2, 1, 1],
        [-2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ]


def test_a_head_that_reads_none_beside_the_text_has_no_side_features():
    side = side_features([], 3)

    assert (side.shape, side.dtype) == ((3, 0), np.float32)


# --- three ways to ask, one answer


def test_articles_equal_the_frame(tiny_model):
    frame = pl.DataFrame({"text": TEXTS})

    rows = list(tiny_model.articles(frame))
    table = tiny_model.score_frame(frame)

    for scores, row in zip(rows, table.iter_rows(named=True), strict=True):
        assert row["topics"] == scores.assigned("topics")
        assert [row["kind"]] == scores.assigned("kind")
        for field in ("topics", "kind"):
            for label, answer in scores.labels[field].items():
                assert row[f"p.{field}.{label}"] == answer.probability
        for target in ("harbour", "bread"):
            answers = scores.labels["stance"].get(target)
            assert [row[f"stance.{target}"]] == (scores.assigned("stance", target) if answers else [None])
            for label in ("favor", "against", "neutral"):
                assert row[f"p.stance.{target}.{label}"] == (answers[label].probability if answers else None)


@pytest.mark.parametrize("title", [None, "Loaf"], ids=["no-title", "title"])
@pytest.mark.parametrize("text", TEXTS)
def test_one_text_scores_as_it_does_in_a_frame(tiny_model, text, title):
    frame = pl.DataFrame({"id": ["a"], "source": ["b"], "title": [title], "text": [text]})

    scores = tiny_model.score(text, title=title)

    assert scores.labels == next(tiny_model.articles(frame)).labels


@pytest.mark.slow
@given(texts=st.lists(st.lists(st.sampled_from(["quay", "loaf", "we", "must", "gull"])).map(" ".join), max_size=6))
def test_a_batch_scores_as_its_articles_do_one_by_one(tiny_model, texts):
    together = tiny_model.score_frame(pl.DataFrame({"text": texts}, schema={"text": pl.String}))

    assert together.height == len(texts)
    for text, row in zip(texts, together.iter_rows(named=True), strict=True):
        alone = tiny_model.score_frame(pl.DataFrame({"text": [text]})).row(0, named=True)
        assert {key: row[key] for key in ("topics", "kind", "stance.harbour", "stance.bread")} == {
            key: alone[key] for key in ("topics", "kind", "stance.harbour", "stance.bread")
        }
        for name in row:
            if name.startswith("p."):
                assert row[name] == (None if alone[name] is None else pytest.approx(alone[name], abs=1e-6))


# --- frames


def test_a_frame_has_answers_then_probabilities_then_where_they_are_from(tiny_model, tiny_columns):
    frame = tiny_model.score_frame(pl.DataFrame({"text": ["Quay."]}))

    answers = {"topics": pl.List(pl.String), "kind": pl.String, "stance.harbour": pl.String, "stance.bread": pl.String}
    assert frame.schema == (
        dict.fromkeys(["id", "source", "title"], pl.String)
        | {"extraction": pl.String, "dropped": pl.Float32, "language": pl.String, "low_evidence": pl.Boolean}
        | answers
        | dict.fromkeys([f"p.{column}" for column in tiny_columns], pl.Float32)
        | dict.fromkeys(["model", "codebook"], pl.String)
    )
    assert frame.columns == list(frame.schema)
    assert frame.select("model", "codebook").row(0) == ("tiny-model", tiny_model.codebook.digest)


def test_articles_without_id_source_and_title_are_numbered(tiny_model):
    frame = tiny_model.score_frame(pl.DataFrame({"text": ["Quay.", "Loaf."]}))

    assert frame.select("id", "source", "title").rows() == [("0", "0", None), ("1", "1", None)]


def test_id_source_and_title_are_kept(tiny_model):
    given = {"id": ["x"], "source": ["f.csv:2"], "title": ["T"], "text": ["Quay."], "outlet": ["O"]}

    frame = tiny_model.score_frame(pl.DataFrame(given))

    assert frame.select("id", "source", "title").row(0) == ("x", "f.csv:2", "T")
    assert "outlet" not in frame.columns


def test_a_frame_without_a_row_has_the_same_columns(tiny_model):
    none = tiny_model.score_frame(pl.DataFrame(schema={"text": pl.String}))
    one = tiny_model.score_frame(pl.DataFrame({"text": ["Quay."]}))

    assert none.height == 0
    assert none.schema == one.schema


def test_a_frame_without_text_is_refused_with_the_columns_it_has(tiny_model):
    frame = pl.DataFrame({"id": ["x"], "body": ["Quay."]})

    with pytest.raises(ModelError, match="the frame lacks a column 'text'; it has 'id', 'body'"):
        tiny_model.score_frame(frame)


def test_a_row_rounds_and_keeps_all_that_the_article_is_called(tiny_model):
    frame = pl.DataFrame({"id": ["x"], "source": ["f"], "title": ["T"], "text": ["Quay."]})

    row = next(tiny_model.articles(frame)).to_row()

    assert list(row) == [
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
    assert row["topics"]["harbour"] == {"probability": 0.8808, "yes": True}
    assert list(row["stance"]) == ["harbour"]


# --- the file


def test_a_model_that_was_written_and_read_scores_the_same(tiny_model, tiny_model_path):
    frame = pl.DataFrame({"text": TEXTS, "title": ["Must", "We", "", "Gulls", "Loaf", None]})
    again = Model.load(tiny_model_path)

    scores, scores_again = tiny_model.score_batch(frame), again.score_batch(frame)

    assert np.array_equal(scores_again.assigned, scores.assigned)
    assert np.allclose(scores_again.probability, scores.probability, rtol=0, atol=2e-3, equal_nan=True)
    # The weights have 16 bits in the file, so this is no comparison of a thing with itself.
    assert not np.array_equal(scores_again.probability, scores.probability, equal_nan=True)


def test_name_codebook_and_terms_come_back_from_the_file(tiny_model, tiny_model_path):
    again = Model.load(tiny_model_path)

    assert again.name == "tiny-model"
    assert again.codebook == tiny_model.codebook
    assert again.vocabulary.terms == ["quay", "loaf", "we", "must", "we must"]


def test_what_is_said_of_the_data_stands_in_the_file(tiny_model, tmp_path):
    path = tmp_path / "tiny.slantwise"

    tiny_model.write(path, {"seed": 7})

    assert read_model_file(path).manifest["seed"] == 7


@pytest.mark.parametrize(
    ("arrays", "manifest", "complaint"),
    [
        pytest.param({"idf": np.ones(3, np.float32)}, {}, r"idf should have shape \(5,\), found \(3,\)", id="idf"),
        pytest.param({"words": np.frombuffer(b"quay", np.uint8)}, {}, r"idf should have shape \(2,\)", id="words"),
        pytest.param({"text": None}, {}, "the model lacks 'text'; train it again", id="no-weights"),
        pytest.param({"side.stance": None}, {}, r"side.stance should have shape \(2, 6\)", id="no-side"),
        pytest.param({}, {"codebook": None}, "the model lacks 'codebook'; train it again", id="no-codebook"),
        pytest.param({}, {"name": None}, "the model lacks 'name'; train it again", id="no-name"),
        pytest.param({}, {"features": {"word": "x"}}, "made for features .*; train it again", id="other-features"),
        pytest.param({}, {"codebook": {"name": "a"}}, "codebook: missing 'version'", id="part-of-a-codebook"),
    ],
)
def test_a_model_file_that_does_not_hold_together_is_named(tiny_model_path, tmp_path, arrays, manifest, complaint):
    whole = read_model_file(tiny_model_path)
    path = tmp_path / "changed.slantwise"
    changed = ({**whole.manifest, **manifest}, {**whole.arrays, **arrays})
    write_model_file(path, ModelFile(*({k: v for k, v in part.items() if v is not None} for part in changed)))

    with pytest.raises(ModelError, match=rf"changed\.slantwise: {complaint}"):
        Model.load(path)


@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [
        pytest.param("text", (5, 10), r"\(5, 11\)", id="text-columns"),
        pytest.param("text", (4, 11), r"\(5, 11\)", id="text-features"),
        pytest.param("intercept", (10,), r"\(11,\)", id="intercept"),
        pytest.param("threshold", (1, 11), r"\(11,\)", id="threshold"),
        pytest.param("learned", (12,), r"\(11,\)", id="learned"),
    ],
)
def test_weights_of_another_shape_are_refused(tiny_model, name, shape, expected):
    weights = replace(tiny_model.weights, **{name: np.zeros(shape, np.float32)})

    with pytest.raises(ModelError, match=f"{name} should have shape {expected}, found .*; train the model again"):
        Model("m", tiny_model.codebook, tiny_model.vocabulary, weights)


@pytest.mark.parametrize("side", [{}, {"stance": np.zeros((2, 3))}, {"stance": np.zeros((3, 6))}], ids=repr)
def test_side_weights_of_another_shape_are_refused(tiny_model, side):
    weights = replace(tiny_model.weights, side=side)

    with pytest.raises(ModelError, match=r"side\.stance should have shape \(2, 6\), found"):
        Model("m", tiny_model.codebook, tiny_model.vocabulary, weights)


@pytest.mark.parametrize(
    ("part", "complaint"),
    [
        pytest.param({"idf": np.ones(4, np.float32)}, r"idf should have shape \(5,\), found \(4,\)", id="idf"),
        pytest.param({"pairs": np.zeros((1, 3), np.int32)}, r"pairs should have shape \(1, 2\)", id="pairs"),
    ],
)
def test_a_vocabulary_of_another_shape_is_refused(tiny_model, part, complaint):
    vocabulary = replace(tiny_model.vocabulary, **part)

    with pytest.raises(ModelError, match=complaint):
        Model("m", tiny_model.codebook, vocabulary, tiny_model.weights)


@pytest.mark.parametrize(
    ("words", "pairs"),
    [
        pytest.param(("quay", "quay", "we", "must"), [[2, 3]], id="a-word-twice"),
        pytest.param(("quay", "loaf", "we", "must"), [[2, 4]], id="no-such-word"),
        pytest.param(("quay", "loaf", "we", "must"), [[-1, 3]], id="a-word-before-the-first"),
    ],
)
def test_a_vocabulary_that_cannot_be_counted_by_is_refused(tiny_model, words, pairs):
    vocabulary = Vocabulary(words, np.array(pairs, np.int32), tiny_model.vocabulary.idf)

    with pytest.raises(ModelError, match="words should differ, and pairs be numbers of words in rising order"):
        Model("m", tiny_model.codebook, vocabulary, tiny_model.weights)


def test_pairs_out_of_order_are_refused(tiny_model):
    pairs = np.array([[2, 3], [0, 1]], np.int32)
    vocabulary = Vocabulary(tiny_model.vocabulary.words, pairs, np.ones(6, np.float32))
    weights = replace(tiny_model.weights, text=np.zeros((6, tiny_model.weights.text.shape[1]), np.float32))

    with pytest.raises(ModelError, match="in rising order"):
        Model("m", tiny_model.codebook, vocabulary, weights)
