"""The benchmarks of others: their layouts are read, and their labels become ours."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from made_up import answers, articles, codebook, dealt, head, prepared, trained

from classifier.codebook import Codebook
from classifier.errors import ArticleError, SlantwiseError
from classifier.model import Model
from training.labels import YES
from training.others import benchmark
from training.report import Question, Report

FRAMES = ("morality", "legality")
LEGALITY = "Legality_Constitutionality_and_jurisprudence"
Judge = Callable[..., Report]


def aliased(key: str, kind: str, aliases: dict[str, dict[str, list[str]]], **more: Any) -> dict[str, Any]:
    table = head(key, kind, tuple(aliases), **more)
    table["label"] = [{"key": label, "aliases": names} for label, names in aliases.items()]
    return table


BOOK = Codebook.from_table(
    {
        "name": "made-up",
        "version": "1",
        "head": [
            aliased("frame", "many-of", {"morality": {"semeval": ["Morality"]}, "legality": {"semeval": [LEGALITY]}}),
            aliased("kind", "one-of", {"news": {"semeval": ["reporting"]}, "opinion": {"semeval": ["opinion"]}}),
            aliased(
                "topic",
                "many-of",
                {
                    "health": {"cap": ["3"]},
                    "vote": {"cap": ["20"]},
                    "office": {"cap": ["20", "21"]},
                    "lone": {},
                },
            ),
        ],
    }
)
N = 60
WORDS = {"3": "health", "20": "vote", "21": "office"}


@pytest.fixture(scope="module")
def model() -> Model:
    """A model that knows every label by words of its own."""
    frames = [[FRAMES[row % 2]] for row in range(N)]
    kinds = [[("news", "opinion")[row // 2 % 2]] for row in range(N)]
    topics = [[("health", "vote", "office")[row % 3]] for row in range(N)]
    texts = articles([[*f, *k, *t] for f, k, t in zip(frames, kinds, topics, strict=True)], seed=1)
    return trained(BOOK, texts, answers(BOOK, frames, kinds, topics))


@pytest.fixture
def judge(model: Model) -> Judge:
    def run(name: str, path: Path, by: Model = model) -> Report:
        return benchmark(name, by, path, seed=0, cluster="article", jobs=1, cache=None, on_reject=print, say=print)

    return run


def question(report: Report, name: str) -> Question:
    (found,) = (one for one in report.questions if one.name == name)
    return found


# --- SemEval-2023


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """The shared task's own layout, one article with satire and one whose frame's name has a comma."""
    texts = articles([["legality", "news"], ["morality", "opinion"], ["morality"], ["legality", "opinion"]], seed=5)
    frames = ["Legality,Constitutionality_and_jurisprudence", "Morality", "Morality", f"{LEGALITY},Morality"]
    genres = ["reporting", "opinion", "satire", "opinion"]
    root = tmp_path / "data" / "en"
    for subtask, labels in (("2", frames), ("1", genres)):
        folder = root / f"train-articles-subtask-{subtask}"
        folder.mkdir(parents=True)
        for row, text in enumerate(texts["text"]):
            (folder / f"article11{row}.txt").write_text(f"Title {row}\n\n{text}\n")
        lines = [f"11{row}\t{label}\n" for row, label in enumerate(labels)]
        (root / f"train-labels-subtask-{subtask}.txt").write_text("".join(lines))
    return tmp_path


@pytest.mark.parametrize("inside", ["", "data", "data/en"])
def test_the_shared_task_s_folder_is_read_at_any_depth(task: Path, judge: Judge, inside: str) -> None:
    report = judge("semeval2023", task / inside)

    assert {label.key: label.n_coded for label in question(report, "frame").labels} == {"morality": 3, "legality": 2}
    assert question(report, "frame").n_articles == 4


def test_satire_is_no_kind_of_ours_and_is_not_judged(task: Path, judge: Judge) -> None:
    kind = question(judge("semeval2023", task), "kind")

    assert kind.n_articles == 3
    assert {label.key: label.n_coded for label in kind.labels} == {"news": 1, "opinion": 2}


def test_constant_baselines_stand_beside_the_model(task: Path, judge: Judge) -> None:
    baselines = {
        one.key: one.figures["micro_f1"].value for one in question(judge("semeval2023", task), "frame").baselines
    }

    assert baselines["most_frequent"] == pytest.approx(2 * 3 / (5 + 4))


def test_the_table_gives_the_same_as_the_folder(task: Path, judge: Judge, tmp_path: Path) -> None:
    root = task / "data" / "en"
    files = sorted((root / "train-articles-subtask-2").glob("*.txt"))
    table = pl.DataFrame(
        {
            "id": [file.stem.removeprefix("article") for file in files],
            "text": [file.read_text() for file in files],
            "frames": [[LEGALITY], ["Morality"], ["Morality"], [LEGALITY, "Morality"]],
            "genre": ["reporting", "opinion", "satire", "opinion"],
        }
    )
    table.write_parquet(tmp_path / "semeval.parquet")

    from_table, from_folder = judge("semeval2023", tmp_path / "semeval.parquet"), judge("semeval2023", task)

    for name in ("frame", "kind"):
        assert question(from_table, name).figures["macro_f1"] == question(from_folder, name).figures["macro_f1"]


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        pytest.param({}, r"expected train-articles-subtask-2/.*; found nothing", id="empty"),
        pytest.param({"notes.txt": ""}, "found notes.txt", id="something-else"),
        pytest.param({"train-labels-subtask-2.txt": "1\tMorality\n"}, "labels without articles", id="no-articles"),
    ],
)
def test_a_folder_that_is_not_the_shared_task_s_is_an_error(
    tmp_path: Path, judge: Judge, files: dict[str, str], complaint: str
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)

    with pytest.raises(ArticleError, match=complaint):
        judge("semeval2023", tmp_path)


# --- Comparative Agendas


def cap_table(path: Path, codes: list[int]) -> Path:
    titles = articles([[WORDS.get(str(code), "nothing")] for code in codes], seed=7)["text"]
    pl.DataFrame({"id": range(len(codes)), "title": titles, "date": None, "cap_major_topic": codes}).write_parquet(path)
    return path


def test_topics_that_share_a_code_are_one_answer(tmp_path: Path, judge: Judge) -> None:
    report = judge("capnyt", cap_table(tmp_path / "cap.parquet", [3, 20, 21, 3, 20, 21] * 4))

    cap = question(report, "cap")
    assert [label.key for label in cap.labels] == ["health", "vote+office"]
    assert [label.n_coded for label in cap.labels] == [8, 16]
    assert cap.figures["accuracy"].value > 0.9


def test_codes_that_the_crosswalk_lacks_are_not_judged(tmp_path: Path, judge: Judge) -> None:
    report = judge("capnyt", cap_table(tmp_path / "cap.parquet", [3, 20, 99, 98] * 4))

    assert question(report, "cap").n_articles == 8


def test_a_codebook_without_a_crosswalk_is_told_so(tmp_path: Path, judge: Judge, tiny_model: Model) -> None:
    with pytest.raises(SlantwiseError, match=r"codebook tiny names no label by the Comparative Agendas Project"):
        judge("capnyt", cap_table(tmp_path / "cap.parquet", [3, 20]), tiny_model)


# --- AllSides


@pytest.mark.slow
def test_the_published_split_is_trained_and_tested_on(tmp_path: Path, judge: Judge) -> None:
    book = Codebook.from_table(
        {"name": "side", "version": "1", "head": [head("side", "one-of", ("left", "right"), coded_in="articles")]}
    )
    sides = dealt(["left", "right"], 90, seed=2)
    table = articles([[side] for side in sides], seed=2).with_columns(
        side=pl.Series(sides),
        published_media_split=pl.Series(["test" if row % 3 == 0 else "train" for row in range(90)]),
    )
    table.write_parquet(tmp_path / "allsides.parquet")
    coding = np.stack([[side == name for name in ("left", "right")] for side in sides]).astype(np.int8) * YES
    vocabulary, _ = prepared(book, table, coding)
    model = Model("side", book, vocabulary, trained(book, table, coding).weights)

    report = judge("allsides-media", tmp_path / "allsides.parquet", model)

    side = question(report, "side")
    assert (side.n_articles, report.split.name) == (30, "published_media_split")
    assert side.figures["accuracy"].value > 0.8


def test_a_table_without_the_published_split_is_an_error(tmp_path: Path, judge: Judge) -> None:
    path = cap_table(tmp_path / "cap.parquet", [3, 20])
    book = codebook(head("side", "one-of", ("left", "right"), coded_in="articles"))
    by = trained(book, articles([[]] * 12, seed=1), answers(book, [["left"], ["right"]] * 6))

    with pytest.raises(ArticleError, match=r"needs columns published_media_split, side; missing published_media"):
        judge("allsides-media", path, by)


def test_a_codebook_without_leaning_cannot_be_judged_by_allsides(tmp_path: Path, judge: Judge) -> None:
    with pytest.raises(SlantwiseError, match="has no head that is coded in the articles, such as leaning"):
        judge("allsides-media", cap_table(tmp_path / "cap.parquet", [3, 20]))


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path, judge: Judge) -> None:
    with pytest.raises(ArticleError, match=r"gone: no such file or folder"):
        judge("semeval2023", tmp_path / "gone")


def test_a_benchmark_that_is_not_known_is_an_error_that_names_those_that_are(tmp_path: Path, judge: Judge) -> None:
    with pytest.raises(
        SlantwiseError, match=r"no benchmark 'semeval2016'; there are semeval2023, capnyt, allsides-random"
    ):
        judge("semeval2016", tmp_path)
