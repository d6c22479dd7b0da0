"""The front door: `import slantwise` to score articles from Python, and the `slantwise` command.

Commands read options, call and print; what they call lives in `classifier` and `training`. Those are imported inside
the commands, so that help is quick and scoring never waits for scikit-learn.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from classifier import __version__
from classifier.errors import SlantwiseError

if TYPE_CHECKING:
    from classifier.articles import Recoded, Reject
    from classifier.model import Model
    from classifier.output import Writer

__all__ = ["SlantwiseError", "__version__", "load", "main"]

DEFAULT_FOLDS = 5
SOME_REJECTED = 3  # exit status; 1 and 4 are those of errors, 2 that of bad usage

app = typer.Typer(
    help="Say what news articles are about, how they frame it and which side they take.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
corpora = typer.Typer(help="Public corpora: where they are had, and getting them.", no_args_is_help=True)
app.add_typer(corpora, name="corpora")
codebooks = typer.Typer(help="A codebook of your own: start one, see what it lacks, compare two.", no_args_is_help=True)
app.add_typer(codebooks, name="codebook")


class Format(StrEnum):
    table = "table"
    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"


class Cluster(StrEnum):
    article = "article"
    outlet = "outlet"


class TaskFormat(StrEnum):
    jsonl = "jsonl"
    csv = "csv"
    label_studio = "label-studio"
    doccano = "doccano"
    prodigy = "prodigy"


ModelOption = Annotated[Path | None, typer.Option("--model", help="A model file.", show_default="the model that ships")]
IdOption = Annotated[str | None, typer.Option("--id-column", help="Column or key of the article's id.")]
TextOption = Annotated[str, typer.Option("--text-column", help="Column or key of the text.")]
TitleOption = Annotated[str | None, typer.Option("--title-column", help="Column or key of the title.")]
JobsOption = Annotated[int, typer.Option("--jobs", min=1, help="Folds fitted at a time.")]
CacheOption = Annotated[
    Path | None, typer.Option("--cache", help="Folder that keeps features between runs.", show_default="none")
]
ClusterOption = Annotated[Cluster, typer.Option("--cluster", help="What intervals draw again.")]
RejectsOption = Annotated[
    Path | None,
    typer.Option("--rejects", help="Where rows that cannot be used go, as JSON Lines.", show_default="stderr"),
]


def load(model: str | Path | None = None) -> "Model":
    """Return a model that scores articles: the one that ships, or that of a model file.

    Raises
    ------
    SlantwiseError
        If the file is not a whole model of a format that this version reads.

    Examples
    --------
    >>> scores = load().score("Lawmakers passed a bill on background checks for gun buyers on Tuesday.")
    >>> scores.assigned("topics")
    ['gun_policy']
    """
    from classifier.model import Model

    return Model.load(model)


@app.command("score")
def score_command(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="Files (.txt .md .html .jsonl .csv .tsv .parquet .warc, also .gz or .zst), folders, or - for stdin.",
        ),
    ],
    model: ModelOption = None,
    form: Annotated[
        Format | None,
        typer.Option("--format", help="Form of the output.", show_default="by --out; table on a terminal, else jsonl"),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="File to write.", show_default="stdout")] = None,
    id_column: IdOption = None,
    text_column: TextOption = "text",
    title_column: TitleOption = None,
    no_clean: Annotated[
        bool, typer.Option("--no-clean", help="Score pages as they are, with menus and teasers, as one article each.")
    ] = False,
    any_language: Annotated[
        bool, typer.Option("--any-language", help="Score articles that are not in the model's language too.")
    ] = False,
    evidence: Annotated[
        int, typer.Option("--evidence", min=0, help="Sentences that speak most for each label, so many of them.")
    ] = 0,
    rejects: RejectsOption = None,
) -> None:
    """Score articles: topics, frames, kind, leaning and stance, each with its probability.

    Pages are cleaned of their furniture first; one that holds several articles gives several rows, id#1 and id#2.

    Ends with 0 if all articles were scored, 3 if some were rejected, 1 if none could be read, 2 for bad usage.
    """
    from classifier.articles import Columns
    from classifier.batches import ready
    from classifier.parallel import ahead
    from classifier.progress import Progress

    loaded = load(model)
    form = form or _usual_format(out)
    columns = Columns(id=id_column, text=text_column, title=title_column)
    own = None if any_language else loaded.codebook.language
    foreign = 0
    quiet = out is None and sys.stdout.isatty()  # a moving line would run through the output
    progress = Progress("articles", shown=sys.stderr.isatty() and not quiet)
    with _rejects(rejects) as refuse, _output(out) as file, progress:
        writer = _writer(form, file, to_terminal=quiet, evidence=evidence)
        batches = ready(inputs, own, on_reject=refuse, columns=columns, clean=not no_clean)
        for batch in ahead(batches):
            writer.write(loaded, batch)
            foreign += int(batch["foreign"].sum())
            progress.advance(len(batch))
        if not progress.count:
            raise SlantwiseError(f"no readable article in {', '.join(inputs)} ({refuse.count:,} rejected)")
        writer.close()
    if foreign:
        are = "is not in the model's language and has" if foreign == 1 else "are not in the model's language and have"
        _say(
            f"{_counted(foreign, 'article')} {are} no scores (--any-language scores {'it' if foreign == 1 else 'them'})"
        )
    refuse.say_recoded()
    if refuse.count:
        _say(f"{_counted(progress.count, 'article')} scored, {refuse.count:,} rejected")
        raise typer.Exit(SOME_REJECTED)


@app.command("clean")
def clean_command(
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT...", help="As for score.")],
    kept: Annotated[bool, typer.Option("--kept", help="Print the articles alone, without what is dropped.")] = False,
    id_column: IdOption = None,
    text_column: TextOption = "text",
    title_column: TitleOption = None,
    rejects: RejectsOption = None,
) -> None:
    """Show which lines of pages are kept as articles, and which are dropped as furniture and why."""
    from classifier.articles import Columns, read_articles
    from classifier.clean import clean_articles, clean_texts
    from classifier.output import cleaning_text

    columns = Columns(id=id_column, text=text_column, title=title_column)
    with _rejects(rejects) as refuse, _output(None) as file:
        for batch in read_articles(inputs, columns, on_reject=refuse, extra=["extraction"]):
            if kept:
                file.write("".join(f"{text}\n\n" for text in clean_articles(batch)["text"]).encode())
                continue
            pages = clean_texts(batch["text"])
            for at, (source, text, by) in enumerate(batch.select("source", "text", "extraction").iter_rows()):
                place = f"{source}, read by {by}" if by else source
                file.write(cleaning_text(place, text, pages.get(at), colour=_colour()).encode())
        file.flush()
    _say_rejected(refuse)


@app.command("explain")
def explain_command(
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT...", help="As for score.")],
    html: Annotated[Path | None, typer.Option("--html", help="A page to write instead, self-contained.")] = None,
    evidence: Annotated[int, typer.Option("--evidence", min=1, help="Sentences marked for each label.")] = 3,
    most: Annotated[int, typer.Option("--most", min=1, help="Articles that are explained.")] = 20,
    model: ModelOption = None,
    id_column: IdOption = None,
    text_column: TextOption = "text",
    title_column: TitleOption = None,
    any_language: Annotated[
        bool, typer.Option("--any-language", help="Explain articles that are not in the model's language too.")
    ] = False,
    rejects: RejectsOption = None,
) -> None:
    """Show why an article got its labels: its sentences marked, probabilities against thresholds, definitions."""
    from classifier.articles import Columns, read_articles
    from classifier.atomic import write_atomically
    from classifier.explain import explain
    from classifier.explain_page import explanation_page
    from classifier.explain_text import explanation_text

    loaded = load(model)
    columns = Columns(id=id_column, text=text_column, title=title_column)
    with _rejects(rejects) as refuse:
        batches = read_articles(inputs, columns, on_reject=refuse, extra=["extraction"])
        found = (one for batch in batches for one in explain(loaded, batch, evidence, any_language=any_language))
        shown = list(islice(found, most))
        left_out = next(found, None) is not None
    if not shown:
        raise SlantwiseError(f"no readable article in {', '.join(inputs)} ({refuse.count:,} rejected)")
    if html is not None:
        with write_atomically(html) as file:
            file.write(explanation_page(loaded, shown).encode())
        _say(f"wrote {html}")
    else:
        _print("\n".join(explanation_text(one, width=_width(), colour=_colour()) for one in shown))
    if left_out:
        _say(f"only the first {most:,} articles are shown (--most shows more)")
    _say_rejected(refuse)


@app.command("serve")
def serve_command(
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than this machine's open it to a network.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8000,
    model: ModelOption = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Requests scored at a time, each by a process.")] = 2,
    max_mb: Annotated[int, typer.Option(min=1, help="Megabytes that a request may have.")] = 100,
    max_seconds: Annotated[int, typer.Option(min=1, help="Seconds that a request may take.")] = 300,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="A further name of the server, as in http://NAME/; may be given again.")
    ] = None,
) -> None:
    """Serve a page where articles are pasted or dropped, and a JSON API, to this machine alone unless told so."""
    with _needs_extra("web"):
        from classifier.web.app import Settings
        from classifier.web.guard import LOOPBACK
        from classifier.web.pool import Pool
        from classifier.web.serve import listen, serve
    listening = listen(host, port)
    name = f"[{host}]" if ":" in host else host
    hosts = [*LOOPBACK, name, *(allow_host or ())]
    settings = Settings(max_bytes=max_mb * 1_000_000, max_seconds=max_seconds, hosts=hosts)
    said = f"slantwise at http://{name}:{listening.getsockname()[1]}/ (Ctrl-C ends it)"
    serve(settings, Pool(model, jobs, max_seconds), listening, on_ready=lambda: _say(said))


@app.command("labels")
def labels_command(model: ModelOption = None) -> None:
    """Print the labels of the model with their definitions."""
    from classifier.output import label_lines

    for line in label_lines(load(model)):
        typer.echo(line)


@app.command("sample")
def sample_command(
    articles: Annotated[list[Path], typer.Argument(metavar="ARTICLES...", help="Files or folders.")],
    codebook: Annotated[Path, typer.Option(help="The codebook that is coded by.")],
    out: Annotated[Path, typer.Option(help="The file to write; what a tool is set up with is written beside it.")],
    n: Annotated[int, typer.Option("-n", "--number", min=1, help="Articles to draw.")] = 100,
    by: Annotated[
        str, typer.Option(help="random, outlet, year, month, a column, or model: what teaches --model most.")
    ] = "random",
    form: Annotated[TaskFormat, typer.Option("--format", help="Form of the file.")] = TaskFormat.jsonl,
    coded: Annotated[
        Path | None, typer.Option("--labels", help="What is coded already, and not drawn again.", show_default="none")
    ] = None,
    model: Annotated[Path | None, typer.Option(help="The model of --by model.", show_default="none")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Keep it from draw to draw, so that random parts add up.")] = 0,
    id_column: IdOption = None,
    text_column: TextOption = "text",
    title_column: TitleOption = None,
    rejects: RejectsOption = None,
) -> None:
    """Draw articles to code, and write them for Label Studio, doccano, Prodigy, a sheet or by hand.

    A quarter of each draw, all of it with --by random, is random and marked so: only that tells shares of all articles.
    """
    from classifier.articles import Columns
    from classifier.codebook import read_codebook

    with _needs_extra("train"):
        from training.exchange import write_tasks
        from training.inputs import read_articles_table
        from training.labels import read_labels
        from training.sampling import NOT_COLUMNS, check_same, draw
    _refuse({"--by model needs --model FILE, and --model is for --by model": (by == "model") != (model is not None)})
    book, loaded = read_codebook(codebook), load(model) if model else None
    if loaded is not None:
        check_same(book, loaded)
    coding = read_labels(coded, book) if coded else None
    columns = Columns(id=id_column, text=text_column, title=title_column)
    with _rejects(rejects) as refuse:
        table = read_articles_table(articles, columns, refuse, () if by in NOT_COLUMNS else (by,))
    drawn = draw(table, coding, by, n, seed, loaded)
    files = write_tasks(drawn.articles, book, form, out)
    for line in (*drawn.notes, f"wrote {' and '.join(map(str, files))}: {drawn.counts}"):
        _say(line)
    _say_rejected(refuse)


@app.command("labels-from")
def labels_from_command(
    exports: Annotated[
        list[Path], typer.Argument(metavar="EXPORT...", help="Exports of Label Studio, doccano, Prodigy; CSV, JSONL.")
    ],
    codebook: Annotated[Path, typer.Option(help="The codebook that was coded by.")],
    out: Annotated[Path, typer.Option(help="The label file to write, which train and evaluate read.")],
    coder: Annotated[
        str | None, typer.Option(help="Take one coder's answers alone.", show_default="all, where they agree")
    ] = None,
    disputes: Annotated[
        Path | None,
        typer.Option(help="Where articles go that coders answered differently.", show_default="they are an error"),
    ] = None,
) -> None:
    """Make a label file of what coders did in Label Studio, doccano, Prodigy or a sheet."""
    from classifier.codebook import read_codebook

    with _needs_extra("train"):
        from training.labels_from import labels_from
    for line in labels_from(exports, read_codebook(codebook), out, coder=coder, disputes=disputes):
        _say(line)


@app.command("train")
def train_command(
    codebook: Annotated[Path, typer.Option(help="The codebook, a TOML file.")],
    coded: Annotated[Path, typer.Option("--labels", help="Coded articles, JSON Lines.")],
    articles: Annotated[list[Path], typer.Option(help="Articles: files or folders; may be given again.")],
    out: Annotated[Path, typer.Option(help="The model file to write; its card is written beside it.")],
    name: Annotated[str | None, typer.Option(help="The model's name.", show_default="the codebook's")] = None,
    published_split: Annotated[
        list[str] | None,
        typer.Option(help="A column that says 'train' or 'test': report this split too; may be given again."),
    ] = None,
    replace_only_if_better: Annotated[
        bool, typer.Option("--replace-only-if-better", help="Keep the model at --out unless the new one is better.")
    ] = False,
    folds: Annotated[int, typer.Option(min=2, help="Folds of the evaluation, outlets apart.")] = DEFAULT_FOLDS,
    seed: Annotated[int, typer.Option(min=0, help="Same seed and data, same model file.")] = 0,
    jobs: JobsOption = 2,
    cache: CacheOption = None,
    id_column: IdOption = None,
    text_column: TextOption = "text",
    title_column: TitleOption = None,
    rejects: RejectsOption = None,
) -> None:
    """Train a model on your own codebook and coded articles, and report how good it is."""
    from classifier.articles import Columns

    with _needs_extra("train"):
        from training.retrain import Options, retrain
    options = Options(
        name=name,
        codebook=codebook,
        labels=coded,
        articles=articles,
        out=out,
        columns=Columns(id=id_column, text=text_column, title=title_column),
        published_splits=published_split or (),
        only_if_better=replace_only_if_better,
        folds=folds,
        seed=seed,
        jobs=jobs,
        cache=cache,
    )
    with _rejects(rejects) as refuse:
        for line in retrain(options, on_reject=refuse):
            _say(line)
    _say_rejected(refuse)


@app.command("evaluate")
def evaluate_command(
    coded: Annotated[Path | None, typer.Option("--labels", help="Coded articles, JSON Lines.")] = None,
    articles: Annotated[list[Path] | None, typer.Option(help="Articles: files or folders; may be given again.")] = None,
    model: ModelOption = None,
    cross_validate: Annotated[
        bool, typer.Option("--cross-validate", help="Judge the training recipe instead of a model file.")
    ] = False,
    codebook: Annotated[
        Path | None, typer.Option(help="The recipe's codebook.", show_default="that of the model that ships")
    ] = None,
    split: Annotated[
        str,
        typer.Option(help="What the recipe's folds keep apart: outlet, random, time, or a column of train and test."),
    ] = "outlet",
    cut: Annotated[
        str | None,
        typer.Option(help="Date of a split by time, YYYY-MM-DD.", show_default="the last fifth of the coded articles"),
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="Folds of the recipe.")] = DEFAULT_FOLDS,
    drift_since: Annotated[
        str | None, typer.Option(help="With the recipe: judge articles since this date by what earlier ones teach.")
    ] = None,
    second_coder: Annotated[Path | None, typer.Option(help="A second coder's labels: the human ceiling.")] = None,
    slice_by: Annotated[
        list[str] | None, typer.Option("--slice", help="A further column to slice by; may be given again.")
    ] = None,
    cluster: ClusterOption = Cluster.article,
    out: Annotated[
        Path | None, typer.Option(help="Folder for report.json and report.html.", show_default="none")
    ] = None,
    fail_under: Annotated[
        list[str] | None, typer.Option(help="A figure's floor, as topic.macro_f1=0.8; may be given again.")
    ] = None,
    floors: Annotated[Path | None, typer.Option(help="A file of pinned floors, such as data/floors.json.")] = None,
    update: Annotated[bool, typer.Option("--update", help="Raise the floors of --floors to what was found.")] = False,
    allow_regression: Annotated[
        bool, typer.Option("--allow-regression", help="With --update: lower floors, or pin them for other data.")
    ] = False,
    benchmark: Annotated[
        str | None,
        typer.Option(help="Instead of --labels: semeval2023, allsides-random, allsides-media or capnyt in --articles."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Deals outlets to folds, and draws resamples.")] = 0,
    jobs: JobsOption = 2,
    cache: CacheOption = None,
    id_column: IdOption = None,
    text_column: TextOption = "text",
    title_column: TitleOption = None,
    rejects: RejectsOption = None,
) -> None:
    """Say how far labels can be trusted: figures with intervals, baselines, coders, slices, calibration.

    Judges a model file on articles new to it, or with --cross-validate the training recipe. Of articles that a model
    learned from it uses what the model said of them while they were held out.

    Ends with 4 if a figure is under its floor.
    """
    from classifier.articles import Columns

    with _needs_extra("train"):
        from training import floors as pinned
        from training.judge import Options, judge, write_report
        from training.others import benchmark as judge_by
        from training.table import report_text

    asked = [pinned.parse_floor(text) for text in fail_under or ()]
    of_recipe = {"--codebook": codebook, "--cut": cut, "--drift-since": drift_since, "--folds": folds != DEFAULT_FOLDS}
    of_recipe["--split"] = split != "outlet"
    of_labels = cross_validate or coded or slice_by or second_coder
    alone = ", ".join(name for name, given in of_recipe.items() if given)
    _refuse(
        {
            "--articles is needed, and --labels or --benchmark": not articles or not (benchmark or coded),
            "--update and --allow-regression need --floors FILE": (update or allow_regression) and floors is None,
            f"{alone} fits the recipe, so it needs --cross-validate": alone and not cross_validate,
            "--cross-validate judges the recipe, --model a file: give one of them": cross_validate and model,
            "--cut is for --split time": cut and split != "time",
            "--benchmark takes no labels, coders, slices or --cross-validate": benchmark and of_labels,
            "--benchmark needs one file or folder in --articles": benchmark and len(articles or ()) != 1,
        }
    )
    assert articles
    with _rejects(rejects) as refuse:
        if benchmark:
            report = judge_by(
                benchmark,
                load(model),
                articles[0],
                seed=seed,
                cluster=cluster,
                jobs=jobs,
                cache=cache,
                on_reject=refuse,
                say=_say,
            )
        else:
            assert coded is not None
            options = Options(
                model=model,
                cross_validate=cross_validate,
                codebook=codebook,
                labels=coded,
                articles=articles,
                columns=Columns(id=id_column, text=text_column, title=title_column),
                split=split,
                cut=cut,
                folds=folds,
                since=drift_since,
                second_coder=second_coder,
                slice_by=slice_by or (),
                cluster=cluster,
                seed=seed,
                jobs=jobs,
                cache=cache,
            )
            report = judge(options, refuse, _say)
    _print(report_text(report, width=_width(), colour=_colour()))
    if out is not None:
        _say(f"wrote {' and '.join(map(str, write_report(report, out)))}")
    pinned.check(report, asked)
    if floors is not None and update:
        _say(pinned.update(report, floors, allow_regression=allow_regression))
    elif floors is not None:
        pinned.check_file(report, floors)
    _say_rejected(refuse)


@app.command("compare")
def compare_command(
    first: Annotated[Path, typer.Argument(metavar="A", help="A model file.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another.")],
    coded: Annotated[Path, typer.Option("--labels", help="Coded articles, JSON Lines.")],
    articles: Annotated[list[Path], typer.Option(help="Articles: files or folders; may be given again.")],
    cluster: ClusterOption = Cluster.article,
    out: Annotated[Path | None, typer.Option(help="A file for the comparison, JSON.", show_default="none")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Draws resamples.")] = 0,
    id_column: IdOption = None,
    text_column: TextOption = "text",
    title_column: TitleOption = None,
    rejects: RejectsOption = None,
) -> None:
    """Compare two models on the same articles: each figure's difference with its interval and p-value."""
    from classifier.articles import Columns
    from classifier.atomic import write_atomically

    with _needs_extra("train"):
        from training.judge import compare_models
        from training.table import comparison_text
    columns = Columns(id=id_column, text=text_column, title=title_column)
    with _rejects(rejects) as refuse:
        found = compare_models(first, second, coded, articles, columns, refuse, cluster=cluster, seed=seed)
    _print(comparison_text(found, width=_width(), colour=_colour()))
    if out is not None:
        with write_atomically(out) as file:
            file.write(found.to_json().encode())
        _say(f"wrote {out}")
    _say_rejected(refuse)


@app.command("audit-labels")
def audit_labels_command(
    coded: Annotated[Path, typer.Option("--labels", help="Coded articles, JSON Lines.")],
    articles: Annotated[list[Path], typer.Option(help="Articles: files or folders; may be given again.")],
    model: ModelOption = None,
    top: Annotated[int, typer.Option(min=1, help="Articles of each question.")] = 20,
    out: Annotated[Path | None, typer.Option(help="A file, JSON Lines.", show_default="none")] = None,
    id_column: IdOption = None,
    text_column: TextOption = "text",
    title_column: TitleOption = None,
    rejects: RejectsOption = None,
) -> None:
    """Rank coded labels by how likely they are wrong, with what speaks against them.

    Holds them against what the model said while it was held out: train it on these labels first.
    """
    from classifier.articles import Columns

    with _needs_extra("audit"):
        from training.audit import doubts
        from training.audit_table import audit_text, write_doubts
        from training.inputs import read_inputs
        from training.predictions import of_model
    loaded = load(model)
    columns = Columns(id=id_column, text=text_column, title=title_column)
    with _rejects(rejects) as refuse:
        inputs = read_inputs(loaded.codebook, coded, articles, columns, refuse)
    predictions = of_model(loaded, inputs.articles, inputs.answers)
    found, passed_over = doubts(loaded, predictions, top)
    notes = [*predictions.notes, *inputs.notes, *(f"{name} is not audited: {why}" for name, why in passed_over.items())]
    _print(audit_text(found, notes, width=_width(), colour=_colour()))
    if out is not None:
        write_doubts(found, out)
        _say(f"wrote {out}")
    _say_rejected(refuse)


@app.command("learn-curve")
def learn_curve_command(
    coded: Annotated[Path, typer.Option("--labels", help="Coded articles, JSON Lines.")],
    articles: Annotated[list[Path], typer.Option(help="Articles: files or folders; may be given again.")],
    codebook: Annotated[
        Path | None, typer.Option(help="The codebook.", show_default="that of the model that ships")
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="Folds, outlets apart.")] = DEFAULT_FOLDS,
    repeats: Annotated[int, typer.Option(min=1, help="Times that parts are drawn.")] = 3,
    out: Annotated[Path | None, typer.Option(help="A file, .json, .png or .svg.", show_default="none")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Deals outlets to folds, and draws parts.")] = 0,
    jobs: JobsOption = 2,
    cache: CacheOption = None,
    id_column: IdOption = None,
    text_column: TextOption = "text",
    title_column: TitleOption = None,
    rejects: RejectsOption = None,
) -> None:
    """Say how much more coding would buy: macro F1 by coded articles, with a fitted curve and its interval."""
    from classifier.articles import Columns
    from classifier.codebook import read_codebook

    with _needs_extra("train"):
        from training.inputs import read_inputs
        from training.learn import learn
        from training.learn_table import learned_text, write_learned
    _refuse({"--out is a .json, a .png or a .svg": out is not None and out.suffix not in {".json", ".png", ".svg"}})
    book = read_codebook(codebook) if codebook else load().codebook
    columns = Columns(id=id_column, text=text_column, title=title_column)
    with _rejects(rejects) as refuse:
        inputs = read_inputs(book, coded, articles, columns, refuse)
    for note in inputs.notes:
        _say(note)
    found = learn(inputs, folds=folds, repeats=repeats, seed=seed, jobs=jobs, cache=cache, say=_say)
    _print(learned_text(found, width=_width(), colour=_colour()))
    if out is not None:
        write_learned(found, out)
        _say(f"wrote {out}")
    _say_rejected(refuse)


@app.command("shares")
def shares_command(
    coded: Annotated[
        Path,
        typer.Option("--labels", help='Coded articles, JSON Lines; those drawn at random say "sampling": "random".'),
    ],
    articles: Annotated[
        list[str] | None, typer.Option(help="The corpus: files or folders, scored here; may be given again.")
    ] = None,
    scores: Annotated[
        Path | None,
        typer.Option(help="The corpus as slantwise score wrote it (.parquet .csv .jsonl); --articles adds columns."),
    ] = None,
    by: Annotated[
        list[str] | None, typer.Option(help="month, year, outlet or any column; may be given again, to be crossed.")
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option(help="A label or question, as topics.vaccines or topics; may be given again.")
    ] = None,
    strata: Annotated[
        str | None,
        typer.Option(help="A column within whose values articles were drawn at random, at rates of their own."),
    ] = None,
    least: Annotated[
        int, typer.Option(min=1, help="Articles coded at random from which a group stands by its own errors.")
    ] = 50,
    model: ModelOption = None,
    coded_are_new: Annotated[
        bool, typer.Option("--coded-are-new", help="With --scores: the model learned from none of the coded articles.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="A table, .csv or .json.", show_default="none")] = None,
    plots: Annotated[
        Path | None, typer.Option(help="Folder for shares.png, shares.svg and shares.html.", show_default="none")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Draws intervals.")] = 0,
    id_column: IdOption = None,
    text_column: TextOption = "text",
    title_column: TitleOption = None,
    rejects: RejectsOption = None,
) -> None:
    """Give the shares of labels in all articles and by group, corrected for the model's errors, with 95% intervals."""
    from classifier.articles import Columns

    with _needs_extra("train"):
        from training.share_files import write_plots, write_shares
        from training.share_inputs import Sources, read_corpus
        from training.share_report import estimate_shares
        from training.share_table import shares_text
    _refuse(
        {
            "--articles is needed, or --scores": not articles and scores is None,
            "--out is a .csv or a .json": out is not None and out.suffix not in {".csv", ".json"},
            "--coded-are-new is for --scores": coded_are_new and scores is None,
            "--strata is a further column: --by crosses it already": strata is not None and strata in (by or ()),
        }
    )
    sources = Sources(
        labels=coded,
        articles=articles or (),
        by=(*(by or ()), *([strata] if strata else ())),
        columns=Columns(id=id_column, text=text_column, title=title_column),
        scores=scores,
        coded_are_new=coded_are_new,
    )
    with _rejects(rejects) as refuse:
        corpus = read_corpus(load(model), sources, refuse)
    found = estimate_shares(corpus, labels=label or (), strata=strata, least=least, seed=seed)
    _print(shares_text(found, width=_width(), colour=_colour()))
    written = [*write_shares(found, out), *write_plots(found, plots)]
    if written:
        _say(f"wrote {' and '.join(map(str, written))}")
    _say_rejected(refuse)


@app.command("export")
def export_command(
    to: Annotated[Path, typer.Option(help="The file to write, such as pipeline.joblib.")],
    model: ModelOption = None,
) -> None:
    """Write a model as a scikit-learn pipeline, for use without slantwise's own reader."""
    with _needs_extra("train"):
        from training.export import export
    export(load(model), to)
    typer.echo(f"wrote {to}; loading such a file runs code, so pass it on only where you are trusted", err=True)


@codebooks.command("new")
def new_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The codebook's name.")],
    out: Annotated[Path | None, typer.Option("--out", help="File to write.", show_default="NAME.toml")] = None,
) -> None:
    """Write a commented codebook to fill in."""
    from training.codebook_new import write_template

    path = write_template(name, out)
    _say(f"wrote {path}: fill it in, then run slantwise codebook check {path}")


@codebooks.command("check")
def check_command(
    path: Annotated[Path, typer.Argument(metavar="CODEBOOK", help="A codebook, TOML.")],
    coded: Annotated[
        Path | None, typer.Option("--labels", help="Coded articles: name the labels that have too few.")
    ] = None,
) -> None:
    """Name every gap: labels without definition or rules, names that overlap, too few labels or coded articles.

    Ends with 0 if there is none, 4 if there are gaps, 1 if the codebook cannot be used.
    """
    from classifier.errors import CodebookError, QualityError
    from training.codebook_gaps import gaps

    found = gaps(path, coded)
    _print("".join(f"{gap}\n" for gap in found))
    faults = sum(gap.fault for gap in found)
    if faults:
        raise CodebookError(
            f"{path}: cannot be used: {_counted(faults, 'fault')}, {_counted(len(found) - faults, 'gap')}"
        )
    if found:
        raise QualityError(f"{path}: can be used; {_counted(len(found), 'gap')}")
    _say(f"{path}: no gaps")


@codebooks.command("diff")
def diff_command(
    first: Annotated[Path, typer.Argument(metavar="A", help="A codebook, or an older version of it.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another.")],
) -> None:
    """Say what is different between two codebooks, and what that means for articles coded already."""
    from classifier.codebook import read_codebook
    from training.codebook_diff import differences

    found = differences(read_codebook(first), read_codebook(second))
    _print("".join(f"{line}\n" for line in found) or "the same\n")


@corpora.command("list")
def list_command() -> None:
    """Print the public corpora, their licences, and where they are had."""
    with _needs_extra("train"):
        from training.corpora import registry
    for corpus in registry().values():
        typer.echo(f"{corpus.name}: {corpus.title}\n  {corpus.rows:,} rows, licence {corpus.licence}; {corpus.use}")
        typer.echo(f"  {corpus.homepage}")


@corpora.command("fetch")
def fetch_command(
    name: Annotated[str, typer.Argument(help="A corpus that `slantwise corpora list` names.")],
    folder: Annotated[Path, typer.Option(help="Where the table goes.")] = Path("corpora"),
) -> None:
    """Get a public corpus and check its content against the registry."""
    with _needs_extra("train"):
        from training.corpora import fetch
    typer.echo(fetch(name, folder, progress=lambda line: typer.echo(line, err=True)))


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version and end.", is_eager=True)] = False,
) -> None:
    if show:
        typer.echo(f"slantwise {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command; an error that slantwise knows is one line on stderr, and its exit status."""
    try:
        app(prog_name="slantwise")
    except SlantwiseError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(error.status)


class _Rejects:
    """Writes rejected rows down and counts them, and the rows that were not UTF-8."""

    def __init__(self, file: BinaryIO | None) -> None:
        self.count = 0
        self._file = file
        self._recoded: Counter[tuple[str, str]] = Counter()

    def __call__(self, reject: "Reject | Recoded") -> None:
        from classifier.articles import Recoded

        if isinstance(reject, Recoded):
            self._recoded[reject.encoding, reject.source] += 1
            return
        self.count += 1
        if self._file is None:
            typer.echo(f"rejected: {reject.source}: {reject.reason}", err=True)
        else:
            row = {"source": reject.source, "reason": reject.reason}
            self._file.write((json.dumps(row, ensure_ascii=False) + "\n").encode())

    def say_recoded(self) -> None:
        for (encoding, source), rows in self._recoded.items():
            _say(f"read as {encoding} rather than UTF-8: {source} ({_counted(rows, 'row')})")


@contextmanager
def _rejects(path: Path | None) -> Iterator[_Rejects]:
    from classifier.atomic import write_atomically

    if path is None:
        yield _Rejects(None)
    else:
        failure = None
        with write_atomically(path) as file:
            try:
                yield _Rejects(file)
            except SlantwiseError as error:  # the file says why nothing could be read, so it is kept
                failure = error
        if failure:
            raise failure


@contextmanager
def _output(path: Path | None) -> Iterator[BinaryIO]:
    """Open the output: a file that appears when it is whole, or stdout, whose reader may leave when it has enough."""
    from classifier.atomic import write_atomically

    if path is not None:
        with write_atomically(path) as file:
            yield file
        return
    try:
        yield sys.stdout.buffer
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit from None


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _refuse(complaints: dict[str, object]) -> None:
    """End as bad usage where one of the complaints is true."""
    for complaint, wrong in complaints.items():
        if wrong:
            raise typer.BadParameter(complaint)


def _say_rejected(refuse: _Rejects) -> None:
    """Say what was not UTF-8, and end with the status that says so where articles were rejected."""
    refuse.say_recoded()
    if refuse.count:
        _say(f"{_counted(refuse.count, 'article')} rejected")
        raise typer.Exit(SOME_REJECTED)


def _print(text: str) -> None:
    with _output(None) as file:
        file.write(text.encode())
        file.flush()


def _colour() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def _width() -> int | None:
    """Return the terminal's width, None where the output is none."""
    return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else None


def _usual_format(out: Path | None) -> Format:
    """Return the format that the output's name asks for, else a table on a terminal and JSON Lines elsewhere."""
    if out is None:
        return Format.table if sys.stdout.isatty() else Format.jsonl
    suffix = out.suffix.removeprefix(".").lower()
    return Format(suffix) if suffix in set(Format) else Format.jsonl


def _writer(form: Format, file: BinaryIO, *, to_terminal: bool, evidence: int) -> "Writer":
    from classifier.output import CsvWriter, JsonlWriter, ParquetWriter, TableWriter

    match form:
        case Format.table:
            return TableWriter(file, colour=to_terminal and "NO_COLOR" not in os.environ, evidence=evidence)
        case Format.jsonl:
            return JsonlWriter(file, evidence=evidence)
        case Format.csv:
            return CsvWriter(file, evidence=evidence)
        case Format.parquet:
            return ParquetWriter(file, evidence=evidence)


@contextmanager
def _needs_extra(extra: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise SlantwiseError(f"this command needs {error.name}: pip install 'slantwise[{extra}]'") from None


if __name__ == "__main__":
    main()
