"""Write the section of one question on a report's page, part by part: question -> HTML.

Every part is a heading, what stands under it, and the report's signature, so that a part that is copied out of the
page still says what its figures hang on.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from classifier.markup import Html, breakable, tag, together
from training import plots
from training.compare import Difference
from training.markup import figure, heading_row, listed, number, p_value, row, row_name, table
from training.questions import OF_LABEL, OF_MANY, OF_ONE
from training.report import Agreement, Baseline, Case, Ceiling, Confusion, Drift, LabelResult, Question, Slice
from training.resampling import Figure

LOWER = {one.key for one in (*OF_LABEL, *OF_MANY, *OF_ONE) if one.lower_is_better}
KINDS = {
    "many-of": "An article may have several answers.",
    "one-of": "An article has one answer.",
    "one-of-per-label": "An article has one answer; asked of articles that coders gave the topic.",
}
AGREEMENTS = {"percent": "percent agreement", "kappa": "Cohen\N{RIGHT SINGLE QUOTATION MARK}s kappa"}
AGREEMENTS["alpha"] = "Krippendorff\N{RIGHT SINGLE QUOTATION MARK}s alpha"
PAIRS = {"": "two coders", "_model_first": "model, first coder", "_model_second": "model, second coder"}
MEANS = {"micro_f1": "micro F1", "macro_f1": "macro F1"}


def question_section(question: Question, key: str, signed: str) -> Html:
    """Return everything about a question; `key` begins every anchor in it."""
    parts = [
        (name, title, inside)
        for name, title, inside in (
            ("figures", "Overall", _whole(question)),
            ("labels", "Labels", _labels(question, key)),
            ("probabilities", "Are the probabilities right?", _reliability(question, key)),
            ("confusion", "Confusion: what is taken for what", _confusion(question.confusion)),
            ("baselines", "Baselines", _baselines(question)),
            ("coders", "Second coder", _ceiling(question.ceiling)),
            ("slices", "Slices", _slices(question, key)),
            ("drift", "Later articles", _drift(question.drift)),
            ("articles", "Articles to read", _cases(question)),
        )
        if inside
    ]
    jumps = tag("nav", *_links(parts, key), class_="jumps", aria_label=f"Parts of {question.name}")
    asked = tag("p", question.question, class_="asked")
    basis = f"{question.n_articles:,} articles of {question.n_outlets:,} outlets. {KINDS.get(question.kind, '')}"
    sections = (
        tag("section", tag("h3", title), inside, tag("p", signed, class_="signed"), id=f"{key}-{name}", class_="part")
        for name, title, inside in parts
    )
    return tag("section", tag("h2", question.name), asked, tag("p", basis), jumps, *sections, id=key, class_="question")


def _links(parts: Sequence[tuple[str, str, Html]], key: str) -> Iterator[Html]:
    for name, title, _ in parts:
        yield together(tag("a", title, href=f"#{key}-{name}"), " ")
    yield tag("a", "Contents", href="#contents")


def _titled(measures: Mapping[str, str]) -> list[str]:
    """Return the titles of measures, and of those that are better when lower that they are."""
    return [
        together(title, tag("small", " lower is better")) if key in LOWER else title for key, title in measures.items()
    ]


def _figures(measures: Mapping[str, str], figures: Mapping[str, Figure]) -> list[Html]:
    return [figure(figures.get(key)) for key in measures]


def _plot(svg: str, caption: str) -> Html:
    return tag("figure", Html(svg), tag("figcaption", caption))


# --- the whole, and its labels


def _whole(question: Question) -> Html:
    named = zip(_titled(question.measures), _figures(question.measures, question.figures), strict=True)
    return tag("dl", *(tag("div", tag("dt", title), tag("dd", value)) for title, value in named), class_="figures")


def _labels(question: Question, key: str) -> Html:
    rows = [
        row(
            label.key,
            [f"{label.n_coded:,}", f"{label.n_assigned:,}", *_figures(question.label_measures, label.figures)],
        )
        for label in question.labels
    ]
    columns = ["label", "coded", "assigned", *_titled(question.label_measures)]
    left_out = [f"{label}: {why}" for label, why in question.left_out.items()]
    return together(
        table(f"Labels of {question.name}, with intervals", columns, rows),
        together(tag("p", "Not judged:"), listed(left_out)) if left_out else "",
        tag("div", *_label_plots(question, key), class_="plots"),
    )


def _label_plots(question: Question, key: str) -> Iterator[Html]:
    labels = question.labels
    if labels and all("f1" in label.figures for label in labels):
        caption = "F1 of each label (point) with its interval (line)."
        if question.baselines:
            caption += " Upright tick: the best F1 of any baseline; a label under it is marked with the word below."
        yield _plot(plots.f1_plot(labels, question.baselines, f"{key}-f1"), caption)
    if labels and all({"prevalence_coded", "prevalence_assigned"} <= label.figures.keys() for label in labels):
        caption = "Share of articles by label: ring, as coded; point, as assigned."
        yield _plot(plots.share_plot(labels, f"{key}-shares"), caption)


def _reliability(question: Question, key: str) -> Html:
    if not question.bins:
        return Html()
    caption = (
        "All labels together. On the dashed diagonal, what is given a probability of .7 is coded seven times in ten. "
        "Under the curve, how many decisions lie in each bin; a bin of few says little."
    )
    small = [
        tag(
            "figure",
            tag("figcaption", breakable(label.key), _error(label)),
            Html(plots.small_reliability_plot(label.bins, at, label.key)),
        )
        for number_, label in enumerate(question.labels)
        if label.bins and (at := f"{key}-label{number_}")
    ]
    curve = _plot(plots.reliability_plot(question.bins, f"{key}-bins"), caption)
    return tag("div", curve, tag("div", *small, class_="small-plots") if len(small) > 1 else "", class_="plots")


def _error(label: LabelResult) -> Html:
    error = label.figures.get("ece")
    said = "" if error is None or error.value is None else f"calibration error {number(error.value)}"
    return tag("small", said)


# --- confusion, baselines, coders


def _confusion(confusion: Confusion | None) -> Html:
    if confusion is None:
        return Html()
    rows = [
        Html(tag("tr", row_name(label), *_confused(i, counts), tag("td", f"{sum(counts):,}")) + "\n")
        for i, (label, counts) in enumerate(zip(confusion.labels, confusion.counts, strict=True))
    ]
    caption = "Rows: as coded. Columns: as assigned. Articles, and their share of the row; right answers are framed."
    return table(caption, ["coded \N{DOWNWARDS ARROW} assigned \N{RIGHTWARDS ARROW}", *confusion.labels, "all"], rows)


def _confused(place: int, counts: Sequence[int]) -> Iterator[Html]:
    """Yield the cells of a coded label; the darker, the more of its articles are there."""
    for column, n in enumerate(counts):
        share = n / sum(counts) if sum(counts) else 0.0
        right = "heat right" if column == place else "heat"
        yield tag(
            "td", tag("b", f"{n:,}"), " ", tag("small", f"{share:.0%}"), class_=right, style=f"--heat:{share:.0%}"
        )


def _baselines(question: Question) -> Html:
    if not question.baselines:
        return Html()
    measures = {
        key: title for key, title in question.measures.items() if any(key in one.figures for one in question.baselines)
    }
    rows = [
        row(one.title, [*_figures(measures, one.figures), _verdict(one, question.measures)])
        for one in question.baselines
    ]
    model = row("the model", [*_figures(measures, question.figures), "\N{EM DASH}"], class_="whole")
    columns = ["", *_titled(measures), "against the model"]
    return table("What needs no model, on the same articles", columns, [model], rows, words=True)


def _beats(baseline: Baseline) -> bool:
    return bool(baseline.above or baseline.above_labels)


def _verdict(baseline: Baseline, titles: Mapping[str, str]) -> Html:
    if not _beats(baseline):
        return tag("span", "no figure above the model\N{RIGHT SINGLE QUOTATION MARK}s")
    where = [titles.get(key, key) for key in baseline.above]
    where += [f"F1 of {label}" for label in baseline.above_labels]
    said = f"\N{BLACK DOWN-POINTING TRIANGLE} model is below this baseline: {', '.join(where)}"
    return tag("strong", said, class_="bad")


def _ceiling(ceiling: Ceiling | None) -> Html:
    if ceiling is None:
        return Html()
    columns = [
        "",
        "coded by the first",
        "by the second",
        *AGREEMENTS.values(),
        *(f"F1: {pair}" for pair in PAIRS.values()),
    ]
    whole = [
        _agreement(title, ceiling.overall, mean) for mean, title in MEANS.items() if mean in ceiling.overall.figures
    ]
    said = (
        f"{ceiling.n_articles:,} articles that both coders coded. Who the second coder is this report does not know; "
        "a model can hardly agree with either of them more than they agree with each other."
    )
    rows = [_agreement(label.key, label, "f1") for label in ceiling.labels]
    return together(tag("p", said), table("Two coders, and the model with each of them", columns, whole, rows))


def _agreement(name: str, one: Agreement, f1: str) -> Html:
    figures = [one.figures.get(key) for key in (*AGREEMENTS, *(f"{f1}{pair}" for pair in PAIRS))]
    counts = [f"{n:,}" for n in one.n_coded]
    return row(
        f"whole, {name}" if f1 in MEANS else name,
        [*counts, *map(figure, figures)],
        class_="whole" if f1 in MEANS else "",
    )


# --- slices and drift


def _slices(question: Question, key: str) -> Html:
    unlisted = ", ".join(f"{n:,} of {column}" for column, n in question.unlisted_slices.items() if n)
    rest = tag("p", f"Values not listed, for want of articles or of room: {unlisted}.") if unlisted else Html()
    if not question.slices:
        return rest
    title = question.measures.get(question.headline, question.headline)
    whole = question.figures[question.headline]
    svg = plots.slices_plot(question.slices, whole, (question.headline, title), f"{key}-slices")
    caption = (
        f"Each slice: {title} with its interval, and its number of articles; the dashed line is the whole. A triangle "
        "and a word mark slices that lie apart from the whole (p < .05, corrected for the number of slices)."
    )
    summary = tag("summary", f"All figures of {len(question.slices)} slices")
    drawn = tag("div", _plot(svg, caption), _apart(question.slices, rest), class_="plots")
    return together(drawn, tag("details", summary, _slice_table(question)))


def _apart(slices: Sequence[Slice], rest: Html) -> Html:
    apart = [f"{one.column} {one.value}: {one.lies}, p {p_value(one.p)}" for one in slices if one.lies]
    if not apart:
        return tag("div", tag("p", "No slice lies clear of the whole."), rest)
    return tag("div", tag("p", "Clear of the whole:"), listed(apart), rest)


def _slice_table(question: Question) -> Html:
    columns = ["slice", "articles", *_titled(question.measures), "against the whole"]
    cells = [f"{question.n_articles:,}", *_figures(question.measures, question.figures), "\N{EM DASH}"]
    bodies = [[row("the whole", cells, class_="whole")]]
    for column, group in groupby(question.slices, key=lambda one: one.column):
        bodies.append([heading_row(column, len(columns)), *(_slice_row(one, question.measures) for one in group)])
    return table(f"Slices of {question.name}, with intervals", columns, *bodies, words=True)


def _slice_row(one: Slice, measures: Mapping[str, str]) -> Html:
    p = "cannot be told" if one.p is None else f"p {p_value(one.p)}"
    lies = tag("strong", f"{one.lies}, {p}", class_="bad" if one.lies == "below" else "") if one.lies else p
    return row(one.value, [f"{one.n:,}", *_figures(measures, one.figures), lies])


def _drift(drift: Drift | None) -> Html:
    if drift is None:
        return Html()
    found = drift.comparison
    columns = ["", "earlier articles only", "cross-validated", "difference", "p"]
    measures = [
        _difference(title, found.measures[key]) for key, title in zip(found.titles, _titled(found.titles), strict=True)
    ]
    labels = [_difference(label, difference) for label, difference in found.labels.items()]
    said = (
        f"{found.n_articles:,} articles since {drift.since}, judged by a model that learned from earlier articles "
        "only, and by the cross-validation, whose models learned from articles of the same time too. The difference, "
        "cross-validated less earlier only, is what a model loses on news that is newer than itself."
    )
    caption = f"Articles since {drift.since}: figures of the whole, and F1 of labels"
    return together(tag("p", said), table(caption, columns, measures, [heading_row("F1 of labels", 5), *labels]))


def _difference(name: str, difference: Difference) -> Html:
    change = figure(difference.difference, signed=True)
    return row(name, [figure(difference.first), figure(difference.second), change, p_value(difference.p)])


# --- articles to read


def _cases(question: Question) -> Html:
    some = [label for label in question.labels if label.confident_errors or label.least_certain]
    if not some:
        return Html()
    hidden = tag("p", "The lists of articles stand in the page on the screen, not in print.", class_="print-only")
    said = (
        "For each label the articles that the model was surest of and wrong, and those that it could least decide on."
    )
    return together(hidden, tag("div", tag("p", said), *map(_label_cases, some), class_="browser"))


def _label_cases(label: LabelResult) -> Html:
    n_wrong, n_unsure = len(label.confident_errors), len(label.least_certain)
    summary = tag("summary", tag("b", label.key), f" {n_wrong} surest and wrong, {n_unsure} least certain")
    lists = {"Surest and wrong": label.confident_errors, "Least certain": label.least_certain}
    return tag("details", summary, *(_case_table(title, label.key, cases) for title, cases in lists.items() if cases))


def _case_table(title: str, label: str, cases: Sequence[Case]) -> Html:
    rows = [
        row(case.id, [case.outlet or "not known", _said(case.coded), _said(case.assigned), number(case.probability)])
        for case in cases
    ]
    return table(f"{title}: {label}", ["article", "outlet", "coded", "assigned", f"probability of {label}"], rows)


def _said(labels: Sequence[str]) -> str:
    return ", ".join(labels) or "nothing"
