"""The commands that say how far labels can be trusted, and what they say of all articles: evaluate, compare, shares."""

from pathlib import Path
from typing import Annotated

import typer

from slantwise import load
from slantwise.options import (
    DEFAULT_FOLDS,
    CacheOption,
    Cluster,
    ClusterOption,
    IdOption,
    JobsOption,
    ModelOption,
    RejectsOption,
    TextOption,
    TitleOption,
)
from slantwise.terminal import colour, needs_extra, refuse_usage, rejecting, say, say_rejected, show, width


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
    """Say how far labels can be trusted.

    Figures with intervals, beside baselines and a second coder, by slices, and calibration.

    Judges a model file on articles new to it, or with --cross-validate the training recipe. Of articles that a model
    learned from it uses what the model said of them while they were held out.

    Ends with 4 if a figure is under its floor.
    """
    from classifier.articles import Columns

    with needs_extra("train"):
        from training import floors as pinned
        from training.judge import Options, judge, write_report
        from training.others import benchmark as judge_by
        from training.table import report_text

    asked = [pinned.parse_floor(text) for text in fail_under or ()]
    of_recipe = {"--codebook": codebook, "--cut": cut, "--drift-since": drift_since, "--folds": folds != DEFAULT_FOLDS}
    of_recipe["--split"] = split != "outlet"
    of_labels = cross_validate or coded or slice_by or second_coder
    alone = ", ".join(name for name, given in of_recipe.items() if given)
    refuse_usage(
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
    with rejecting(rejects) as refuse:
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
                say=say,
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
            report = judge(options, refuse, say)
    show(report_text(report, width=width(), colour=colour()))
    if out is not None:
        say(f"wrote {' and '.join(map(str, write_report(report, out)))}")
    pinned.check(report, asked)
    if floors is not None and update:
        say(pinned.update(report, floors, allow_regression=allow_regression))
    elif floors is not None:
        pinned.check_file(report, floors)
    say_rejected(refuse)


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
    """Compare two models on the same articles.

    Each figure's difference, with its interval and p-value.
    """
    from classifier.articles import Columns
    from classifier.atomic import write_atomically

    with needs_extra("train"):
        from training.judge import compare_models
        from training.table import comparison_text
    columns = Columns(id=id_column, text=text_column, title=title_column)
    with rejecting(rejects) as refuse:
        found = compare_models(first, second, coded, articles, columns, refuse, cluster=cluster, seed=seed)
    show(comparison_text(found, width=width(), colour=colour()))
    if out is not None:
        with write_atomically(out) as file:
            file.write(found.to_json().encode())
        say(f"wrote {out}")
    say_rejected(refuse)


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
    """Give shares of labels, corrected for the model's errors.

    In all articles and by group, with 95% intervals.
    """
    from classifier.articles import Columns

    with needs_extra("train"):
        from training.share_files import write_plots, write_shares
        from training.share_inputs import Sources, read_corpus
        from training.share_report import estimate_shares
        from training.share_table import shares_text
    refuse_usage(
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
    with rejecting(rejects) as refuse:
        corpus = read_corpus(load(model), sources, refuse)
    found = estimate_shares(corpus, labels=label or (), strata=strata, least=least, seed=seed)
    show(shares_text(found, width=width(), colour=colour()))
    written = [*write_shares(found, out), *write_plots(found, plots)]
    if written:
        say(f"wrote {' and '.join(map(str, written))}")
    say_rejected(refuse)
