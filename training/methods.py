"""Write the methods paragraph of a report: what a paper must say of these figures, from the report's own values."""

from collections.abc import Iterator, Sequence

from classifier import __version__
from training.metrics import BINS
from training.report import Question
from training.resampling import RESAMPLES
from training.slices import FEWEST
from training.splits import SIMILARITY, Split


def methods_paragraph(title: str, split: Split, cluster: str, questions: Sequence[Question]) -> str:
    """Return one paragraph, fit for the methods section of a paper."""
    return " ".join(" ".join(sentence.split()) for sentence in _sentences(title, split, cluster, questions))


def _sentences(title: str, split: Split, cluster: str, questions: Sequence[Question]) -> Iterator[str]:
    asked = "; ".join(
        f"{q.name} ({q.n_articles:,} articles of {q.n_outlets:,} outlets, {len(q.labels)} labels)" for q in questions
    )
    yield f"""Labels were assigned by {title} (slantwise {__version__}), a regularised linear classifier on words and
        word pairs with calibrated probabilities and a threshold for each label, and compared with labels by hand:
        {asked}."""
    yield f"Split: {split.description}."
    if split.n_crossing is not None:
        yield f"""Near-duplicates were found by MinHash over runs of five words (Jaccard similarity {SIMILARITY});
            {split.n_crossing:,} pairs would have stood on both sides of the split, so {split.n_left_out:,} articles
            were left out of training."""
    yield f"""Intervals are 95% percentile intervals of a bootstrap over {cluster}s ({RESAMPLES:,} resamples). Macro F1
        is the unweighted mean over labels, average precision is not interpolated, the Brier score is that of each
        label's yes or no, and calibration error is taken over {BINS} bins of equal width (Guo et al. 2017)."""
    if any("." in q.name for q in questions):
        yield "A question that is put for a label of another was judged on articles that coders gave that label."
    if any("sides_f1" in q.figures for q in questions):
        yield "The F1 of the sides leaves out the answer that takes none (SemEval-2016 Task 6)."
    if any(q.slices for q in questions):
        yield f"""Slices of at least {FEWEST} articles were compared with the whole by a normal test on the bootstrap
            error, with Holm's correction over all slices of a question."""
    if any(q.ceiling for q in questions):
        yield "Agreement of coders is Krippendorff's alpha for nominal data (2011) and Cohen's kappa (1960)."
    if any(q.drift for q in questions):
        yield """Drift compares a model of all earlier articles, those of the same outlets among them, with the
            cross-validation on the same rows; where the split keeps outlets apart it is shown smaller than it is."""
    if any(q.baselines for q in questions):
        yield "Baselines know the shares of the labels among the judged articles, or the outlet's other articles."
    left_out = [f"{q.name}: {key} ({why})" for q in questions for key, why in q.left_out.items()]
    if left_out:
        yield f"Not judged: {'; '.join(left_out)}."
