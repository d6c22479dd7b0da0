"""Write a page that shows why articles got their labels: explanations -> HTML.

The page needs nothing but itself: style and script stand in it, and a content policy names them by their digests, so
that a browser runs and loads nothing else, whatever an article holds. Without the script all marks can still be read.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Sequence
from importlib.resources import files
from itertools import groupby

from classifier.explain import Explanation, Judged, Line, Marked
from classifier.markup import Html, breakable, tag, together
from classifier.model import Model

MINUS = "\N{MINUS SIGN}"


def explanation_page(model: Model, explanations: Sequence[Explanation]) -> str:
    """Return the page; the same explanations give the same bytes."""
    style, script = _assets()
    title = explanations[0].title if len(explanations) == 1 else f"{len(explanations)} articles"
    head = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{content_policy()}">\n'
        f"{tag('title', f'Why: {title}')}\n<style>{style}</style>\n</head>\n"
    )
    signed = f"{model.name}, codebook {model.codebook.name} {model.codebook.version} ({model.codebook.digest})"
    body = tag(
        "body",
        tag("p", "Why these labels", class_="kicker"),
        *(_article(one, f"a{number}") for number, one in enumerate(explanations, 1)),
        _legend(),
        tag("footer", f"Labels and reasons by slantwise, model {signed}. Values are log-odds."),
        Html(f"<script>{script}</script>"),
    )
    return f"{head}{body}\n</html>\n"


def content_policy() -> str:
    """Return the content policy of the page, which a server can send in its headers too."""
    style, script = map(_digest, _assets())
    return f"default-src 'none'; style-src '{style}'; script-src '{script}'; base-uri 'none'; form-action 'none'"


def _assets() -> tuple[str, str]:
    """Return the style and the script."""
    here = files("classifier")
    return here.joinpath("explain.css").read_text(encoding="utf-8"), here.joinpath("explain.js").read_text(
        encoding="utf-8"
    )


def _digest(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _legend() -> Html:
    lines = [
        together(
            tag("b", "Point at a label, tap it or press Enter on it"), ": the sentences that speak for it stand out."
        ),
        together(tag("span", "Underlined", class_="s pro"), " sentences speak for the labels whose numbers follow."),
        together(tag("span", "Wavy", class_="s con"), f" ones speak against a side; its number has a minus, {MINUS}3."),
        together(tag("span", "Grey, behind a cross", class_="gone"), ": dropped from the page before it was scored."),
        Html("A bar is the probability, the line across it the threshold from which the label is assigned."),
    ]
    return tag("aside", tag("h2", "How to read this"), tag("ul", *(tag("li", line) for line in lines)), class_="legend")


# --- an article


def _article(one: Explanation, key: str) -> Html:
    heading = _stretches(one.heading.stretches, key, one.assigned) if one.heading.stretches else one.title
    lines = (_line(line, key, one.assigned) for line in one.lines)
    text = tag("div", *lines, class_="text", role="region", aria_label="Text of the article")
    labels = tag("div", *_questions(one, key), class_="labels", role="region", aria_label="Labels")
    return tag(
        "article",
        tag("h1", heading),
        tag("p", one.about, class_="about"),
        tag("div", labels, text, class_="columns"),
        id=key,
    )


def _line(line: Line, key: str, shown: frozenset[int]) -> Html:
    if not line.dropped:
        return tag("p", _stretches(line.stretches, key, shown))
    reason = tag("small", f" dropped: {line.dropped}")
    return tag("p", together(line.stretches[0].text, reason), class_="gone")


def _stretches(stretches: Sequence[Marked], key: str, shown: frozenset[int]) -> Html:
    return together(*(_stretch(part, key, shown) for part in stretches))


def _stretch(part: Marked, key: str, shown: frozenset[int]) -> Html:
    """Return a stretch of text; its marks are links to the labels that were assigned."""
    if not part.speaks_for and not part.against:
        return together(part.text)
    numbers = {"data-for": part.speaks_for, "data-con": part.against}
    given = {name: " ".join(map(str, of)) for name, of in numbers.items() if of}
    kind = "s pro" if shown.intersection(part.speaks_for) else "s con" if shown.intersection(part.against) else "s"
    sentence = tag("span", part.text, class_=kind, **given)
    links = [_mark(n, "", key) for n in part.speaks_for if n in shown]
    links += [_mark(n, MINUS, key) for n in part.against if n in shown]
    if not links or not part.ends:
        return sentence
    return together(sentence, tag("sup", *(together(" ", link) for link in links)))


def _mark(number: int, sign: str, key: str) -> Html:
    said = f"speaks {'against' if sign else 'for'} label {number}"
    return tag("a", f"{sign}{number}", href=f"#{key}-{number}", class_="mark", data_label=number, aria_label=said)


# --- labels


def _questions(one: Explanation, key: str) -> Iterator[Html]:
    for question, labels in groupby(one.labels, key=lambda label: label.question):
        parts: list[Html] = []
        for yes, some in groupby(labels, key=lambda label: label.yes):
            items = [tag("li", *_label(label, key), id=f"{key}-{label.number}") for label in some]
            parts += [] if yes else [tag("p", "not assigned, but close", class_="close")]
            parts.append(tag("ul", *items, class_="yes" if yes else "near"))
        yield tag("section", tag("h2", breakable(question.replace("_", " "))), *parts)


def _label(label: Judged, key: str) -> Iterator[Html]:
    name = tag("span", breakable(label.key.replace("_", " ")), class_="name")
    number = tag("span", str(label.number), class_="number")
    remark = tag("span", label.remark, class_="remark") if label.yes and label.remark else Html()
    said = tag("span", f"{label.probability:.2f}", tag("small", f" threshold {label.threshold:.2f}"), class_="p")
    yield tag(
        "button",
        number,
        name,
        said,
        _bar(label),
        remark,
        type="button",
        aria_pressed="false",
        data_label=label.number,
        aria_describedby=f"{key}-{label.number}-what",
    )
    yield tag("p", label.definition, class_="what", id=f"{key}-{label.number}-what")
    yield tag("details", tag("summary", "What adds how much"), tag("table", *_parts(label)))


def _bar(label: Judged) -> Html:
    """Return the probability as a bar, striped where the label is not assigned, with its threshold across it."""
    at = f"{label.threshold * 100:.1f}"
    return Html(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="rest" width="100" height="8"/>'
        f'<rect class="filled" y="1.5" width="{label.probability * 100:.1f}" height="5"/>'
        f'<rect class="threshold" x="{at}" width="0.8" height="8"/></svg>'
    )


def _parts(label: Judged) -> Iterator[Html]:
    """Yield the rows of the sum that is the decision value."""
    why = label.why
    yield _row("without a word", why.intercept)
    for head, adds in why.beside.items():
        yield _row(f"{head}, beside the text", adds)
    for term, adds in why.terms.items():
        yield _row(f"\N{LEFT DOUBLE QUOTATION MARK}{term}\N{RIGHT DOUBLE QUOTATION MARK}", adds)
    yield _row("all other terms", why.other_terms)
    yield _row("together", why.value, class_="sum")


def _row(name: str, adds: float, **attributes: object) -> Html:
    amount = f"{adds:+.2f}".replace("-", MINUS)
    return tag("tr", tag("th", name, scope="row"), tag("td", amount), **attributes)
