"""The front door: `import slantwise` to score articles from Python; `slantwise.command` is the command.

What is imported here is what `load` needs, so that neither the command's help nor a script waits for more.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from classifier import __version__
from classifier.errors import SlantwiseError

if TYPE_CHECKING:
    from classifier.model import Model

__all__ = ["SlantwiseError", "__version__", "load"]


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
