"""Shares of labels from files: a corpus scored here or before, coded articles, groups, and what cannot be said."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from fruit_files import write_jsonl

from classifier.articles import Reject
from classifier.errors import ArticleError, LabelError, SlantwiseError
from classifier.model import Model
from classifier.output import Csv, Jsonl, Parquet
from classifier.record import Record
from training.labels import NO, UNKNOWN, YES
from training.score_files import read_scores
from training.share_inputs import Corpus, Sources, read_corpus
from training.share_page import shares_page
from training.share_plots import panels, paper_drawing
from training.share_report import ADJUSTED, NOTHING, PPI, Share, Shares, estimate_shares

Command = Callable[..., tuple[int, str, str]]
N = 240
COLUMNS = "topics.harbour", "stance.harbour.favor"


def corpus_rows() -> list[dict[str, str]]:
    """Articles that are half about harbours; a tenth of each say so in words that the model does not know."""
    rows = []
    for number in range(N):
        words = "quay" if number % 2 else "loaf"
        if number % 20 in {1, 2}:
            words = "quay" if words == "loaf" else "loaf"
        date = f"2021-{1 + number // 2 % 4:02}-03"
        rows.append({"id": f"a{number}", "text": words, "date": date, "outlet": f"Post {number % 3}"})
    return rows


def label_rows(n: int = 160, *, sampling: str = "random") -> list[dict[str, object]]:
    return [
        {"id": f"a{number}", "topics": ["harbour" if number % 2 else "bread"], "sampling": sampling}
        for number in range(n)
    ]


@pytest.fixture
def sources(tmp_path: Path) -> Callable[..., Sources]:
    def make(labels: Sequence[object], by: Sequence[str] = (), **more: object) -> Sources:
        corpus = write_jsonl(tmp_path / "corpus.jsonl", corpus_rows())
        options = {"articles": (corpus,), "by": by, **more}
        return Sources(labels=write_jsonl(tmp_path / "labels.jsonl", labels), **options)

    return make


def fail(reject: object) -> None:
    assert isinstance(reject, Reject)
    raise AssertionError(reject.reason)


def row(shares: Shares, label: str, **group: str | None) -> Share:
    (found,) = [one for one in shares.rows if one.label == label and one.group == group]
    return found


def note(shares: Shares | Corpus, about: str) -> str:
    (found,) = [one for one in shares.notes if about in one]
    return found


# --- reading


def test_a_corpus_is_counted_and_corrected(tiny_model: Model, sources: Callable[..., Sources]) -> None:
    corpus = read_corpus(tiny_model, sources(label_rows()), fail)
    found = row(estimate_shares(corpus), "topics.harbour")

    assert (found.articles, found.coded, found.coded_yes) == (N, 160, 80)
    assert found.method == PPI
    assert found.naive == pytest.approx(0.5)
    assert found.best is not None
    assert found.best.low < 0.5 < found.best.high


def test_groups_are_given_in_order_and_sum_up(tiny_model: Model, sources: Callable[..., Sources]) -> None:
    shares = estimate_shares(read_corpus(tiny_model, sources(label_rows(), ["month", "outlet"]), fail))
    groups = [one.group for one in shares.rows if one.label == "topics.harbour"]

    assert groups[0] == {}
    assert groups[1] == {"month": "2021-01", "outlet": "Post 0"}
    assert len(groups) == 1 + 4 * 3
    assert sum(one.articles for one in shares.rows if one.label == "topics.harbour" and one.group) == N


def test_a_stance_is_of_all_articles(tiny_model: Model, sources: Callable[..., Sources]) -> None:
    labels = [{**one, "stance": {"harbour": "favor"} if one["topics"] == ["harbour"] else {}} for one in label_rows()]
    corpus = read_corpus(tiny_model, sources(labels), fail)
    found = row(estimate_shares(corpus), "stance.harbour.favor")

    assert (found.coded, found.coded_yes) == (160, 80)
    assert found.naive is not None
    assert found.naive <= 0.5


def test_coded_articles_that_are_not_in_the_corpus_are_named(
    tiny_model: Model, sources: Callable[..., Sources]
) -> None:
    corpus = read_corpus(tiny_model, sources([*label_rows(), {"id": "gone", "topics": ["bread"]}]), fail)

    assert note(corpus, "not in the corpus") == "1 coded articles are not in the corpus and are passed over: gone."
    assert corpus.missing == ("gone",)
    assert json.loads(estimate_shares(corpus).to_json())["missing"] == ["gone"]


@pytest.mark.parametrize(
    ("labels", "by", "complaint"),
    [
        pytest.param([{"id": "x", "topics": ["bread"]}], [], "coded is 'x', the corpus has 'a0'", id="no id matches"),
        pytest.param(
            [{"id": "a0", "topics": ["fish"]}], [], r"labels.jsonl:1: 'topics' has no label 'fish'", id="label"
        ),
        pytest.param(
            [{"id": "a0", "topics": ["bread"]}, {"id": "a0", "topics": ["harbour"]}],
            [],
            r"labels.jsonl:2: article 'a0' is coded twice, first on line 1",
            id="coded twice",
        ),
        pytest.param(
            [{"id": "a0", "topics": ["bread"]}],
            ["desk"],
            "nothing in a column 'desk' to group by; it has 'id', 'date'",
            id="column",
        ),
    ],
)
def test_what_does_not_fit_is_an_error(
    tiny_model: Model,
    sources: Callable[..., Sources],
    labels: Sequence[object],
    by: Sequence[str],
    complaint: str,
) -> None:
    with pytest.raises(SlantwiseError, match=complaint):
        read_corpus(tiny_model, sources(labels, by), fail)


# --- what a model learned from


def with_record(model: Model, rows: Sequence[dict[str, str]], *, harbour: bool) -> Model:
    """Return the model as if it had learned from articles, and said of each, held out, that it is about harbours."""
    frame = pl.DataFrame(rows).with_columns(title=pl.lit(None, pl.String)).head(1)
    scores = model.answer_all(frame)
    scores.assigned[:, 0], scores.probability[:, 0] = harbour, 0.9 if harbour else 0.1
    some = np.ones(len(frame), dtype=bool)
    return Model(model.name, model.codebook, model.vocabulary, model.weights, Record.of(frame, some, some, scores))


def test_coded_articles_that_a_model_learned_from_stand_by_their_held_out_scores(
    tiny_model: Model, sources: Callable[..., Sources]
) -> None:
    taught = with_record(tiny_model, corpus_rows(), harbour=True)  # a0 is 'loaf': as it is, the model says bread
    plain, held_out = (read_corpus(model, sources(label_rows()), fail) for model in (tiny_model, taught))

    assert not plain.scores.assigned[0, 0]
    assert held_out.scores.assigned[0, 0]
    assert "held out" in note(held_out, "learned from stand")
    assert "does not say what it learned from" in note(plain, "model file")


def test_scores_alone_do_not_tell_what_a_model_learned_from(
    tiny_model: Model, sources: Callable[..., Sources], tmp_path: Path
) -> None:
    taught = with_record(tiny_model, corpus_rows(), harbour=True)
    scores = scored(taught, tmp_path, "scores.parquet")

    with pytest.raises(LabelError, match=r"scores.parquet: scores do not tell .* \(give the texts"):
        read_corpus(taught, sources(label_rows(), articles=(), scores=scores), fail)
    assert read_corpus(taught, sources(label_rows(), articles=(), scores=scores, coded_are_new=True), fail)
    assert read_corpus(taught, sources(label_rows(), scores=scores), fail).scores.assigned[0, 0]


# --- scores of before


def scored(model: Model, folder: Path, name: str) -> Path:
    path = folder / name
    form = {".parquet": Parquet, ".csv": Csv, ".jsonl": Jsonl}[path.suffix]()
    with path.open("wb") as file:
        whole = form.file(file)
        whole.add(form.rows(model, pl.DataFrame(corpus_rows())))
        whole.close()
    return path


@pytest.mark.parametrize("name", ["scores.parquet", "scores.csv", "scores.jsonl"])
def test_scores_of_before_give_the_same_shares(
    tiny_model: Model, sources: Callable[..., Sources], tmp_path: Path, name: str
) -> None:
    labels = [{**one, "kind": "news"} for one in label_rows()]
    here = estimate_shares(read_corpus(tiny_model, sources(labels, ["month"]), fail))
    before = sources(labels, ["month"], scores=scored(tiny_model, tmp_path, name))

    read = estimate_shares(read_corpus(tiny_model, before, fail))

    assert [one.label for one in read.rows] == [one.label for one in here.rows]
    for one, other in zip(read.rows, here.rows, strict=True):
        assert (one.group, one.naive, one.best) == (other.group, other.naive, other.best)
        if one.probabilistic and other.probabilistic:
            assert one.probabilistic.value == pytest.approx(other.probabilistic.value, abs=1e-3)  # four digits in text


def test_scores_of_another_model_are_refused(
    tiny_model: Model, sources: Callable[..., Sources], tmp_path: Path
) -> None:
    other = Model("other", tiny_model.codebook, tiny_model.vocabulary, tiny_model.weights)
    scores = scored(other, tmp_path, "scores.parquet")

    with pytest.raises(ArticleError, match="scored with model other, expected tiny-model"):
        read_corpus(tiny_model, sources(label_rows(), scores=scores), fail)


def test_scores_of_cleaned_pages_are_refused(
    tiny_model: Model, sources: Callable[..., Sources], tmp_path: Path
) -> None:
    scores = scored(tiny_model, tmp_path, "scores.parquet")
    pl.read_parquet(scores).with_columns(dropped=pl.lit(0.1)).write_parquet(scores)

    with pytest.raises(ArticleError, match="score again with --no-clean"):
        read_corpus(tiny_model, sources(label_rows(), scores=scores), fail)


def test_ids_in_csv_are_no_numbers(tiny_model: Model, tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_bytes(Csv().rows(tiny_model, pl.DataFrame({"id": ["007", "7"], "text": ["Quay.", "Loaf."]})))

    assert read_scores(path, tiny_model, [])[0]["id"].to_list() == ["007", "7"]


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        pytest.param("s.csv", "id,topics\na,b\n", "lacks model, codebook, kind", id="no scores"),
        pytest.param("s.jsonl", '{"id": "a"}\n', "line 1 lacks 'topics'", id="no question"),
        pytest.param("s.jsonl", "{\n", "not scores that can be read", id="not JSON"),
        pytest.param("s.txt", "", "scores are read from .parquet, .csv, .jsonl", id="another file"),
    ],
)
def test_a_file_that_holds_no_scores_is_an_error(
    tiny_model: Model,
    sources: Callable[..., Sources],
    tmp_path: Path,
    name: str,
    content: str,
    complaint: str,
) -> None:
    (tmp_path / name).write_text(content)

    with pytest.raises(ArticleError, match=rf"{name}: .*{complaint}"):
        read_corpus(tiny_model, sources(label_rows(), scores=tmp_path / name), fail)


# --- methods


@pytest.fixture
def corpus(tiny_model: Model, sources: Callable[..., Sources]) -> Corpus:
    return read_corpus(tiny_model, sources(label_rows(), ["month"]), fail)


def test_a_group_with_too_few_coded_at_random_is_adjusted_and_says_so(corpus: Corpus) -> None:
    shares = estimate_shares(corpus, least=100)
    whole, month = row(shares, "topics.harbour"), row(shares, "topics.harbour", month="2021-01")

    assert whole.method == PPI
    assert month.method == ADJUSTED
    assert month.best == month.adjusted
    assert month.note == "40 articles coded at random, 100 are needed: error rates of all groups together"


def test_articles_that_were_looked_for_carry_no_prediction_powered_share(
    tiny_model: Model, sources: Callable[..., Sources]
) -> None:
    shares = estimate_shares(read_corpus(tiny_model, sources(label_rows(sampling="targeted")), fail))

    assert {one.method for one in shares.rows if one.label == "topics.harbour"} == {ADJUSTED}
    assert "none stands for the corpus" in note(shares, "sampling")


def test_nothing_is_said_where_error_rates_cannot_be_told(corpus: Corpus) -> None:
    few = replace(corpus, answers=np.where(np.arange(len(corpus.answers))[:, None] < 6, corpus.answers, UNKNOWN))
    found = row(estimate_shares(few), "topics.harbour")

    assert found.method == NOTHING
    assert found.best is None
    assert found.note.startswith("6 articles coded at random, 50 are needed; error rates need 5 coded articles with")


def test_a_stratum_without_coded_articles_is_not_passed_over(
    tiny_model: Model, sources: Callable[..., Sources]
) -> None:
    labels = [one for one in label_rows(N) if int(str(one["id"])[1:]) % 3]  # none of Post 0
    corpus = read_corpus(tiny_model, sources(labels, ["outlet"]), fail)

    whole = row(estimate_shares(corpus, strata="outlet"), "topics.harbour")

    assert whole.method == ADJUSTED
    assert whole.note.startswith("1 of 3 strata have no article coded at random")


def test_articles_coded_at_random_that_are_no_random_part_are_suspected(corpus: Corpus) -> None:
    harbours = corpus.scores.assigned[:, 0]
    picked = replace(corpus, random=corpus.random & harbours)

    assert "topics.harbour" in note(estimate_shares(picked), "at another rate than to the rest")
    assert not [one for one in estimate_shares(corpus).notes if "another rate" in one]


def test_labels_are_chosen_by_name_or_question(corpus: Corpus) -> None:
    assert {one.label for one in estimate_shares(corpus, labels=["topics.bread"]).rows} == {"topics.bread"}
    assert len({one.label for one in estimate_shares(corpus, labels=["topics"]).rows}) == 3
    with pytest.raises(LabelError, match=r"no label 'topics.fish'; it has .*topics.harbour"):
        estimate_shares(corpus, labels=["topics.fish"])


def test_labels_that_nobody_coded_have_no_shares(corpus: Corpus) -> None:
    with pytest.raises(LabelError, match="no article of the corpus is coded for these labels"):
        estimate_shares(corpus, labels=["kind"])


def harbour_and_favor(corpus: Corpus) -> set[tuple[int, int]]:
    """Return what is coded of harbours together with what is coded of being for them."""
    return set(zip(corpus.answers[:, 0].tolist(), corpus.answers[:, 5].tolist(), strict=True))


def test_a_stance_on_what_is_absent_is_coded_no(tiny_model: Model, sources: Callable[..., Sources]) -> None:
    labels = label_rows()
    labels[1]["stance"], labels[3]["stance"] = {"harbour": "favor"}, {"harbour": "neutral"}

    corpus = read_corpus(tiny_model, sources(labels), fail)

    assert harbour_and_favor(corpus) == {(YES, YES), (YES, NO), (YES, UNKNOWN), (NO, NO), (UNKNOWN, UNKNOWN)}
    assert note(corpus, "stance.harbour") == (
        "stance.harbour: 78 of 80 articles coded harbour have no answer, so its shares are too low (code them)."
    )


def test_a_stance_that_nobody_was_asked_for_is_not_coded(corpus: Corpus) -> None:
    assert harbour_and_favor(corpus) == {(YES, UNKNOWN), (NO, UNKNOWN), (UNKNOWN, UNKNOWN)}


# --- files


def test_csv_holds_every_share(corpus: Corpus) -> None:
    shares = estimate_shares(corpus)
    read = pl.read_csv(shares.to_csv().encode())

    assert len(read) == len(shares.rows)
    assert read.columns[:6] == ["month", "label", "articles", "coded", "coded_yes", "method"]
    whole = read.filter(pl.col("all") & (pl.col("label") == "topics.harbour"))
    assert whole["share_low"][0] < whole["share"][0] < whole["share_high"][0]


@pytest.mark.slow
def test_plots_show_each_label_over_time_and_are_the_same_each_time(corpus: Corpus) -> None:
    shares = estimate_shares(corpus, labels=["topics"])
    found = panels(shares)

    assert [one.title for one in found] == ["topics.bread", "topics.harbour", "topics.other"]
    assert [one.group["month"] for one in found[0].shares] == [f"2021-{month:02}" for month in range(1, 5)]
    assert paper_drawing(found, "svg") == paper_drawing(found, "svg")
    assert paper_drawing(found, "png").startswith(b"\x89PNG")
    page = shares_page(shares)
    assert page.count("<svg") == 3
    assert "<script" not in page
    assert shares_page(shares) == page


def test_too_many_panels_are_refused(corpus: Corpus) -> None:
    shares = estimate_shares(corpus, labels=["topics.harbour"])
    month = shares.rows[1]
    many = replace(shares, rows=tuple(replace(month, label=f"label{n}") for n in range(60)))

    with pytest.raises(SlantwiseError, match="60 panels to plot, 48 fit a drawing"):
        panels(many)


def test_groups_of_a_handful_are_not_plotted(corpus: Corpus) -> None:
    shares = estimate_shares(corpus, labels=["topics.harbour"])
    few = replace(shares, rows=tuple(replace(one, articles=19) for one in shares.rows))

    with pytest.raises(SlantwiseError, match="no group by month has 20 articles to plot"):
        panels(few)


# --- the command


def test_the_command_writes_table_and_plots(
    tiny_model_path: Path, sources: Callable[..., Sources], command: Command, tmp_path: Path
) -> None:
    made = sources(label_rows())
    status, said, printed = command(
        *("shares", "--model", str(tiny_model_path), "--labels", str(made.labels), "--articles", str(made.articles[0])),
        *("--by", "outlet", "--out", str(tmp_path / "shares.json"), "--plots", str(tmp_path / "plots")),
    )

    assert (status, "wrote" in said) == (0, True)
    assert "Post 1" in printed
    assert "coded at random" in printed
    shares = json.loads((tmp_path / "shares.json").read_text())
    assert shares["rows"][0]["best"]["low"] < shares["rows"][0]["best"]["value"]
    assert {path.name for path in (tmp_path / "plots").iterdir()} == {"shares.png", "shares.svg", "shares.html"}


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        pytest.param([], "--articles is needed, or --scores", id="no corpus"),
        pytest.param(["--articles", "x", "--out", "x.xlsx"], "--out is a .csv or a .json", id="kind of table"),
        pytest.param(["--articles", "x", "--coded-are-new"], "--coded-are-new is for --scores", id="new"),
        pytest.param(["--articles", "x", "--by", "desk", "--strata", "desk"], "--strata is a further", id="strata"),
    ],
)
def test_options_that_do_not_go_together_are_bad_usage(
    command: Command, options: Sequence[str], complaint: str
) -> None:
    status, said, _ = command("shares", "--labels", "x.jsonl", *options)

    assert status == 2
    assert complaint in " ".join(said.replace("│", " ").split())
