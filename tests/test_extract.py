"""HTML pages: which method finds the article, and what broken pages come to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import extract as extracting
from classifier.extract import extract

VOTE = "The council voted on Tuesday night to close two of the three clinics that serve the upper valley."
ANGER = "Residents who had waited four hours to speak called the decision a betrayal of the people up there."
MAYOR = "The mayor, who had voted with the majority, left by a side door and did not return calls on Wednesday."
BODY = "".join(f"<p>{VOTE} {ANGER} Part {number} of the minutes says so.</p>" for number in range(4))
HEAD = """<head><title>Clinics to close | The Ledger</title>
<meta property="og:title" content="Clinics to close"><meta property="og:site_name" content="The Ledger">
<meta property="article:published_time" content="2021-05-03T10:00:00Z"><link rel="canonical" href="https://ledger.example/a">
</head>"""


def test_an_article_and_its_metadata_are_found():
    body = f"<article><h1>Clinics to close</h1>{BODY}</article>"
    page = f"<html>{HEAD}<body><nav><a href='/'>Home</a></nav>{body}</body></html>"

    (found,) = extract(page)

    assert found.extraction == "trafilatura"
    assert (found.title, found.outlet, found.date) == ("Clinics to close", "The Ledger", "2021-05-03")
    assert VOTE in found.text
    assert "Home" not in found.text


def test_each_whole_article_of_a_page_is_one():
    other = BODY.replace("clinics", "bridges")
    page = f"<html><body><article><h1>One</h1>{BODY}</article><article><h1>Two</h1>{other}</article></body></html>"

    first, second = extract(page)

    assert "clinics" in first.text
    assert "bridges" not in first.text
    assert "bridges" in second.text


def test_teasers_in_article_elements_are_no_articles():
    teasers = "<article><h3>Bees</h3><p>They are back.</p></article>" * 5

    assert len(extract(f"<html><body><article><h1>One</h1>{BODY}</article>{teasers}</body></html>")) == 1


def test_what_the_page_says_of_itself_holds_for_each_of_its_articles():
    dated = f'<article><h2>Two</h2><time datetime="2020-02-02T08:00">Sunday</time>{BODY}</article>'
    page = f"<html>{HEAD}<body><article><h1>One</h1>{BODY}</article>{dated}</body></html>"

    first, second = extract(page)

    assert (first.title, first.outlet, first.date) == ("One", "The Ledger", "2021-05-03")
    assert (second.title, second.outlet, second.date) == ("Two", "The Ledger", "2020-02-02")
    assert first.url == second.url == "https://ledger.example/a"


def test_readers_comments_in_article_elements_are_no_articles():
    comment = f'<div class="comments-area"><article class="entry">{BODY}</article></div>'

    assert len(extract(f"<html><body><article><h1>One</h1>{BODY}</article>{comment * 2}</body></html>")) == 1


def test_where_the_extractor_misses_the_article_all_visible_text_is_taken():
    chapters = "".join(f"<p>{MAYOR} Chapter {number} of the minutes.</p>" for number in range(30))

    (found,) = extract(f"<html>{HEAD}<body><article>{BODY}</article><div class='footer'>{chapters}</div></body></html>")

    assert found.extraction == "visible text"
    assert "Chapter 29" in found.text
    assert found.title == "Clinics to close"


def test_a_page_of_millions_of_characters_is_not_given_to_the_extractors(monkeypatch):
    monkeypatch.setattr(extracting, "MAX_TEXT", 1000)

    assert [found.extraction for found in extract(f"<html><body>{BODY * 3}</body></html>")] == ["visible text"]


def test_the_address_of_a_page_is_known_from_where_it_was_found():
    (found,) = extract(f"<html><body><article>{BODY}</article></body></html>", url="https://ledger.example/b")

    assert found.url == "https://ledger.example/b"


def test_visible_text_is_what_is_left_where_no_article_is_found():
    (found,) = extract(
        "<html><head><title>T</title><style>p {}</style></head><body><div>Gulls<br>at sea</div></body></html>"
    )

    assert (found.extraction, found.title, found.text) == ("visible text", "T", "Gulls\nat sea")


@pytest.mark.parametrize("page", ["", "   ", "<html><body></body></html>", "<!--" * 1000, "<script>x</script>"])
def test_a_page_without_visible_text_has_no_article(page):
    assert extract(page) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [
        pytest.param("<div>" * 100_000 + VOTE, id="deep"),
        pytest.param("<p>word</p>" * 200_000, id="many-elements"),
        pytest.param("<div " + " ".join(f"a{n}=1" for n in range(100_000)) + ">" + VOTE, id="many-attributes"),
        pytest.param("<p>" + "x" * 1_000_000, id="one-word"),
        pytest.param("<table>" * 3_000 + VOTE, id="tables"),
        pytest.param('<p><a href="<<<>>' * 1_000, id="broken"),
        pytest.param("\0<p>" + VOTE, id="nul"),
        pytest.param(
            f'<?xml version="1.0" encoding="utf-16"?><html><body>{BODY}</body></html>', id="wrong-declaration"
        ),
    ],
)
def test_a_hostile_page_does_not_crash_and_extractors_are_let_at_no_more_than_they_bear(monkeypatch, page):
    sizes = []
    text_of = extracting._text

    def counted(tree):
        sizes.append(sum(1 + len(element.attrib) for element in tree.iter()))
        return text_of(tree)

    monkeypatch.setattr(extracting, "_text", counted)

    assert all(found.text.strip() for found in extract(page))
    assert max(sizes, default=0) <= 40_000  # more may take minutes


@pytest.mark.slow
@given(
    st.lists(
        st.sampled_from(["<p>", "</p>", "<article>", "</div>", "<br", "&#0;", "&#xD800;", VOTE, "<!--", '"', "<svg>"])
    )
)
def test_any_heap_of_tags_can_be_read(parts):
    assert all(found.text for found in extract("".join(parts)))
