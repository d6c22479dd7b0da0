"""The page of a report: all of it there, nothing from elsewhere, and no text of a user's file taken for markup."""

import json
import shutil
import subprocess
from dataclasses import replace
from html import escape
from html.parser import HTMLParser

import pytest

from training.compare import Comparison, Difference
from training.page import page
from training.report import (
    Agreement,
    Baseline,
    Bin,
    Case,
    Ceiling,
    Confusion,
    Drift,
    LabelResult,
    Question,
    Report,
    Slice,
)
from training.resampling import Figure
from training.splits import Split

HOSTILE = '"><script>alert(1)</script><img src=http://evil.example/x onerror=alert(1)> $\\frac{a}$ & \u6c49\u5b57\n]]>'
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")

MEASURES = {"accuracy": "accuracy", "macro_f1": "macro F1", "brier": "Brier", "ece": "calibration error"}
LABEL_MEASURES = {
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "average_precision": "average precision",
    "prevalence_coded": "share coded",
    "prevalence_assigned": "share assigned",
    "brier": "Brier",
    "ece": "calibration error",
}


def about(value: float) -> Figure:
    return Figure(value, value - 0.05, value + 0.05)


def each(keys, value: float = 0.5) -> dict[str, Figure]:
    return dict.fromkeys(keys, about(value))


def label(key: str, f1: float = 0.5, **changes) -> LabelResult:
    bins = (Bin(0.0, 0.1, 40, 0.05, 0.1), Bin(0.9, 1.0, 12, 0.95, 0.75))
    case = Case(f"id of {key}", "harbour.example", (key,), (), 0.123)
    figures = each(LABEL_MEASURES) | {"f1": about(f1)}
    return replace(LabelResult(key, 20, 30, figures, bins, (case,), (case,)), **changes)


def question(*labels: LabelResult, **changes) -> Question:
    """A question with as little as there can be."""
    of = labels or (label("bread"), label("ships"))
    made = Question(
        name="trade",
        kind="one-of",
        question="What is sold?",
        headline="accuracy",
        measures=MEASURES,
        label_measures=LABEL_MEASURES,
        n_articles=1234,
        n_outlets=7,
        left_out={},
        figures=each(MEASURES, 0.613),
        labels=of,
        bins=of[0].bins,
        confusion=None,
        baselines=(),
        slices=(),
        unlisted_slices={},
    )
    return replace(made, **changes)


def full(name: str = "trade", *, key: str = "bread", outlet: str = "harbour.example") -> Question:
    """A question with everything."""
    lost, won = (Difference(about(0.5), about(0.6), about(by), 0.0004) for by in (0.123, -0.123))
    figures = each(
        [f"{mean}{pair}" for mean in ("micro_f1", "macro_f1", "f1") for pair in ("", "_model_first", "_model_second")]
    )
    figures |= each(["percent", "kappa", "alpha"], 0.777)
    figures |= {"f1_model_first": about(0.31), "f1_model_second": about(0.32)}
    case = Case(outlet, outlet, (key,), (outlet,), 0.5)
    return question(
        label(key, confident_errors=(case,), least_certain=(case,)),
        label("ships"),
        name=name,
        left_out={f"{key} too": "coded in no article"},
        confusion=Confusion((key, "ships"), ((30, 10), (0, 0))),
        baselines=(
            Baseline("worse", f"worse {name}", each(["accuracy", "macro_f1"], 0.1), {key: 0.1, "ships": None}, (), ()),
            Baseline("better", "better", each(["accuracy", "macro_f1"], 0.9), {key: 0.9}, ("accuracy",), (key,)),
        ),
        slices=(
            Slice("outlet", outlet, 60, each(MEASURES, 0.2), 0.0001, "below"),
            Slice("outlet", "other", 50, each(MEASURES, 0.6), 1.0, ""),
            Slice(key, "2020", 40, each(MEASURES, 0.9), 0.04, "above"),
        ),
        unlisted_slices={"outlet": 119, "year": 0},
        ceiling=Ceiling(100, Agreement(name, (100, 100), figures), (Agreement(key, (14, 15), figures),)),
        drift=Drift("2021-01-01", Comparison(name, 55, {"accuracy": "accuracy"}, {"accuracy": lost}, {key: won})),
    )


def report(*questions: Question, **changes) -> Report:
    made = Report(
        title="the model",
        signature={"codebook": "abc123", "split": "outlets-5", "seed": "0"},
        split=Split("outlets-5", "outlets apart, 5 folds", 19, 37),
        resampled="articles",
        resamples=2000,
        level=0.95,
        data={"articles": 5000, "coded": 1234},
        questions=questions,
        not_judged={},
        notes=(),
        methods="Labels were assigned by a model.",
    )
    return replace(made, **changes)


class Read(HTMLParser):
    """What a browser would make of a page: its elements, and the text between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.pieces: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data) -> None:
        self.pieces.append(data)

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def every(self, attribute: str) -> list[str]:
        return [str(attributes[attribute]) for _, attributes in self.elements if attribute in attributes]


@pytest.fixture(scope="module")
def two() -> str:
    return page(report(full(), full("other"), notes=("Mind the tide.",), not_judged={"third": "not coded"}))


def section(text: str, heading: str) -> str:
    """Return the first part of a page under a heading."""
    return text[text.index(f"<h3>{heading}") :].partition("</section>")[0]


# --- what goes in from a user's files


def test_no_text_of_a_report_becomes_markup() -> None:
    made = report(
        full(HOSTILE, key=HOSTILE, outlet=HOSTILE),
        title=HOSTILE,
        signature={HOSTILE: HOSTILE},
        split=Split(HOSTILE, HOSTILE, None, 0),
        data={HOSTILE: 1},
        not_judged={HOSTILE: HOSTILE},
        notes=(HOSTILE,),
        methods=HOSTILE,
    )

    read = Read(page(made))

    assert not {"script", "img"} & {tag for tag, _ in read.elements}
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
    assert read.text.count(HOSTILE) > 20


@pytest.mark.parametrize(
    "name",
    [
        pytest.param('a id="b" #010101', id="a-drawing-s-own-words"),
        pytest.param("$\\frac{a$", id="no-formula"),
        pytest.param("\u6c49\u5b57 \U0001f9ed", id="letters-that-the-font-lacks"),
    ],
)
def test_a_name_stands_in_a_drawing_as_it_is(name: str) -> None:
    assert f">{name}</text>" in page(report(question(label(name))))


# --- figures that are not


def test_what_is_undefined_says_so_and_why() -> None:
    nothing = Figure(None, undefined="coded in no article")
    of = label("bread", figures=dict.fromkeys(LABEL_MEASURES, nothing))

    read = Read(page(report(question(of, figures=dict.fromkeys(MEASURES, nothing)))))

    assert read.text.count("undefined") > len(LABEL_MEASURES) + len(MEASURES)
    assert read.text.count("coded in no article") >= len(LABEL_MEASURES) + len(MEASURES)
    assert "nan" not in read.text.lower()
    assert "None" not in read.text


def test_a_figure_without_an_interval_says_why() -> None:
    alone = Figure(0.4321, undefined="too little to draw from")

    text = page(report(question(figures=each(MEASURES) | {"accuracy": alone})))

    assert '0.432</b><small class="why">no interval: too little to draw from</small>' in text


def test_a_figure_stands_with_its_interval() -> None:
    text = page(report(question(figures=each(MEASURES) | {"accuracy": Figure(0.5, 0.4, 0.65)})))

    assert "<b>0.500</b> <small>[0.400, 0.650]</small>" in text


def test_near_duplicates_that_nobody_counted_are_not_known() -> None:
    text = Read(page(report(question(), split=Split("given", "somebody else's", None, 0)))).text

    assert "Near-duplicatesnot known" in text
    assert "0 pairs" not in text


# --- the parts


def test_a_report_with_little_in_it_has_the_parts_that_it_can_have() -> None:
    text = page(report(question(label("bread"))))

    assert "<h3>Labels" in text
    for heading in ("Confusion", "Baselines", "Second coder", "Slices", "Later articles"):
        assert f"<h3>{heading}" not in text


def test_a_report_without_questions_says_that_none_could_be_judged() -> None:
    assert "No question could be judged" in page(report(not_judged={"trade": "not coded"}))


def test_a_coder_without_probabilities_has_no_reliability_curve() -> None:
    of = label("bread", figures=each(["precision", "recall", "f1"]), bins=(), confident_errors=(), least_certain=())
    measures = {"precision": "precision", "recall": "recall", "f1": "F1"}

    text = page(report(question(of, bins=(), label_measures=measures)))

    assert "Are the probabilities right?" not in text
    assert "Articles to read" not in text


def test_every_part_ends_with_the_signature(two: str) -> None:
    parts = two.count('class="part"')

    assert parts == 2 * 9 + 2
    assert two.count('<p class="signed">codebook=abc123|split=outlets-5|seed=0</p></section>') == parts


def test_notes_and_what_was_not_judged_stand_before_the_first_question(two: str) -> None:
    opening = two[: two.index("What is sold?")]

    assert "Mind the tide." in opening
    assert "third: not coded" in opening


def test_labels_in_the_plot_stand_from_best_to_worst() -> None:
    text = page(report(question(label("poor", 0.2), label("best", 0.9), label("fair", 0.5))))

    drawing = text[text.index('aria-label="F1 of') :].partition("</svg>")[0]

    assert drawing.index(">best<") < drawing.index(">fair<") < drawing.index(">poor<")


def test_a_baseline_above_the_model_is_told_in_words(two: str) -> None:
    part = Read(section(two, "Baselines")).text

    assert "model is below this baseline: accuracy, F1 of bread" in part
    assert part.count("model is below this baseline") == 1
    assert ">below</text>" in section(two, "Labels")
    assert "below 1 baseline somewhere" in two


def test_slices_that_lie_apart_are_told_in_words_and_with_the_size_of_the_rest(two: str) -> None:
    part = section(two, "Slices")

    assert '<strong class="bad">below, p &lt; 0.001</strong>' in part
    assert ">above, p 0.040</strong>" in part
    assert ">below</text>" in part
    assert "119 of outlet." in part


def test_confusion_gives_shares_of_the_coded_label_and_none_where_it_was_not_coded(two: str) -> None:
    part = section(two, "Confusion")

    assert "<b>30</b> <small>75%</small>" in part
    assert "<b>0</b> <small>0%</small>" in part


def test_a_loss_on_later_articles_stands_with_sign_interval_and_p(two: str) -> None:
    part = section(two, "Later articles")

    assert "<b>+0.123</b> <small>[+0.073, +0.173]</small>" in part
    assert "<b>\u22120.123</b> <small>[\u22120.173, \u22120.073]</small>" in part
    assert "&lt; 0.001" in part


def test_coders_and_model_stand_side_by_side(two: str) -> None:
    part = Read(section(two, "Second coder")).text

    assert "100 articles that both coders coded" in part
    assert "0.500 [0.450, 0.550]0.310 [0.260, 0.360]0.320 [0.270, 0.370]" in part


# --- the page as a file


def test_the_same_report_gives_the_same_bytes() -> None:
    assert page(report(question())) == page(report(question()))


def test_anchors_are_unique_and_every_link_has_one(two: str) -> None:
    read = Read(two)
    anchors = read.every("id")

    assert len(anchors) == len(set(anchors))
    assert {link.removeprefix("#") for link in read.every("href")} <= set(anchors)
    assert {at.partition(")")[0] for at in two.split("url(#")[1:]} <= set(anchors)


def test_nothing_of_the_page_is_elsewhere(two: str) -> None:
    read = Read(two)

    assert all(link.startswith("#") for link in [*read.every("href"), *read.every("src")])
    assert "http" not in two.replace("http-equiv", "")
    assert "@import" not in two
    assert two.count("url(") == two.count("url(#")


def test_every_drawing_says_what_it_shows_and_takes_the_page_s_colours(two: str) -> None:
    drawings = [attributes for tag, attributes in Read(two).elements if tag == "svg"]

    assert len(drawings) == 2 * 6
    assert all(attributes["role"] == "img" and attributes["aria-label"] for attributes in drawings)
    assert "#0" not in two.partition("<main>")[2].replace("url(#", "")


def test_tables_have_captions_and_named_rows_and_columns(two: str) -> None:
    read = Read(two)

    assert two.count("<caption>") == two.count("<table>")
    assert all("scope" in attributes for tag, attributes in read.elements if tag == "th")


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium or google-chrome on the path")
def test_a_phone_shows_the_page_without_scrolling_sideways_or_asking_for_anything(tmp_path) -> None:
    made = report(
        full("q" * 90, key="a_label_with_a_very_long_name" * 3, outlet="o" * 90), full(HOSTILE), notes=("n" * 200,)
    )
    frame = tmp_path / "frame.html"
    measure = (
        "onload = () => { const shown = frames[0], tall = shown.document.documentElement;"
        "for (const one of shown.document.querySelectorAll('details')) one.open = true;"
        "document.body.textContent = JSON.stringify({wide: tall.scrollWidth, "
        "titled: tall.querySelectorAll('h2').length, asked: shown.performance.getEntriesByType('resource').length}); }"
    )
    phone = f'<iframe style="width: 390px; height: 800px; border: 0" srcdoc="{escape(page(made))}"></iframe>'
    frame.write_text(f"<!doctype html><meta charset=utf-8><body>{phone}<script>{measure}</script>", encoding="utf-8")
    flags = ("--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile", "--dump-dom")

    done = subprocess.run([CHROMIUM, *flags, frame.as_uri()], capture_output=True, text=True, timeout=60, check=True)

    found = json.loads(done.stdout.partition("{")[2].partition("}")[0].join("{}"))
    assert found["titled"] > 3
    assert found["wide"] <= 390
    assert found["asked"] == 0
