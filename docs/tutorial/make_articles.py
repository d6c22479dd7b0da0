"""The tutorial's data: made-up articles of a city that does not exist, and a stand-in for the person who codes them.

`make_articles.py write` writes articles.jsonl; `code sheet.csv` fills in a sheet of `slantwise sample`.
Both deal the same articles, so the coder knows what each is about; slantwise never sees it.
"""

import csv
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path

N = 600
SENTENCES = 9  # of an article
OWN = (1, 3)  # of them about its topic: so few that the model errs on some
OUTLETS = (
    "Quay Gazette",
    "Upper Town Post",
    "Evening Lantern",
    "Mill Street Record",
    "Weekly Anchor",
    "North Bank News",
)
WHO = ("The council", "A committee", "The mayor's office", "A residents' group", "One expert", "The city's auditor")
SAID = ("said that", "was told that", "disputed that", "reported that", "wrote in a letter that", "had warned that")
WHEN = ("on Monday", "last week", "after a long debate", "in a short note", "this spring", "at a public meeting")
ABOUT = {
    "rents": (
        "tenants pay more for the same flats",
        "the rent freeze would end too soon",
        "landlords had raised rents twice",
        "two families were evicted over unpaid rent",
        "a cap on rents needs a new law",
        "leases in the old quarter were not renewed",
    ),
    "transit": (
        "the night bus would stop running",
        "tram drivers were ready to strike",
        "fares on the tram would go up",
        "the new line reaches the harbour late",
        "passengers waited an hour for a bus",
        "the timetable left out two stations",
    ),
    "neither": (
        "the library needs a new roof",
        "the choir would sing in the market hall",
        "the football club had sold its keeper",
        "a storm had taken down trees in the park",
        "the school kitchen would open again",
        "the museum had bought a painting of the port",
    ),
    "anything": (
        "the budget leaves no room for that",
        "nobody had asked the people who live there",
        "the numbers were older than they looked",
        "a decision could wait until the autumn",
        "the plan was better than its critics thought",
        "neighbours on both sides of the river agree",
        "the next meeting would be open to all",
        "more money had been promised than was spent",
    ),
}
STRAY = 0.12  # the chance that a sentence on anything is on some topic in passing, which does not count


def dealt() -> Iterator[tuple[dict[str, str], str]]:
    """Yield each article with its topic; rents take up more of the press from month to month."""
    draw = random.Random(7)  # noqa: S311 - a fixed seed is the point
    for number in range(N):
        month = number * 12 // N
        rents = 0.15 + 0.03 * month
        topic = draw.choices(("rents", "transit", "neither"), (rents, 0.25, 0.75 - rents))[0]
        date = f"2024-{month + 1:02}-{draw.randint(1, 28):02}"
        outlet = draw.choice(OUTLETS)
        yield {"id": f"a{number:03}", "date": date, "outlet": outlet, "text": _text(topic, draw)}, topic


def _text(topic: str, draw: random.Random) -> str:
    own = draw.randint(*OWN)
    strays = [draw.choice(list(ABOUT)) if draw.random() < STRAY else "anything" for _ in range(SENTENCES - own)]
    kinds = [topic] * own + strays
    draw.shuffle(kinds)
    return " ".join(
        f"{draw.choice(WHO)} {draw.choice(SAID)} {draw.choice(ABOUT[kind])}, {draw.choice(WHEN)}." for kind in kinds
    )


def write(path: Path) -> None:
    path.write_text("".join(json.dumps(article) + "\n" for article, _ in dealt()), encoding="utf-8")


def code(sheet: Path) -> None:
    """Fill in the column of topics: a label, or `-` where none applies."""
    topics = {article["id"]: topic for article, topic in dealt()}
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        topic = topics[row["id"]]
        row["topics"] = "-" if topic == "neither" else topic
    with sheet.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    if sys.argv[1:] == ["write"]:
        write(Path("articles.jsonl"))
    elif len(sys.argv) == 3 and sys.argv[1] == "code":
        code(Path(sys.argv[2]))
    elif sys.argv[1:] == ["truth"]:
        print(f"rents {sum(topic == 'rents' for _, topic in dealt()) / N:.3f}")  # noqa: T201 - a script's answer
    else:
        sys.exit("usage: make_articles.py write | code SHEET.csv | truth")
