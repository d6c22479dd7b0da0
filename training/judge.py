"""Judge a model, or the training recipe, on coded articles. Reads top to bottom: load, predict, evaluate, write."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from joblib import Memory

from classifier.articles import Columns, OnReject
from classifier.atomic import write_atomically
from classifier.codebook import read_codebook
from classifier.errors import LabelError, SlantwiseError
from classifier.model import Model
from training.compare import Comparison, compare
from training.evaluate import Settings, evaluate, refuse_empty
from training.inputs import Inputs, answers_for, digest_of, read_inputs
from training.labels import align, read_labels
from training.material import prepare
from training.page import page
from training.predictions import SPLITS, Predictions, check_split, cross_validated, deal, of_model
from training.questions import question_name
from training.report import Report

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to judge, and on what.

    Parameters
    ----------
    model
        A model file, None for the one that ships; passed over where the recipe is judged.
    codebook
        The recipe's codebook; None: the one of the model that ships.
    since
        With the recipe: a date from which articles are judged once more by what earlier ones alone teach.
    """

    model: Path | None
    cross_validate: bool
    codebook: Path | None
    labels: Path
    articles: Sequence[Path]
    columns: Columns
    split: str = "outlet"
    cut: str | None = None
    folds: int = 5
    since: str | None = None
    second_coder: Path | None = None
    slice_by: Sequence[str] = ()
    cluster: str = "article"
    seed: int = 0
    jobs: int = 2
    cache: Path | None = None


def judge(options: Options, on_reject: OnReject, say: Say) -> Report:
    """Return the report on a model file, or on the recipe by cross-validation.

    Raises
    ------
    SlantwiseError
        If labels and articles cannot be used together, or nothing can be judged on them.
    """
    if options.cross_validate:
        codebook = read_codebook(options.codebook) if options.codebook else Model.load().codebook
        name = f"the recipe on {codebook.name}"
    else:
        model = Model.load(options.model)
        codebook, name = model.codebook, model.name
    extra = (*options.slice_by, *([] if options.split in SPLITS else [options.split]))
    inputs = read_inputs(codebook, options.labels, options.articles, options.columns, on_reject, extra=extra)
    say(f"{len(inputs.coding.ids):,} coded articles, {len(inputs.articles):,} articles")
    second, signature = None, {**inputs.signature, "model": name}
    if options.second_coder:
        second = align(read_labels(options.second_coder, codebook), inputs.articles, codebook)
        signature["second"] = digest_of(options.second_coder)

    later = None
    if options.cross_validate:
        predictions, later = _cross_validate(inputs, options, say)
    else:
        say(f"asking {name}")
        predictions = of_model(model, inputs.articles, inputs.answers)
    say("judging")
    settings = Settings(
        seed=options.seed,
        cluster=options.cluster,
        second=second,
        slice_by=options.slice_by,
        since=options.since or "",
        later=later,
    )
    report = evaluate(predictions, inputs.coding, name, signature, settings)
    refuse_empty(report)
    if second is not None and not any(question.ceiling for question in report.questions):
        raise LabelError(f"{options.second_coder}: no article that is judged is coded there too (do the ids match?)")
    return report


def _cross_validate(inputs: Inputs, options: Options, say: Say) -> tuple[Predictions, Predictions | None]:
    check_split(inputs.articles, options.split, options.cut)
    if options.since:
        check_split(inputs.articles, "time", options.since)
    say("preparing features, latent space and near-duplicates")
    _, material = prepare(inputs.articles, inputs.answers, inputs.codebook, Memory(options.cache, verbose=0))

    def predicted(split: str, cut: str | None) -> Predictions:
        folds, described = deal(material, inputs.articles, split, options.folds, options.seed, cut)
        say(f"fitting: {described.description}")
        return cross_validated(material, inputs.articles, folds, described, options.seed, options.jobs)

    later = predicted("time", options.since) if options.since else None
    return predicted(options.split, options.cut), later


def write_report(report: Report, folder: Path) -> list[Path]:
    """Write report.json and report.html into a folder, each whole or not at all."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SlantwiseError(f"{folder}: cannot be made: {error.strerror} (name a folder)") from None
    contents = {folder / "report.json": report.to_json(), folder / "report.html": page(report)}
    for path, text in contents.items():
        with write_atomically(path) as file:
            file.write(text.encode())
    return list(contents)


@dataclass(frozen=True)
class Compared:
    """Two models on the same articles: `notes` say what flatters one of them, `signature` what figures hang on."""

    first: str
    second: str
    comparisons: tuple[Comparison, ...]
    not_compared: tuple[str, ...]
    notes: tuple[str, ...]
    signature: dict[str, str]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def compare_models(
    first: Path,
    second: Path,
    labels: Path,
    articles: Sequence[Path],
    columns: Columns,
    on_reject: OnReject,
    *,
    cluster: str,
    seed: int,
) -> Compared:
    """Compare two model files on coded articles that neither has an advantage on.

    Raises
    ------
    SlantwiseError
        If there is no question that both answer on the same articles.
    """
    one, other = Model.load(first), Model.load(second)
    inputs = read_inputs(one.codebook, labels, articles, columns, on_reject)
    theirs = answers_for(other.codebook, inputs)
    predictions = of_model(one, inputs.articles, inputs.answers), of_model(other, inputs.articles, theirs)
    found = tuple(compare(*predictions, cluster, seed))
    names = {c.name for c in found}
    if not found:
        raise SlantwiseError(f"{first} and {second}: no question that both answer on the same coded articles")
    signature = {**inputs.signature, "seed": str(seed), "resampled": cluster}
    signature |= {"first": f"{one.name}/{one.codebook.digest}", "second": f"{other.name}/{other.codebook.digest}"}
    asked = dict.fromkeys(question_name(block) for block in (*one.blocks, *other.blocks))
    left = [name for name in asked if name not in names]
    files = (str(first), str(second))
    notes = [f"{file}: {note}" for file, said in zip(files, predictions, strict=True) for note in said.notes]
    return Compared(*files, found, tuple(left), tuple(notes), signature)
