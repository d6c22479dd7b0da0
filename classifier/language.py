"""Mark what a model should not be trusted with: another language than its own, and very short texts.

English is told by the share of its function words, in Polars, mostly in an article's opening alone; where an article
begins with a list of names or is a table of figures, in all of it. py3langid is asked about the others: it takes half a
second to load, as long as scoring three thousand articles.
"""

from collections.abc import Callable
from functools import lru_cache

import polars as pl

SHORT_WORDS = 40  # an article of fewer is marked low_evidence
HEAD = 2_000  # characters that are looked at
OPENING = 600  # characters that are looked at first
FUNCTION_WORDS = (  # that Dutch, Danish and the like do not have too, as they have in, is, for and was
    r"(?i-u:\b(?:the|of|and|to|that|with|this|but|they|his|who|which|would|were|said|from|their|been|about|you|not|he|she"
    r"|its|are|it|as|what|when|there|also|than|after|these|those|could|how)\b)"
)
ENGLISH_SHARE = 0.1  # of words; all of AllSides' articles have more (half of them over .25)
LETTERS = r"\p{L}+"  # figures are of no language
SURELY_ENGLISH = 15  # function words in an opening: then the rest is not looked at; it has some 100 words
FEWEST_WORDS = 10  # with fewer nobody can tell the language
SURE = 0.9  # probability


def mark(articles: pl.DataFrame, own: str | None = None) -> pl.DataFrame:
    """Return a frame of articles with three more columns.

    `language` is a String, an ISO 639-1 code, null where it cannot be told; `low_evidence` a Boolean, true for a text
    of under 40 words; `foreign` a Boolean, true where the language is known and is not `own`, if that is given.
    """
    texts = articles["text"]
    english = texts.str.head(OPENING).str.count_matches(FUNCTION_WORDS) >= SURELY_ENGLISH
    open_ = (~english | (texts.str.len_bytes() < OPENING)).arg_true()  # so many characters are 40 words and more
    languages: list[str | None] = ["en"] * len(texts)
    short = [False] * len(texts)
    heads = texts.gather(open_).str.head(HEAD)
    for at, head, n_words, is_english in zip(
        open_, heads, heads.str.count_matches(r"\S+"), _english(heads), strict=True
    ):
        short[at] = n_words < SHORT_WORDS
        if n_words < FEWEST_WORDS:
            languages[at] = None
        elif not is_english and not _english(texts[at : at + 1])[0]:
            language, probability = _identifier()(head.lower())
            languages[at] = language if probability >= SURE else None
    found = pl.Series("language", languages, dtype=pl.String)
    foreign = (found != own).fill_null(value=False) if own else pl.lit(value=False)
    return articles.with_columns(found, pl.Series("low_evidence", short, dtype=pl.Boolean), foreign.alias("foreign"))


def _english(texts: pl.Series) -> pl.Series:
    """Return whether so many of the words of each text are English function words that it is English."""
    return texts.str.count_matches(FUNCTION_WORDS) >= ENGLISH_SHARE * texts.str.count_matches(LETTERS).clip(1)


@lru_cache(maxsize=1)
def _identifier() -> Callable[[str], tuple[str, float]]:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identify: Callable[[str], tuple[str, float]] = identifier.classify
    return identify
