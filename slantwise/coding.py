"""The commands around coding by hand: codebooks, samples, label files, doubtful labels."""

from pathlib import Path
from typing import Annotated

import typer

from slantwise import load
from slantwise.options import IdOption, ModelOption, RejectsOption, TaskFormat, TextOption, TitleOption
from slantwise.terminal import colour, counted, needs_extra, refuse_usage, rejecting, say, say_rejected, show, width


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
    """Draw articles to code, and write them for a tool.

    The tools are Label Studio, doccano, Prodigy, and a sheet.

    A quarter of each draw, all of it with --by random, is random and marked so: only that tells shares of all articles.
    """
    from classifier.articles import Columns
    from classifier.codebook import read_codebook

    with needs_extra("train"):
        from training.exchange import write_tasks
        from training.inputs import read_articles_table
        from training.labels import read_labels
        from training.sampling import NOT_COLUMNS, check_same, draw
    refuse_usage(
        {"--by model needs --model FILE, and --model is for --by model": (by == "model") != (model is not None)}
    )
    book, loaded = read_codebook(codebook), load(model) if model else None
    if loaded is not None:
        check_same(book, loaded)
    coding = read_labels(coded, book) if coded else None
    columns = Columns(id=id_column, text=text_column, title=title_column)
    with rejecting(rejects) as refuse:
        table = read_articles_table(articles, columns, refuse, () if by in NOT_COLUMNS else (by,))
    drawn = draw(table, coding, by, n, seed, loaded)
    files = write_tasks(drawn.articles, book, form, out)
    for line in (*drawn.notes, f"wrote {' and '.join(map(str, files))}: {drawn.counts}"):
        say(line)
    say_rejected(refuse)


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
    """Make a label file of what coders did in a tool.

    The tools are Label Studio, doccano, Prodigy, and a sheet.
    """
    from classifier.codebook import read_codebook

    with needs_extra("train"):
        from training.labels_from import labels_from
    for line in labels_from(exports, read_codebook(codebook), out, coder=coder, disputes=disputes):
        say(line)


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
    """Rank coded labels by how likely they are wrong.

    Holds them against what the model said while it was held out: train it on these labels first.
    """
    from classifier.articles import Columns

    with needs_extra("audit"):
        from training.audit import doubts
        from training.audit_table import audit_text, write_doubts
        from training.inputs import read_inputs
        from training.predictions import of_model
    loaded = load(model)
    columns = Columns(id=id_column, text=text_column, title=title_column)
    with rejecting(rejects) as refuse:
        inputs = read_inputs(loaded.codebook, coded, articles, columns, refuse)
    predictions = of_model(loaded, inputs.articles, inputs.answers)
    found, passed_over = doubts(loaded, predictions, top)
    notes = [*predictions.notes, *inputs.notes, *(f"{name} is not audited: {why}" for name, why in passed_over.items())]
    show(audit_text(found, notes, width=width(), colour=colour()))
    if out is not None:
        write_doubts(found, out)
        say(f"wrote {out}")
    say_rejected(refuse)


def new_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The codebook's name.")],
    out: Annotated[Path | None, typer.Option("--out", help="File to write.", show_default="NAME.toml")] = None,
) -> None:
    """Write a commented codebook to fill in."""
    from training.codebook_new import write_template

    path = write_template(name, out)
    say(f"wrote {path}: fill it in, then run slantwise codebook check {path}")


def check_command(
    path: Annotated[Path, typer.Argument(metavar="CODEBOOK", help="A codebook, TOML.")],
    coded: Annotated[
        Path | None, typer.Option("--labels", help="Coded articles: name the labels that have too few.")
    ] = None,
) -> None:
    """Name every gap of a codebook.

    Labels without definition or rules, names that overlap, too few labels or coded articles.

    Ends with 0 if there is none, 4 if there are gaps, 1 if the codebook cannot be used.
    """
    from classifier.errors import CodebookError, QualityError
    from training.codebook_gaps import gaps

    found = gaps(path, coded)
    show("".join(f"{gap}\n" for gap in found))
    faults = sum(gap.fault for gap in found)
    if faults:
        raise CodebookError(
            f"{path}: cannot be used: {counted(faults, 'fault')}, {counted(len(found) - faults, 'gap')}"
        )
    if found:
        raise QualityError(f"{path}: can be used; {counted(len(found), 'gap')}")
    say(f"{path}: no gaps")


def diff_command(
    first: Annotated[Path, typer.Argument(metavar="A", help="A codebook, or an older version of it.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another.")],
) -> None:
    """Say what is different between two codebooks.

    And what that means for articles coded already.
    """
    from classifier.codebook import read_codebook
    from training.codebook_diff import differences

    found = differences(read_codebook(first), read_codebook(second))
    show("".join(f"{line}\n" for line in found) or "the same\n")
