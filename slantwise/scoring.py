"""The commands that take articles and a model: score, clean, explain, serve, labels."""

import sys
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from classifier.errors import SlantwiseError
from slantwise import load
from slantwise.options import Format, IdOption, ModelOption, RejectsOption, TextOption, TitleOption
from slantwise.terminal import (
    SOME_REJECTED,
    colour,
    counted,
    needs_extra,
    opened,
    rejecting,
    say,
    say_rejected,
    show,
    width,
)

if TYPE_CHECKING:
    from classifier.output import Form


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
    pages_apart: Annotated[
        bool,
        typer.Option("--pages-apart", help="Clean each page by itself: lines that pages share are not dropped for it."),
    ] = False,
    any_language: Annotated[
        bool, typer.Option("--any-language", help="Score articles that are not in the model's language too.")
    ] = False,
    evidence: Annotated[
        int, typer.Option("--evidence", min=0, help="Sentences that speak most for each label, so many of them.")
    ] = 0,
    jobs: Annotated[
        int, typer.Option("--jobs", min=1, help="Processes that score: one a core, where articles are many.")
    ] = 1,
    rejects: RejectsOption = None,
) -> None:
    """Say what articles are about, how, and on which side.

    Topics, frames, kind, leaning and stance, each with its probability.

    Pages are cleaned of their furniture first; one that holds several articles gives several rows, id#1 and id#2.

    Ends with 0 if all articles were scored, 3 if some were rejected, 1 if none could be read, 2 for bad usage.
    """
    from classifier.articles import Columns
    from classifier.batches import Preparing, read_pages
    from classifier.ids import Ids
    from classifier.pool import Processes, Scoring, score_here
    from classifier.progress import Progress

    loaded = load(model)
    form = form or _usual_format(out)
    columns = Columns(id=id_column, text=text_column, title=title_column)
    own = None if any_language else loaded.codebook.language
    foreign = 0
    quiet = out is None and sys.stdout.isatty()  # a moving line would run through the output
    progress = Progress("articles", shown=sys.stderr.isatty() and not quiet)
    scoring = Scoring(
        Preparing(own, clean=not no_clean, together=not pages_apart), _form(form, evidence, to_terminal=quiet)
    )
    ids = Ids()
    with rejecting(rejects) as refuse, opened(out) as file, progress, ExitStack() as stack:
        pages = read_pages(inputs, ids, on_reject=refuse, columns=columns)
        if jobs == 1:
            batches = score_here(loaded, scoring, pages, ids)
        else:
            batches = stack.enter_context(Processes(model, jobs)).score(scoring, pages, ids)
        written = scoring.form.file(file)
        for batch in batches:
            written.add(batch.rows)
            foreign += batch.foreign
            progress.advance(batch.articles)
        if not progress.count:
            raise SlantwiseError(f"no readable article in {', '.join(inputs)} ({refuse.count:,} rejected)")
        written.close()
    if foreign:
        are = "is not in the model's language and has" if foreign == 1 else "are not in the model's language and have"
        say(f"{counted(foreign, 'article')} {are} no scores (--any-language scores {'it' if foreign == 1 else 'them'})")
    refuse.say_recoded()
    if refuse.count:
        say(f"{counted(progress.count, 'article')} scored, {refuse.count:,} rejected")
        raise typer.Exit(SOME_REJECTED)


def clean_command(
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT...", help="As for score.")],
    kept: Annotated[bool, typer.Option("--kept", help="Print the articles alone, without what is dropped.")] = False,
    id_column: IdOption = None,
    text_column: TextOption = "text",
    title_column: TitleOption = None,
    rejects: RejectsOption = None,
) -> None:
    """Show which lines of pages are kept as articles.

    And which are dropped as furniture, and why.
    """
    from classifier.articles import Columns, read_articles
    from classifier.clean import clean_articles, clean_texts
    from classifier.output import cleaning_text

    columns = Columns(id=id_column, text=text_column, title=title_column)
    with rejecting(rejects) as refuse, opened(None) as file:
        for batch in read_articles(inputs, columns, on_reject=refuse, extra=["extraction"]):
            if kept:
                file.write("".join(f"{text}\n\n" for text in clean_articles(batch)["text"]).encode())
                continue
            pages = clean_texts(batch["text"])
            for at, (source, text, by) in enumerate(batch.select("source", "text", "extraction").iter_rows()):
                place = f"{source}, read by {by}" if by else source
                file.write(cleaning_text(place, text, pages.get(at), colour=colour()).encode())
        file.flush()
    say_rejected(refuse)


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
    """Show why an article got its labels.

    Its sentences marked, its probabilities against their thresholds, and the definitions.
    """
    from classifier.articles import Columns, read_articles
    from classifier.atomic import write_atomically
    from classifier.explain import explain
    from classifier.explain_page import explanation_page
    from classifier.explain_text import explanation_text

    loaded = load(model)
    columns = Columns(id=id_column, text=text_column, title=title_column)
    with rejecting(rejects) as refuse:
        batches = read_articles(inputs, columns, on_reject=refuse, extra=["extraction"])
        found = (one for batch in batches for one in explain(loaded, batch, evidence, any_language=any_language))
        shown = list(islice(found, most))
        left_out = next(found, None) is not None
    if not shown:
        raise SlantwiseError(f"no readable article in {', '.join(inputs)} ({refuse.count:,} rejected)")
    if html is not None:
        with write_atomically(html) as file:
            file.write(explanation_page(loaded, shown).encode())
        say(f"wrote {html}")
    else:
        show("\n".join(explanation_text(one, width=width(), colour=colour()) for one in shown))
    if left_out:
        say(f"only the first {most:,} articles are shown (--most shows more)")
    say_rejected(refuse)


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
    """Serve a page to paste articles into, and a JSON API.

    To this machine alone, unless told otherwise.
    """
    with needs_extra("web"):
        from classifier.web.app import Settings
        from classifier.web.guard import LOOPBACK
        from classifier.web.pool import Pool
        from classifier.web.serve import listen, serve
    listening = listen(host, port)
    name = f"[{host}]" if ":" in host else host
    hosts = [*LOOPBACK, name, *(allow_host or ())]
    settings = Settings(max_bytes=max_mb * 1_000_000, max_seconds=max_seconds, hosts=hosts)
    said = f"slantwise at http://{name}:{listening.getsockname()[1]}/ (Ctrl-C ends it)"
    serve(settings, Pool(model, jobs, max_seconds), listening, on_ready=lambda: say(said))


def labels_command(model: ModelOption = None) -> None:
    """Print the labels of the model with their definitions."""
    from classifier.output import label_lines

    for line in label_lines(load(model)):
        typer.echo(line)


def _usual_format(out: Path | None) -> Format:
    """Return the format that the output's name asks for, else a table on a terminal and JSON Lines elsewhere."""
    if out is None:
        return Format.table if sys.stdout.isatty() else Format.jsonl
    suffix = out.suffix.removeprefix(".").lower()
    return Format(suffix) if suffix in set(Format) else Format.jsonl


def _form(form: Format, evidence: int, *, to_terminal: bool) -> "Form[Any]":
    from classifier.output import Csv, Jsonl, Parquet, Table

    match form:
        case Format.table:
            return Table(evidence, colour=to_terminal and colour())
        case Format.jsonl:
            return Jsonl(evidence)
        case Format.csv:
            return Csv(evidence)
        case Format.parquet:
            return Parquet(evidence)
