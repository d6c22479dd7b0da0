"""Print a report or a comparison on a terminal: what a person wants to know first, and what should worry them."""

import io
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from training.compare import Comparison
from training.judge import Compared
from training.report import Question, Report
from training.resampling import Figure

WIDTH = 120  # where the output is no terminal


def report_text(report: Report, *, width: int | None, colour: bool) -> str:
    """Return the report's main tables as text; `width` in characters, None for a usual one."""
    console = console_for(width, colour)
    console.print(f"[bold]{plain(report.title)}[/]: {plain(report.split.description)}")
    for note in report.notes:
        console.print(f"[red]note:[/] {plain(note)}")
    if report.split.n_crossing is not None:
        crossed, left_out = report.split.n_crossing, report.split.n_left_out
        console.print(
            f"near-duplicates across the split: {crossed:,} pairs; {left_out:,} articles left out of training"
        )
    if missing := report.data["without_article"]:
        console.print(f"coded articles that are not among the articles: {missing:,}")
    console.print(_questions(report))
    for question in report.questions:
        console.print(_labels(question))
        for line in _warnings(question):
            console.print(line)
    for name, why in report.not_judged.items():
        console.print(f"{plain(name)} is not judged: {plain(why)}")
    console.print(f"95% intervals, bootstrap over {report.resampled}. {plain(report.signed)}", style="dim")
    return text_of(console)


def comparison_text(compared: Compared, *, width: int | None, colour: bool) -> str:
    """Return a comparison as a table of questions."""
    console = console_for(width, colour)
    table = table_of("question", "articles", "measure", "first", "second", "second less first", "p")
    for one in compared.comparisons:
        for row in _comparison_rows(one):
            table.add_row(*row)
    console.print(f"first {plain(compared.first)}, second {plain(compared.second)}")
    for note in compared.notes:
        console.print(f"[red]note:[/] {plain(note)}")
    console.print(table)
    if compared.not_compared:
        console.print(f"not compared, for want of common labels or articles: {plain(', '.join(compared.not_compared))}")
    signature = "|".join(f"{key}={value}" for key, value in compared.signature.items())
    console.print(f"95% intervals of a paired bootstrap. {plain(signature)}", style="dim")
    return text_of(console)


def _comparison_rows(one: Comparison) -> Iterator[list[str]]:
    for place, (key, found) in enumerate(one.measures.items()):
        clear = found.difference.low is not None and found.difference.high is not None
        clear = clear and (found.difference.low > 0 or found.difference.high < 0)  # type: ignore[operator]
        by = f"[bold]{found.difference}[/]" if clear else str(found.difference)
        name, n = (one.name, f"{one.n_articles:,}") if place == 0 else ("", "")
        p = "" if found.p is None else f"{found.p:.3f}"
        yield [plain(name), n, one.titles[key], _value(found.first), _value(found.second), by, p]


def _questions(report: Report) -> Table:
    table = table_of("question", "articles", "micro F1 (one: accuracy)", "macro F1", "baseline")
    for q in report.questions:
        figures = (_short(q.figures[q.headline]), _short(q.figures["macro_f1"]))
        table.add_row(plain(q.name), f"{q.n_articles:,}", *figures, _best(q))
    return table


def _best(question: Question) -> str:
    """Return the best macro F1 of a baseline, in red where it beats the model."""
    rated = [(b.figures["macro_f1"].value or 0.0, "macro_f1" in b.above) for b in question.baselines]
    if not rated:
        return ""
    value, beats = max(rated)
    return f"[red]{value:.3f} ![/]" if beats else f"{value:.3f}"


def _labels(question: Question) -> Table:
    table = table_of(f"\n{plain(question.name)}", "coded", "assigned", "precision", "recall", "F1", "AP")
    for label in question.labels:
        figures = [_value(label.figures[key]) for key in ("precision", "recall")]
        figures += [_short(label.figures["f1"]), _value(label.figures["average_precision"])]
        table.add_row(plain(label.key), f"{label.n_coded:,}", f"{label.n_assigned:,}", *figures)
    return table


def table_of(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(first, no_wrap=True, vertical="bottom")
    for name in others:
        table.add_column(name, no_wrap=True, justify="right", vertical="bottom")
    return table


def _warnings(question: Question) -> Iterator[str]:
    for why in dict.fromkeys(question.left_out.values()):
        keys = ", ".join(key for key, reason in question.left_out.items() if reason == why)
        yield f"not judged: {plain(keys)} ({plain(why)})"
    for baseline in question.baselines:
        titles = [question.measures[key] for key in baseline.above]
        parts = [*titles, *(f"F1 of {key}" for key in baseline.above_labels)]
        if parts:
            yield f"[red]below the baseline[/] '{plain(baseline.title)}': {plain(', '.join(parts))}"
    for one in question.slices:
        if one.lies == "below":
            figure = one.figures[question.headline]
            yield f"{plain(one.column)} {plain(one.value)} is below the whole: {figure} ({one.n:,} articles)"
    if question.ceiling:
        of = question.ceiling.overall.figures
        said = f"two coders agree at micro F1 {of['micro_f1']}, macro {of['macro_f1']}, alpha {of['alpha']}"
        yield f"{said} ({question.ceiling.n_articles:,} articles)"
    if question.drift:
        found = question.drift.comparison.measures["macro_f1"]
        taught = f"since {question.drift.since}, taught by earlier articles only"
        yield f"{taught}: macro F1 {found.first}, else {found.second}"


def _short(figure: Figure) -> str:
    """Return a figure with its interval in the width that a terminal has."""
    if figure.value is None or figure.low is None or figure.high is None:
        return _value(figure)
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def _value(figure: Figure) -> str:
    return "undefined" if figure.value is None else f"{figure.value:.3f}"


def plain(text: str) -> str:
    """Return text that rich takes as it is: labels and notes come from users' files."""
    return text.replace("[", r"\[")


def console_for(width: int | None, colour: bool) -> Console:
    return Console(
        file=io.StringIO(),
        width=width or WIDTH,
        force_terminal=colour,
        no_color=not colour,
        highlight=False,
        emoji=False,
    )


def text_of(console: Console) -> str:
    file = console.file
    assert isinstance(file, io.StringIO)
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())
