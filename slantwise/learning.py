"""The commands around training: train, learn-curve, export, and the public corpora."""

from pathlib import Path
from typing import Annotated

import typer

from slantwise import load
from slantwise.options import (
    DEFAULT_FOLDS,
    CacheOption,
    IdOption,
    JobsOption,
    ModelOption,
    RejectsOption,
    TextOption,
    TitleOption,
)
from slantwise.terminal import colour, needs_extra, refuse_usage, rejecting, say, say_rejected, show, width


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
    """Train a model on your own codebook and coded articles.

    And report how good it is.
    """
    from classifier.articles import Columns

    with needs_extra("train"):
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
    with rejecting(rejects) as refuse:
        for line in retrain(options, on_reject=refuse):
            say(line)
    say_rejected(refuse)


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
    """Say how much more coding would buy.

    Macro F1 by coded articles, with a fitted curve and its interval.
    """
    from classifier.articles import Columns
    from classifier.codebook import read_codebook

    with needs_extra("train"):
        from training.inputs import read_inputs
        from training.learn import learn
        from training.learn_table import learned_text, write_learned
    refuse_usage(
        {"--out is a .json, a .png or a .svg": out is not None and out.suffix not in {".json", ".png", ".svg"}}
    )
    book = read_codebook(codebook) if codebook else load().codebook
    columns = Columns(id=id_column, text=text_column, title=title_column)
    with rejecting(rejects) as refuse:
        inputs = read_inputs(book, coded, articles, columns, refuse)
    for note in inputs.notes:
        say(note)
    found = learn(inputs, folds=folds, repeats=repeats, seed=seed, jobs=jobs, cache=cache, say=say)
    show(learned_text(found, width=width(), colour=colour()))
    if out is not None:
        write_learned(found, out)
        say(f"wrote {out}")
    say_rejected(refuse)


def export_command(
    to: Annotated[Path, typer.Option(help="The file to write, such as pipeline.joblib.")],
    model: ModelOption = None,
) -> None:
    """Write a model as a scikit-learn pipeline.

    For use without slantwise's own reader.
    """
    with needs_extra("train"):
        from training.export import export
    export(load(model), to)
    typer.echo(f"wrote {to}; loading such a file runs code, so pass it on only where you are trusted", err=True)


def list_command() -> None:
    """Print the public corpora, and where they are had."""
    with needs_extra("train"):
        from training.corpora import registry
    for corpus in registry().values():
        typer.echo(f"{corpus.name}: {corpus.title}\n  {corpus.rows:,} rows, licence {corpus.licence}; {corpus.use}")
        typer.echo(f"  {corpus.homepage}")


def fetch_command(
    name: Annotated[str, typer.Argument(help="A corpus that `slantwise corpora list` names.")],
    folder: Annotated[Path, typer.Option(help="Where the table goes.")] = Path("corpora"),
) -> None:
    """Get a public corpus, and check that it is whole."""
    with needs_extra("train"):
        from training.corpora import fetch
    typer.echo(fetch(name, folder, progress=lambda line: typer.echo(line, err=True)))
