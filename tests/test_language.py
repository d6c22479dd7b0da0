"""Other languages than the model's, and texts too short to say much."""

import sys

import polars as pl
import pytest

from classifier.language import mark

ENGLISH = "The council voted on Tuesday to close two of the three clinics that serve the upper valley."
GERMAN = (
    "Der Stadtrat beschloss am Dienstag, zwei der drei Kliniken zu schließen, und die Bürger protestierten dagegen."
)
SPANISH = "El presidente dijo que la frontera se cerrará mañana por la noche y que los camiones tendrán que esperar."
DUTCH = (
    "De minister was gisteren in Den Haag en zei dat we in de komende weken of maanden meer over het plan zullen "
    "horen. Het is niet bekend of de partij in de Kamer voor zal stemmen, maar dat was ook in het verleden zo."
)
DANISH = (
    "Regeringen siger at det er for tidligt at sige noget om sagen. For mange er det vigtigt at have et arbejde, og de "
    "har ventet i to år på at få svar. Her er en oversigt over de nye regler for pension."
)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        pytest.param(ENGLISH, "en", id="english"),
        pytest.param(GERMAN, "de", id="german"),
        pytest.param(SPANISH, "es", id="spanish"),
        pytest.param(DUTCH, "nl", id="dutch"),
        pytest.param(DANISH, "da", id="danish"),
        pytest.param(f"{ENGLISH} " * 8 + f"{SPANISH} " * 90, "en", id="by-its-opening"),
        pytest.param("Seats by year: " + "1950 0 2000 80 " * 20 + ENGLISH, "en", id="a-table-in-english"),
        pytest.param("Merkel trifft Macron", None, id="too-short-to-tell"),
        pytest.param("1 2 3 4 5 6 7 8 9 10 11 12", None, id="no-language"),
        pytest.param("", None, id="empty"),
    ],
)
def test_the_language_of_an_article_is_told_where_it_can_be(text, language):
    assert mark(pl.DataFrame({"text": [text]}))["language"].to_list() == [language]


def test_a_text_of_under_forty_words_is_low_evidence():
    texts = [" ".join(["word"] * 39), " ".join(["word"] * 40), " ".join(["they said this"] * 13)]

    assert mark(pl.DataFrame({"text": texts}))["low_evidence"].to_list() == [True, False, True]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ENGLISH, id="prose"),
        pytest.param("Jane Roe, Keokuk Ferry Co. " * 100 + ENGLISH * 20, id="a-list-of-names-first"),
        pytest.param("Raised and spent by the two so far: " + "Roe 39.1 17.4 22 8 " * 5 + "and others", id="figures"),
    ],
)
def test_english_articles_do_not_wait_for_the_identifier(monkeypatch, text):
    monkeypatch.setitem(sys.modules, "py3langid.langid", None)

    assert mark(pl.DataFrame({"text": [text] * 3}))["language"].to_list() == ["en"] * 3
