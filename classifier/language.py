"""Mark what a model should not be trusted with: another language than its own, and very short texts.

Most articles of an English stream are told by the share of English function words, in Polars; py3langid is asked about
the others alone, since it takes a second to load and half a millisecond an article.
"""

from collections.abc import Callable
from functools import lru_cache

import polars as pl

SHORT_WORDS = 40  # an article of fewer is marked low_evidence
HEAD = 2_000  # characters that are looked at
FUNCTION_WORDS = r"(?-u:\b)(?:the|of|and|to|in|that|is|for|on|was)(?-u:\b)"
ENGLISH_SHARE = 0.12  # of words; nearly all articles of US outlets have more, and other languages less
FEWEST_WORDS = 10  # with fewer nobody can tell the language
SURE = 0.9  # probability


def mark(articles: pl.DataFrame, own: str | None = None) -> pl.DataFrame:
    """Return a frame of articles with three more columns.

    `language` is a String, an ISO 639-1 code, null where it cannot be told; `low_evidence` a Boolean, true for a text
    of under 40 words; `foreign` a Boolean, true where the language is known and is not `own`, if that is given.
    """
    head = articles.select(head=pl.col("text").str.head(HEAD).str.to_lowercase())
    words = pl.col("head").str.count_matches(r"\S+")
    share = pl.col("head").str.count_matches(FUNCTION_WORDS) / pl.max_horizontal(words, 1)
    told = head.select(
        head=pl.col("head"),
        english=(words >= FEWEST_WORDS) & (share >= ENGLISH_SHARE),
        open=(words >= FEWEST_WORDS) & (share < ENGLISH_SHARE),
        short=words < SHORT_WORDS,
    )
    languages = ["en" if english else None for english in told["english"]]
    for at in told["open"].arg_true():
        language, probability = _identifier()(told["head"][at])
        languages[at] = language if probability >= SURE else None
    found = pl.Series("language", languages, dtype=pl.String)
    foreign = (found != own).fill_null(value=False) if own else pl.lit(value=False)
    return articles.with_columns(found, told["short"].alias("low_evidence"), foreign.alias("foreign"))


@lru_cache(maxsize=1)
def _identifier() -> Callable[[str], tuple[str, float]]:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identify: Callable[[str], tuple[str, float]] = identifier.classify
    return identify
