"""The errors that a person using slantwise can cause, and so can mend.

Each text says where, what was expected, what was found and what to do, because the command prints it as it is.
"""


class SlantwiseError(Exception):
    """The base that the command catches; its text is shown to the user as `error: ...`."""

    status = 1  # the command's exit status


class ArticleError(SlantwiseError):
    """An article, or the file it stands in, cannot be read."""


class CodebookError(SlantwiseError):
    """A codebook is not valid, or does not fit the labels or the model it is used with."""


class ModelError(SlantwiseError):
    """A model file is damaged, of an unknown version, or asked for what it does not hold."""


class LabelError(SlantwiseError):
    """Labels are not valid, or do not fit the codebook or the articles."""


class QualityError(SlantwiseError):
    """A model is not as good as it was asked to be: under a floor, or no better than the one that it would replace."""

    status = 4
