"""What `slantwise explain` shows: on the terminal, and on a page that must hold nothing but itself."""

import hashlib
import re
from base64 import b64encode
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

import slantwise
from classifier.explain import Line, Marked, explain
from classifier.explain_page import explanation_page
from classifier.explain_text import bar, explanation_text

EXAMPLES = Path(__file__).parents[1] / "data" / "examples"
PAGE = EXAMPLES / "scraped-clinic-story.txt"


class Elements(HTMLParser):
    """Lists the elements of a page with their attributes, and complains of one that is not closed."""

    VOID = ("meta", "rect", "wbr")

    def __init__(self, text):
        super().__init__()
        self.found, self.open = [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def model():
    return slantwise.load()


def frame_of(*texts, title=None):
    frame = pl.DataFrame({"text": texts}).with_columns(pl.lit(title, pl.String).alias("title"))
    return frame.with_row_index("id").with_columns(pl.col("id").cast(pl.String), source=pl.lit("feed.jsonl"))


@pytest.fixture(scope="module")
def explained(model):
    return next(explain(model, frame_of(PAGE.read_text()), 2))


# --- what is laid out


def test_every_line_of_the_page_is_there_once(explained):
    shown = ["".join(part.text for part in line.stretches).strip() for line in explained.lines]

    assert shown == [line.strip() for line in PAGE.read_text().splitlines() if line.strip()]


def test_what_was_dropped_says_why_and_carries_no_mark(explained):
    dropped = [line for line in explained.lines if line.dropped]

    assert "share line" in {line.dropped for line in dropped}
    assert not any(part.speaks_for or part.against for line in dropped for part in line.stretches)


def test_the_marks_of_a_label_are_its_sentences(explained):
    for label in explained.labels:
        marked = [
            part.text
            for line in explained.lines
            for part in line.stretches
            if label.number in (*part.speaks_for, *part.against)
        ]
        assert sorted(marked) == sorted(sentence.text for sentence in label.why.sentences)


def test_labels_that_came_close_stand_after_those_assigned(explained, model):
    for question in {label.question for label in explained.labels}:
        own = [label for label in explained.labels if label.question == question]
        assert [label.yes for label in own] == sorted((label.yes for label in own), reverse=True)
        assert all(label.probability >= 0.5 * label.threshold for label in own if not label.yes)
    assert [label.number for label in explained.labels] == list(range(1, len(explained.labels) + 1))


def test_a_side_is_defined_for_its_target(tiny_model):
    labels = next(explain(tiny_model, frame_of("Quay quay, we must must."), 1)).labels

    assert "Towards a larger harbour: Presents it as a gain." in [label.definition for label in labels]


def test_a_sentence_over_two_lines_is_marked_on_both(tiny_model):
    lines = next(explain(tiny_model, frame_of("Gulls. The quay\nof gulls. Gulls."), 1)).lines

    (first, second), numbers = lines, lines[0].stretches[1].speaks_for
    assert first == Line((Marked("Gulls. "), Marked("The quay", numbers, (), False)))
    assert second == Line((Marked("of gulls.", numbers, (), True), Marked(" Gulls.")))


def test_one_page_of_a_batch_is_explained_as_among_the_others(model):
    shared = "Buy our book about the valley of the seven clinics now."
    pages = [f"{PAGE.read_text()}\n\n{shared}\n\nSay {n}." for n in range(4)]
    among = list(explain(model, frame_of(*pages), 2))

    (alone,) = explain(model, frame_of(*pages), 2, page=2)

    assert alone == among[2]
    assert shared in ["".join(part.text for part in line.stretches) for line in alone.lines if line.dropped]


def test_each_article_of_a_page_is_explained_without_the_others(tiny_model):
    quay = "The council voted on Tuesday to widen the quay, which the harbour master had asked for since the spring."
    loaf = "Bakers in the valley must bake at night from Monday, and a loaf will cost more, the guild said on Friday."
    first = ("Quay to be widened at last", "Published", *[f"{quay} It was vote {n}." for n in "123"], "Trending")
    second = ("Bakers go to work at night", "Published", *[f"{loaf} It was talk {n}." for n in "123"])

    found = list(explain(tiny_model, frame_of("\n\n".join([*first, *second])), 1))

    texts = ["".join(part.text for line in one.lines for part in line.stretches) for one in found]
    assert ["quay" in text for text in texts] == [True, False]
    assert ["loaf" in text for text in texts] == [False, True]
    assert [one.title for one in found] == [first[0], second[0]]


def test_marks_of_a_title_stand_in_it(tiny_model):
    one = next(explain(tiny_model, frame_of("Gulls.", title="The quay"), 1))

    assert one.title == "The quay"
    assert one.heading.stretches[0].speaks_for


# --- on the terminal


def test_the_text_has_bars_definitions_and_marks(explained):
    text = explanation_text(explained, width=100)

    assert re.search(r"1 vaccines +█+│█+·* 0\.\d\d, threshold 0\.\d\d\n +Vaccines and vaccination", text)
    assert "came close" in text
    assert re.search("\N{MULTIPLICATION SIGN} " + r"Share this  \(share line\)", text)
    assert re.search(r"by 9\s+a\.m\. \[1 ", text)
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("probability", "threshold", "expected"),
    [
        pytest.param(0.0, 0.5, "·" * 12 + "│" + "·" * 11, id="none"),
        pytest.param(1.0, 0.5, "█" * 12 + "│" + "█" * 11, id="all"),
        pytest.param(1.0, 1.0, "█" * 23 + "│", id="threshold-at-the-end"),
    ],
)
def test_a_bar_is_as_wide_whatever_it_shows(probability, threshold, expected):
    assert bar(probability, threshold) == expected


def test_a_page_does_not_steer_the_terminal(tiny_model):
    text = explanation_text(next(explain(tiny_model, frame_of("Quay \x1b[31m red."), 1)), width=80)

    assert "\x1b" not in text


def test_an_article_in_another_language_says_why_it_has_no_labels(model):
    text = "Der Gemeinderat hat am Dienstag beschlossen, die beiden Kliniken im Tal zu schließen. " * 3

    one = next(explain(model, frame_of(text), 1))

    assert "not in the model's language" in explanation_text(one, width=200)
    assert "not in the model&#x27;s language" in explanation_page(model, [one])
    assert next(explain(model, frame_of(text), 1, any_language=True)).labels


# --- on a page


def test_the_page_asks_nothing_of_any_network(model, explained):
    elements = Elements(explanation_page(model, [explained])).found

    assert not [tag for tag, _ in elements if tag in ("link", "img", "iframe", "object", "base", "form", "input")]
    assert not [a for _, a in elements if "src" in a or "style" in a or any(name.startswith("on") for name in a)]
    assert all(a["href"].startswith("#") for _, a in elements if "href" in a)
    assert "url(" not in explanation_page(model, [explained])


def test_the_policy_names_style_and_script_by_their_digests(model, explained):
    page = explanation_page(model, [explained])

    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    for kind in ("style", "script"):
        content = re.search(rf"<{kind}>(.*?)</{kind}>", page, re.DOTALL)[1]
        digest = b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_what_an_article_holds_is_text_on_the_page(tiny_model):
    evil = 'The quay <script>alert(1)</script> & "quay" <img src=x onerror=alert(1)>.'

    page = explanation_page(tiny_model, list(explain(tiny_model, frame_of(evil, title="<b>quay</b>"), 1)))

    tags = [tag for tag, _ in Elements(page).found]
    assert tags.count("script") == 1
    assert "img" not in tags
    assert "b" not in tags[: tags.index("aside")]
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quay&quot;" in page


def test_every_mark_leads_to_its_label_and_every_label_is_a_button(model, explained):
    elements = Elements(explanation_page(model, [explained])).found

    ids = {a["id"] for _, a in elements if "id" in a}
    marks = [a for tag, a in elements if tag == "a"]
    assert marks
    assert {a["href"][1:] for a in marks} <= ids
    buttons = [a for tag, a in elements if tag == "button"]
    assert [a["data-label"] for a in buttons] == [str(label.number) for label in explained.labels]
    assert {a["aria-pressed"] for a in buttons} == {"false"}
    assert {a["aria-describedby"] for a in buttons} <= ids


def test_several_articles_share_a_page_without_sharing_ids(tiny_model):
    page = explanation_page(tiny_model, list(explain(tiny_model, frame_of("Quay.", "Loaf."), 1)))

    ids = [a["id"] for _, a in Elements(page).found if "id" in a]
    assert len(ids) == len(set(ids))
    assert "2 articles" in page


# --- the command


def test_the_command_writes_a_page(command, tmp_path):
    out = tmp_path / "why.html"

    status, err, printed = command("explain", str(PAGE), "--html", str(out))

    assert (status, printed) == (0, "")
    assert f"wrote {out}" in err
    assert out.read_text().startswith("<!doctype html>")


def test_the_command_says_where_articles_are_left_out(command, tmp_path):
    status, err, printed = command("explain", str(EXAMPLES), "--most", "2")

    assert status == 0
    assert "only the first 2 articles are shown (--most shows more)" in err
    assert printed.count("text, with the numbers of labels") == 2


def test_the_command_names_a_file_without_an_article(command, tmp_path):
    path = tmp_path / "none.txt"
    path.write_text("")

    status, err, _ = command("explain", str(path))

    assert status == 1
    assert "no readable article in" in err
