"""Say what is different between two codebooks, and what that means for articles that are coded already.

A label that only changed its key (same definition) is told from one that went and another that came.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from classifier.codebook import Codebook, Head, Label, Target

PLAIN_OF_BOOK = ("name", "version", "title", "language", "licence", "instructions")
PLAIN_OF_HEAD = ("field", "kind", "question", "instructions", "at_least_one", "coded_in", "of", "beside")
CODED_DIFFERENTLY = ("definition", "definitions", "excludes", "rules", "target", "question", "instructions")
LONGEST = 160  # characters of a text that are shown


def differences(first: Codebook, second: Codebook) -> list[str]:
    """Return a line for each difference: + for what came, - for what went, ~ for what changed."""
    lines = list(_changed("codebook", asdict(first), asdict(second), PLAIN_OF_BOOK))
    ours, theirs = ({head.key: head for head in book.heads} for book in (first, second))
    for key in ours | theirs:
        lines += _of_head(key, ours.get(key), theirs.get(key))
    common = [key for key in ours if key in theirs]
    if common != [key for key in theirs if key in ours]:
        lines.append("~ heads: in another order")
    return lines


def _of_head(key: str, first: Head | None, second: Head | None) -> Iterator[str]:
    if first is None or second is None:
        known = first or second
        assert known is not None
        mark, meaning = ("-", "its answers in label files are passed over") if first else ("+", "not coded yet")
        yield f"{mark} head {key} ({known.kind}: {', '.join(known.keys)}): {meaning}"
        return
    yield from _changed(key, asdict(first), asdict(second), PLAIN_OF_HEAD)
    came, went = (set(one.ignore) - set(other.ignore) for one, other in ((second, first), (first, second)))
    if came or went:
        yield f"~ {key}: ignore has {len(came):,} terms more and {len(went):,} less: train again"
    yield from _of_labels(key, first, second)
    ours, theirs = ({target.label: target for target in head.targets} for head in (first, second))
    for label in ours | theirs:
        yield from _of_target(f"{key} on {label}", ours.get(label), theirs.get(label))


def _of_labels(head: str, first: Head, second: Head) -> Iterator[str]:
    ours, theirs = ({label.key: label for label in one.labels} for one in (first, second))
    renamed = _renamed(ours, theirs)
    for key, label in ours.items():
        if key in theirs:
            yield from _changed(f"{head}.{key}", asdict(label), asdict(theirs[key]), tuple(asdict(label)))
        elif key in renamed:
            kept = key in second.keys_of_name
            meaning = "label files that say so are still read" if kept else f"add {key!r} to its aliases, or recode"
            yield f"~ {head}.{key} is now {renamed[key]}: {meaning}"
        else:
            yield f"- {head}.{key}: label files that use it are refused until it is taken out of them"
    for key in theirs:
        if key not in ours and key not in renamed.values():
            yield f"+ {head}.{key}: articles coded before were never asked for it, and would count as without it"
    common = [key for key in ours if key in theirs]
    if common != [key for key in theirs if key in ours]:
        yield f"~ {head}: labels in another order"


def _renamed(ours: Mapping[str, Label], theirs: Mapping[str, Label]) -> dict[str, str]:
    """Return old and new key of labels whose definition is that of a label which is not there any more."""
    new = {label.definition: key for key, label in theirs.items() if key not in ours and label.definition}
    return {key: new[label.definition] for key, label in ours.items() if key not in theirs and label.definition in new}


def _of_target(where: str, first: Target | None, second: Target | None) -> Iterator[str]:
    if first and second:
        yield from _changed(where, asdict(first), asdict(second), ("target", "definitions", "rules"))
    else:
        yield f"- {where}: no longer asked" if first else f"+ {where}: not coded yet"


def _changed(where: str, first: Mapping[str, Any], second: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[str]:
    for key in keys:
        if first[key] != second[key]:
            look = ": look at the coded articles again" if key in CODED_DIFFERENTLY else ""
            yield f"~ {where}, {key}{look}\n    {_shown(first[key])}\n    {_shown(second[key])}"


def _shown(value: Any) -> str:
    text = " ".join(str(value).split()) or "(nothing)"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
