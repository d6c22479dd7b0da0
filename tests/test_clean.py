"""Pages that lost their HTML: which lines are dropped, and where one article ends and the next begins."""

import re

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifier.clean import clean, clean_articles, clean_texts
from classifier.furniture import rules
from classifier.ids import Ids

VOTE = "The council voted on Tuesday night to close two of the three clinics that serve the upper valley."
ANGER = "Residents who had waited four hours to speak called the decision a betrayal of the people up there."
MAYOR = "Mayor Lena Ruiz said that the money would run out in March whatever the council decided this week."
BRIDGE = "Engineers found cracks in eleven of the bridge's bolts, the state's transport department said Friday."
DETOUR = "Drivers face a detour of forty miles until the bolts are replaced, which may take most of the summer."
FERRY = "A ferry will carry commuters for free, but it has room for only sixty cars at a time, officials said."


def kept(page):
    spans = clean(page)
    articles = sorted({span.article for span in spans} - {0})
    return [[page[span.start : span.end].strip() for span in spans if span.article == number] for number in articles]


def reasons(page):
    return {page[span.start : span.end].strip(): span.reason for span in clean(page) if not span.article}


def page_of(*lines):
    return "\n\n".join(lines)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.example[:30])
def test_a_rule_takes_its_example_and_leaves_its_counterexample(rule):
    lines = pl.Series([rule.example.lower(), rule.leaves.lower()])
    stops = lines.str.contains(r"[.!?]$")

    taken = lines.str.contains(rule.pattern) & (rule.sentences | ~stops) & (lines.str.len_bytes() <= rule.longest)

    assert taken.to_list() == [True, False]


@pytest.mark.slow
@pytest.mark.parametrize("rule", [pytest.param(r, id=r.reason) for r in rules() if r.needs])
@settings(max_examples=50, suppress_health_check=list(HealthCheck))  # of how slowly such lines are made
@given(data=st.data())
def test_every_line_that_a_rule_takes_has_what_the_rule_needs(rule, data):
    loose = re.compile(rule.match.replace(r"\b", ""), re.ASCII)  # whose lines are soon made; some are the rule's
    line = pl.Series([data.draw(st.from_regex(loose, fullmatch=True))])

    assert line.str.contains(rule.screen).all() or not line.str.contains(rule.pattern).any()


def test_every_rule_says_why_and_has_a_known_effect():
    assert all(rule.reason for rule in rules())
    assert {rule.effect for rule in rules()} == {"", "begins", "closes", "ends", "tail"}


def test_menus_bylines_teasers_and_what_follows_the_article_are_dropped():
    page = page_of(
        "Skip to content",
        "Local",
        "Valley to lose two clinics",
        "By Jane Doe",
        VOTE,
        "READ MORE: Tractor pull returns to the fairgrounds",
        ANGER,
        MAYOR,
        "You may like",
        "Five things to know about bees",
    )

    assert kept(page) == [["Valley to lose two clinics", VOTE, ANGER, MAYOR]]
    assert reasons(page)["By Jane Doe"] == "byline"
    assert reasons(page)["READ MORE: Tractor pull returns to the fairgrounds"] == "related story"
    assert reasons(page)["Five things to know about bees"] == "outside the article"


def test_a_second_article_on_the_page_is_told_apart():
    first = ("Valley to lose two clinics", "Published", VOTE, ANGER, MAYOR)
    second = ("Bridge closed until the autumn", "Published", BRIDGE, DETOUR, FERRY)
    page = page_of(*first, "You may like", "Continue Reading", *second, "Trending")

    assert kept(page) == [[line for line in part if line != "Published"] for part in (first, second)]


def test_a_page_without_furniture_is_kept_whole():
    page = page_of("Valley to lose two clinics", VOTE, "What comes next", ANGER, "It hurts.", MAYOR)

    assert clean_texts(pl.Series([page])) == {}
    assert kept(page) == [["Valley to lose two clinics", VOTE, "What comes next", ANGER, "It hurts.", MAYOR]]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Senate passes bill", id="a-title"),
        pytest.param("Advertisement", id="nothing-but-furniture"),
        pytest.param("By Jane Doe\nPublished Monday", id="two-lines-of-it"),
    ],
)
def test_something_is_always_kept(text):
    assert kept(text)


def test_readers_comments_are_dropped_however_long():
    comment = "I have lived here for thirty years and have never seen a council that listens to anyone up the valley."
    page = page_of(
        "Valley to lose two clinics", "By Jane Doe", VOTE, ANGER, MAYOR, "View 12 comments", "Al", comment, comment
    )

    assert kept(page) == [["Valley to lose two clinics", VOTE, ANGER, MAYOR]]


def test_a_page_that_begins_with_boxes_has_one_article_with_its_title():
    box = "We and our partners use cookies to store information. See our privacy policy."
    page = page_of(box, VOTE, box, ANGER, "© 2021 The Ledger. All rights reserved.")
    article = ("Bridge is closed until the autumn", "By Jane Doe", "Published May 3, 2021", BRIDGE, DETOUR, FERRY)

    found = clean_articles(pl.DataFrame({"title": ["T"], "text": [page_of(page, *article)]}))

    assert found["title"].to_list() == ["T"]
    assert found["text"].to_list() == [page_of("Bridge is closed until the autumn", BRIDGE, DETOUR, FERRY)]


def test_an_authors_life_is_dropped_only_at_the_end():
    life = "Jane Doe is a senior fellow at the Center for River Policy and the author of two books."
    page = page_of("Valley to lose two clinics", "By Jane Doe", VOTE, life, ANGER, MAYOR, life)

    assert kept(page) == [["Valley to lose two clinics", VOTE, life, ANGER, MAYOR]]


def test_a_line_that_other_pages_have_too_is_dropped():
    pages = [
        page_of(f"Story number {n} of the day", VOTE + str(n), "The Valley Ledger", ANGER + str(n)) for n in range(4)
    ]

    found = clean_texts(pl.Series(pages))

    assert {span.reason for spans in found.values() for span in spans if not span.article} == {"repeated line"}
    assert len(found) == 4


def test_copies_of_one_article_are_no_furniture_of_each_other():
    assert clean_texts(pl.Series([page_of("Valley to lose two clinics", VOTE, ANGER, MAYOR)] * 5)) == {}


def test_a_text_of_too_many_lines_is_kept_as_it_is():
    pages = pl.Series(["Advertisement\n" * 100_001, page_of("Valley to lose clinics", "By Jane Doe", VOTE, ANGER)])

    assert list(clean_texts(pages)) == [1]


def test_the_articles_of_a_page_become_rows_of_their_own():
    first = ("Valley to lose it all", "Published", VOTE, ANGER, "Trending")
    page = page_of(*first, "Bridge is closed", "Published", BRIDGE, DETOUR, FERRY)
    batch = pl.DataFrame({"id": ["a", "b"], "title": ["A", "B"], "text": [VOTE, page], "outlet": ["X", "Y"]})

    cleaned = clean_articles(batch)

    assert cleaned["id"].to_list() == ["a", "b#1", "b#2"]
    assert cleaned["title"].to_list() == ["A", "B", None]
    assert cleaned["outlet"].to_list() == ["X", "Y", "Y"]
    assert cleaned["text"][0] == VOTE
    assert cleaned["text"][2] == page_of("Bridge is closed", BRIDGE, DETOUR, FERRY)
    assert cleaned["dropped"].to_list() == pytest.approx([0.0, 3 / len(page.split()), 3 / len(page.split())])
    for text, pieces in cleaned.select("text", "pieces").rows()[1:]:
        assert text == "\n\n".join(page[start:end] for start, end in zip(pieces[::2], pieces[1::2], strict=True))
    assert cleaned["pieces"][0] is None


def test_articles_of_a_page_are_not_called_as_another_article_is():
    page = page_of("Valley to lose it all", "Published", VOTE, ANGER, "Trending")
    page += "\n" + page_of("Bridge is closed", "Published", BRIDGE, DETOUR, FERRY)
    ids = Ids(["a", "a#1", "b"])

    cleaned = clean_articles(pl.DataFrame({"id": ["a", "b"], "text": [page, VOTE]}), ids)

    assert cleaned["id"].to_list() == ["a#2", "a#3", "b"]
    assert "a#3" in ids


@given(
    st.lists(
        st.sampled_from(
            ["Advertisement", "By Jane Doe", "You may like", "Comments", VOTE, ANGER, "A short line", "", "  x "]
        )
        | st.text(max_size=60),
        max_size=40,
    )
)
def test_spans_are_the_lines_of_the_page_and_never_change_it(lines):
    page = "\n".join(lines)

    spans = clean(page)

    rows = pl.Series(page.split("\n"))
    rows = rows.filter(rows.str.strip_chars() != "")  # not of Python, to which control characters are blanks
    assert [page[span.start : span.end] for span in spans] == rows.to_list()
    assert all(bool(span.article) != bool(span.reason) for span in spans)
    rows = clean_articles(pl.DataFrame({"text": [page]}))
    for number, (text, pieces) in enumerate(rows.select("text", "pieces").rows(), 1):
        if pieces is None:
            assert text == page
            continue
        assert text == "\n\n".join(page[start:end] for start, end in zip(pieces[::2], pieces[1::2], strict=True))
        assert text.split() == [
            word for span in spans if span.article == number for word in page[span.start : span.end].split()
        ]
