"""Fit a model's weights: the training recipe, one step a function.

Every question is fitted by a linear classifier on an article's terms, on its place in a latent space, or on both. The
latent space is learned from articles that nobody coded, so that a word which no coder saw can still speak through its
company. All of it is linear in the same features, so what is learned folds back into one weight a term and label.

Which design a head gets follows from what is known of it. Coded by hand: terms and latent space. A property of the
outlet: only terms that many outlets use, else the classifier learns the outlets' furniture. Asked beside other heads
(stance, of which there are few examples): the latent space and those heads' log-odds. Terms that the codebook tells a
head to ignore are taken out of both terms and latent space, so that their weight is 0 and an article's place is that of
its other terms. Leaving them out afterwards would not do: the rest would have been fitted as if they were there.

Probabilities and thresholds come from articles that the classifier did not see: five folds, outlets apart. A head asked
beside others learns from such log-odds too, those that it will meet in use.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, SGDClassifier

from classifier.codebook import Codebook, Head, blocks
from classifier.decide import Weights, fitting_order, probabilities, side_features
from classifier.errors import LabelError
from classifier.features import Floats
from training.calibration import many_of_threshold, one_of_thresholds, platt, temperature
from training.labels import MIN_CODED, NO, UNKNOWN, YES, Coded
from training.material import Material
from training.splits import Fold, Rows, cross_fit

N_FOLDS = 5
MANY_ROWS = 6000  # up to here ridge regression is solved exactly
RIDGE_PENALTY = 0.5
SGD_PENALTY = 5e-5
SGD_EPOCHS = 6
LOGISTIC_C = 6.0
ONE_SIDED = 10.0  # log-odds of a label that a fold's articles have always, or never
SIDE_SCALE = 0.3  # of other heads' log-odds, beside a latent space whose vectors have a mean length of 0.7

Bools = NDArray[np.bool_]
Matrix = NDArray[np.float64]
# Cross-fitted values, (n_rows, n_labels); weights, (n_inputs, n_labels); intercepts, (n_labels,).
Solution = tuple[Matrix, Matrix, Matrix]
Solver = Callable[[sparse.csr_matrix, Bools, Sequence[Fold]], Solution]


@dataclass(frozen=True)
class Design:
    """What a question is fitted on: some terms, the latent space or nothing of it, other heads' log-odds or none."""

    terms: Bools  # which features, shape (n_features,)
    latent: Floats  # (n_features, n_dimensions)
    side: Floats  # (n_articles, n_side)

    @property
    def n_inputs(self) -> int:
        return int(self.terms.sum()) + int(self.latent.shape[1]) + int(self.side.shape[1])

    def inputs(self, features: sparse.csr_matrix, rows: Bools) -> sparse.csr_matrix:
        """Return what the classifier sees of some articles, shape (n_rows, n_inputs)."""
        some = features[rows]
        terms = some if self.terms.all() else some[:, self.terms]
        return sparse.csr_matrix(sparse.hstack([terms, some @ self.latent, self.side[rows] * SIDE_SCALE], format="csr"))

    def fold_back(self, weights: Matrix) -> tuple[Matrix, Matrix]:
        """Return weights of inputs as weights of terms and of other heads, (n_features or n_side, n_labels)."""
        n_terms, n_latent = int(self.terms.sum()), self.latent.shape[1]
        of_terms, of_latent, of_side = np.split(weights, [n_terms, n_terms + n_latent])
        text = self.latent @ of_latent
        text[self.terms] += of_terms
        return text, of_side * SIDE_SCALE


@dataclass(frozen=True)
class Answered:
    """A fitted question, its weights calibrated, and the decision values of articles that it was not fitted on.

    `unseen` has shape (n_rows, n_labels); labels that were not learned have -inf there.
    """

    text: Matrix
    side: Matrix
    intercept: Matrix
    threshold: Matrix
    learned: Bools
    unseen: Matrix


def fit(material: Material, rows: Rows, seed: int) -> Weights:
    """Fit all heads on some of the articles.

    Parameters
    ----------
    rows
        Row numbers of the articles to learn from.
    seed
        Decides how outlets are dealt to folds, and the order of stochastic gradient descent.
    """
    folds = list(cross_fit([material.outlets[row] for row in rows], _among(material.duplicates, rows), N_FOLDS, seed))
    answered: dict[tuple[str, str | None], Answered] = {}
    for block in fitting_order(material.codebook):
        side = side_features([answered[key, None].unseen for key in block.head.beside], len(rows))
        design = _design(material, block.head, side)
        coded = material.answers[rows, block.columns]
        answered[block.head.key, block.target] = _answer(
            block.head, design, material.features[rows], coded, folds, seed
        )
    return _together(material.codebook, answered)


def _design(material: Material, head: Head, side: Floats) -> Design:
    heeded = ~material.ignored.get(head.key, np.zeros_like(material.widespread))
    if head.coded_in == "articles":
        return Design(material.widespread & heeded, material.latent[:, :0], side)
    latent = material.latent if heeded.all() else material.latent * heeded[:, None]
    if head.beside:
        return Design(np.zeros_like(heeded), latent, side)
    return Design(heeded, latent, side)


def _answer(
    head: Head, design: Design, features: sparse.csr_matrix, coded: Coded, folds: Sequence[Fold], seed: int
) -> Answered:
    """Fit one question: cross-fit, calibrate on that, and fit on all coded articles."""
    learned = learnable(head, coded)
    if learned.sum() < least_labels(head):
        return _nothing_learned(design, len(coded), len(learned))
    known = answerable(head, coded, learned)
    place = np.cumsum(known) - 1
    folds = [Fold(*(place[side[known[side]]] for side in (f.train, f.test, f.left_out))) for f in folds]
    folds = [fold for fold in folds if len(fold.train) and len(fold.test)]
    if not folds:
        msg = f"head {head.key!r}: all articles coded for it are of one outlet, which cannot be split"
        raise LabelError(f"{msg} (code articles of other outlets, or leave the column 'outlet' out)")
    inputs, marks = design.inputs(features, known), coded[known][:, learned] == YES
    values, weights, intercept = _solver(head, len(marks), seed)(inputs, marks, folds)
    slope, offset = _calibrate(head, values, marks)
    unseen = np.full((len(coded), len(learned)), -np.inf)
    unseen[known] = _spread(values * slope + offset, learned, -np.inf)
    text, side = design.fold_back(_spread(weights * slope, learned, 0.0))
    return Answered(
        text,
        side,
        _spread((intercept * slope + offset)[None], learned, 0.0)[0],
        _spread(_thresholds(head, values * slope + offset, marks, offset)[None], learned, 0.5)[0],
        learned,
        unseen,
    )


def learnable(head: Head, coded: Coded) -> Bools:
    """Return which labels have enough coded articles, shape (n_labels,)."""
    enough: Bools = (coded == YES).sum(axis=0) >= MIN_CODED
    if head.kind == "many-of":
        enough &= (coded == NO).sum(axis=0) >= MIN_CODED
    return enough


def least_labels(head: Head) -> int:
    """Return how many labels a question needs: one answer alone cannot be told from others."""
    return 1 if head.kind == "many-of" else 2


def answerable(head: Head, coded: Coded, learned: Bools) -> Bools:
    """Return which articles can teach or test a question, shape (n_articles,).

    They are coded for it, and, where one answer is asked, with one that can be learned: an article with another answer
    says nothing about these.
    """
    known: Bools = (coded != UNKNOWN).all(axis=1)
    if head.kind != "many-of":
        known &= (coded[:, learned] == YES).any(axis=1)
    return known


def _nothing_learned(design: Design, n_rows: int, n_labels: int) -> Answered:
    text, side = design.fold_back(np.zeros((design.n_inputs, n_labels)))
    zeros = np.zeros(n_labels)
    return Answered(text, side, zeros, zeros + 0.5, zeros.astype(bool), np.full((n_rows, n_labels), -np.inf))


def _solver(head: Head, n_rows: int, seed: int) -> Solver:
    if head.beside:
        return _solve_logistic
    return _solve_ridge if n_rows <= MANY_ROWS else partial(_solve_by_descent, seed=seed)


def _solve_ridge(inputs: sparse.csr_matrix, marks: Bools, folds: Sequence[Fold]) -> Solution:
    """Ridge regression on -1/+1, exact and for all labels at once: as good here as logistic regression."""
    kernel = (inputs @ inputs.T).toarray().astype(np.float64) + 1.0  # the 1 is a constant input: the intercept
    targets = 2.0 * marks - 1.0

    def dual(train: Rows) -> Matrix:
        fit = KernelRidge(alpha=RIDGE_PENALTY, kernel="precomputed").fit(kernel[np.ix_(train, train)], targets[train])
        return np.asarray(fit.dual_coef_)

    values = np.zeros(marks.shape)
    for fold in folds:
        values[fold.test] = kernel[np.ix_(fold.test, fold.train)] @ dual(fold.train)
    final = dual(np.arange(len(marks)))
    return values, inputs.T @ final, final.sum(axis=0)


def _solve_by_descent(inputs: sparse.csr_matrix, marks: Bools, folds: Sequence[Fold], seed: int) -> Solution:
    """One logistic regression a label, by stochastic gradient descent, whose cost grows only linearly with articles."""

    def solve(train: Rows) -> tuple[Matrix, Matrix]:
        settings = {"loss": "log_loss", "class_weight": "balanced", "max_iter": SGD_EPOCHS, "tol": None}
        one = SGDClassifier(alpha=SGD_PENALTY, random_state=seed, **settings)
        weights, intercept = _constant(inputs, marks, train)
        for label in np.flatnonzero(marks[train].any(axis=0) & ~marks[train].all(axis=0)):
            fit = clone(one).fit(inputs[train], marks[train, label])
            weights[:, label], intercept[label] = fit.coef_[0], fit.intercept_[0]
        return weights, intercept

    return _cross_fitted(inputs, marks, folds, solve)


def _solve_logistic(inputs: sparse.csr_matrix, marks: Bools, folds: Sequence[Fold]) -> Solution:
    """One multinomial regression with all answers weighing the same: sides are few among many neutral articles."""

    def solve(train: Rows) -> tuple[Matrix, Matrix]:
        weights, intercept = _constant(inputs, marks, train)
        answers = marks[train].argmax(axis=1)
        if len(np.unique(answers)) < 2:
            return weights, intercept
        fit = LogisticRegression(C=LOGISTIC_C, class_weight="balanced", max_iter=1000)
        fit.fit(inputs[train].toarray(), answers)
        if len(fit.classes_) == 2:  # scikit-learn then gives the second label's log-odds alone
            weights[:, fit.classes_] = np.concatenate([-fit.coef_, fit.coef_]).T / 2
            intercept[fit.classes_] = np.concatenate([-fit.intercept_, fit.intercept_]) / 2
        else:
            weights[:, fit.classes_], intercept[fit.classes_] = fit.coef_.T, fit.intercept_
        return weights, intercept

    return _cross_fitted(inputs, marks, folds, solve)


def _constant(inputs: sparse.csr_matrix, marks: Bools, train: Rows) -> tuple[Matrix, Matrix]:
    """Return what a classifier knows that has seen a label always or never: that, and nothing of the inputs."""
    seen = marks[train].mean(axis=0) if len(train) else np.full(marks.shape[1], 0.5)
    return np.zeros((inputs.shape[1], marks.shape[1])), np.where(
        seen == 0, -ONE_SIDED, np.where(seen == 1, ONE_SIDED, 0)
    )


def _cross_fitted(
    inputs: sparse.csr_matrix, marks: Bools, folds: Sequence[Fold], solve: Callable[[Rows], tuple[Matrix, Matrix]]
) -> Solution:
    values = np.zeros(marks.shape)
    for fold in folds:
        weights, intercept = solve(fold.train)
        values[fold.test] = inputs[fold.test] @ weights + intercept
    return (values, *solve(np.arange(len(marks))))


def _calibrate(head: Head, values: Matrix, marks: Bools) -> tuple[Matrix, Matrix]:
    if head.kind != "many-of":
        return temperature(values, marks)
    pairs = [platt(value, mark) for value, mark in zip(values.T, marks.T, strict=True)]
    slopes, offsets = zip(*pairs, strict=True)
    return np.array(slopes), np.array(offsets)


def _thresholds(head: Head, log_odds: Matrix, marks: Bools, offset: Matrix) -> Matrix:
    p = probabilities(head, log_odds, np.ones(marks.shape[1], dtype=bool)).astype(np.float64)
    if head.kind != "many-of":
        return one_of_thresholds(p, marks, offset)
    return np.array([many_of_threshold(column) for column in p.T])


def _spread(learned_columns: Matrix, learned: Bools, elsewhere: float) -> Matrix:
    """Return columns for all labels, `elsewhere` in those that were not learned."""
    columns = np.full((len(learned_columns), len(learned)), elsewhere)
    columns[:, learned] = learned_columns
    return columns


def _among(duplicates: NDArray[np.intp], rows: Rows) -> NDArray[np.intp]:
    """Return the pairs that lie among `rows`, numbered by their place there."""
    place = np.full(int(max(duplicates.max(initial=0), rows.max(initial=0))) + 1, -1, dtype=np.intp)
    place[rows] = np.arange(len(rows))
    pairs = place[duplicates]
    return pairs[(pairs >= 0).all(axis=1)]


def _together(codebook: Codebook, answered: dict[tuple[str, str | None], Answered]) -> Weights:
    parts = [answered[block.head.key, block.target] for block in blocks(codebook)]
    side = {
        head.key: np.concatenate(
            [answered[b.head.key, b.target].side for b in blocks(codebook) if b.head is head], axis=1
        )
        for head in codebook.heads
        if head.beside
    }
    return Weights(
        text=np.concatenate([part.text for part in parts], axis=1).astype(np.float32),
        intercept=np.concatenate([part.intercept for part in parts]).astype(np.float32),
        threshold=np.concatenate([part.threshold for part in parts]).astype(np.float32),
        learned=np.concatenate([part.learned for part in parts]),
        side={key: weights.astype(np.float32) for key, weights in side.items()},
    )
