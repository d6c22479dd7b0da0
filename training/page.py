"""Write a report as one page of HTML: report -> text, the last step of an evaluation for people.

The page needs nothing but itself, no script, no font and no picture from elsewhere, so that it can be mailed, archived
with a paper and opened offline; a content policy in its head has the browser refuse the rest. The tables hold every
figure: a plot never is the only place of one.
"""

from collections.abc import Iterator
from importlib.resources import files

from classifier.markup import Html, breakable, tag, together
from training.markup import figure, listed, row, table
from training.report import Question, Report
from training.sections import question_section
from training.splits import Split

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
DATA = {
    "articles": "articles read",
    "coded": "articles coded",
    "without_article": "coded articles whose text is not at hand",
}


def page(report: Report) -> str:
    """Return the page; the same report gives the same bytes."""
    sections = [
        question_section(question, key, report.signed)
        for question, key in zip(report.questions, _keys(report), strict=True)
    ]
    body = tag("body", _opening(report), tag("main", _overview(report), *sections, _methods(report)))
    return document(f"Evaluation of {report.title}", body)


def document(title: str, body: Html) -> str:
    """Return a whole page with the style of reports."""
    style = files("training").joinpath("page.css").read_text(encoding="utf-8")
    head = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"{tag('title', title)}\n<style>\n{style}</style>\n</head>\n"
    )
    return f"{head}{body}\n</html>\n"


def _keys(report: Report) -> list[str]:
    """Return an anchor for each question; its name could hold anything."""
    return [f"question{number}" for number in range(1, len(report.questions) + 1)]


def _opening(report: Report) -> Html:
    split = report.split
    counts = [f"{n:,} {DATA.get(key, key.replace('_', ' '))}" for key, n in report.data.items() if n]
    facts = {
        "Split": f"{split.name}: {split.description}",
        "Near-duplicates": _near_duplicates(split),
        "Data": "; ".join(counts) or "not known",
        "Intervals": f"{report.level:.0%}, in brackets, by a bootstrap that draws {report.resampled} "
        f"({report.resamples:,} resamples)",
    }
    notes = tag("div", tag("h2", "Notes"), listed(report.notes), class_="notes") if report.notes else Html()
    return tag(
        "header",
        tag("p", "Evaluation report", class_="kicker"),
        tag("h1", report.title),
        notes,
        tag("dl", *(tag("div", tag("dt", name), tag("dd", said)) for name, said in facts.items()), class_="facts"),
        _contents(report),
    )


def _near_duplicates(split: Split) -> str:
    if split.n_crossing is None:
        return "not known: the texts of the training articles are not at hand"
    pairs = f"{split.n_crossing:,} pairs would have stood on both sides of the split"
    return f"{pairs}; {split.n_left_out:,} articles were left out of training for it"


def _contents(report: Report) -> Html:
    named = zip(_keys(report), (question.name for question in report.questions), strict=True)
    anchors = [("overview", "Overview"), *named, ("methods", "Methods and signature")]
    entries = (tag("li", tag("a", name, href=f"#{key}")) for key, name in anchors)
    return tag("nav", tag("h2", "Contents"), tag("ul", *entries), id="contents", aria_label="Contents")


# --- overview


def _overview(report: Report) -> Html:
    columns = ["question", "headline measure", "macro F1", "articles", "outlets", "labels judged", "look at"]
    rows = [_overview_row(question, key) for question, key in zip(report.questions, _keys(report), strict=True)]
    found = (
        table("Questions, with intervals", columns, rows, words=True)
        if rows
        else tag("p", "No question could be judged.")
    )
    unjudged = [f"{name}: {why}" for name, why in report.not_judged.items()]
    return tag(
        "section",
        tag("h2", "Overview"),
        found,
        together(tag("p", "Questions not judged:"), listed(unjudged)) if unjudged else "",
        tag("p", report.signed, class_="signed"),
        id="overview",
        class_="part",
    )


def _overview_row(question: Question, key: str) -> Html:
    title = question.measures.get(question.headline, question.headline)
    headline = together(figure(question.figures.get(question.headline)), tag("small", title, class_="what"))
    judged = len(question.labels)
    return row(
        tag("a", breakable(question.name), href=f"#{key}"),
        [
            headline,
            figure(question.figures.get("macro_f1")),
            f"{question.n_articles:,}",
            f"{question.n_outlets:,}",
            f"{judged:,} of {judged + len(question.left_out):,}",
            together(*_warnings(question, key)) or "\N{EM DASH}",
        ],
    )


def _warnings(question: Question, key: str) -> Iterator[Html]:
    """Yield what a reader should not miss, with links to where it stands."""
    beaten = sum(bool(one.above or one.above_labels) for one in question.baselines)
    if beaten:
        said = f"below {beaten} baseline{'s' if beaten > 1 else ''} somewhere"
        yield tag("a", said, href=f"#{key}-baselines", class_="bad flag")
    below = sum(one.lies == "below" for one in question.slices)
    if below:
        yield tag("a", f"{below} slice{'s' if below > 1 else ''} below the whole", href=f"#{key}-slices", class_="flag")


# --- the end


def _methods(report: Report) -> Html:
    facts = {
        **report.signature,
        "intervals": f"{report.level:.0%}, {report.resamples:,} resamples of {report.resampled}",
    }
    return tag(
        "section",
        tag("h2", "Methods and signature"),
        tag("p", report.methods, class_="methods"),
        table(
            "What every figure on this page hangs on", ["", "value"], [row(key, [said]) for key, said in facts.items()]
        ),
        tag("p", f"Schema {report.schema} of report.json."),
        tag("p", report.signed, class_="signed"),
        id="methods",
        class_="part",
    )
