"""The `slantwise` command: its parts by name, in the order in which a project meets them.

Commands read options, call and print; what they call lives in `classifier` and `training`. Those are imported inside
the commands, so that help is quick and scoring never waits for scikit-learn.
"""

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from classifier import __version__
from classifier.errors import SlantwiseError
from classifier.freed import keep_freed_memory
from slantwise import coding, judging, learning, scoring

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 110}

app = typer.Typer(
    help="Say what news articles are about, how they frame it and which side they take.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # boxes take half of the time that help takes
    context_settings=SETTINGS,
)
corpora = typer.Typer(help="Public corpora: where they are had, and getting them.", no_args_is_help=True)
codebooks = typer.Typer(help="Start a codebook of your own, see its gaps, compare two.", no_args_is_help=True)

_PARTS: dict[typer.Typer, dict[str, Callable[..., None]]] = {
    app: {
        "score": scoring.score_command,
        "clean": scoring.clean_command,
        "explain": scoring.explain_command,
        "serve": scoring.serve_command,
        "labels": scoring.labels_command,
        "sample": coding.sample_command,
        "labels-from": coding.labels_from_command,
        "train": learning.train_command,
        "evaluate": judging.evaluate_command,
        "compare": judging.compare_command,
        "audit-labels": coding.audit_labels_command,
        "learn-curve": learning.learn_curve_command,
        "shares": judging.shares_command,
        "export": learning.export_command,
    },
    corpora: {"list": learning.list_command, "fetch": learning.fetch_command},
    codebooks: {"new": coding.new_command, "check": coding.check_command, "diff": coding.diff_command},
}
for _typer, _commands in _PARTS.items():
    for _name, _command in _commands.items():
        _typer.command(_name)(_command)
app.add_typer(corpora, name="corpora")
app.add_typer(codebooks, name="codebook")


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version and end.", is_eager=True)] = False,
) -> None:
    if show:
        typer.echo(f"slantwise {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command; an error that slantwise knows is one line on stderr, and its exit status."""
    keep_freed_memory()
    try:
        app(prog_name="slantwise")
    except SlantwiseError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(error.status)
