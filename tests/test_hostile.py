"""Broken and hostile files: they cost themselves and nothing else, whatever the format."""

import gzip
import io
import json
from pathlib import Path

import polars as pl
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.articles import Reject, read_articles

VOTE = "The council voted on Tuesday night to close two of the three clinics that serve the upper valley. "
PAGE = f"<html><head><title>Clinics</title></head><body><article>{f'<p>{VOTE}</p>' * 6}</article></body></html>"
TEXTS = {
    "nul-bytes": "\0" * 1_000 + "Words.",
    "a-line-of-a-megabyte": "x" * 1_000_000,
    "words-of-a-megabyte": VOTE * 10_000,
    "a-tag-of-a-megabyte": "<p " + "a=1 " * 250_000 + ">" + VOTE + "</p>",
    "elements-without-end": "<html>" + "<div>" * 10_000 + VOTE + "</div>" * 10_000,
    "fragments-within-fragments": "<p>" + "<ul><li>" * 5_000 + VOTE + "</li></ul>" * 5_000,
    "tables-within-tables": "<body>" + "<table><tr><td>" * 1_000 + VOTE + "</body>",
    "paragraphs-without-end": "<p>word</p>" * 50_000,
    "comments-that-are-not-closed": "<!-- " * 50_000,
    "many-comments-and-no-page": "<!-- x -->" * 20_000 + "words",
    "angles": "<html>" + "<" * 100_000 + "</html>",
    "angles-and-slashes": "<p>" + "</" * 100_000 + "p>",
    "declarations": "<?xml " * 20_000 + "<!doctype html>",
    "characters-that-are-none": "<p>&#0;&#xD800;&#x110000;</p><p>" + VOTE + "</p>",
    "brackets": "[" * 100_000 + "]" * 100_000,
    "marks": "\ufeff" * 10_000 + PAGE,
    "nested-articles": "<html>" + "<article>" * 5_000 + PAGE,
}


def read(*inputs, stdin=b""):
    told = []
    found = list(read_articles(inputs, on_reject=told.append, stdin=io.BytesIO(stdin)))
    names = pl.concat(found)["id"].to_list() if found else []
    return names, [note for note in told if isinstance(note, Reject)]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pack_rows(suffix, rows):
    if suffix == ".jsonl":
        return "".join(json.dumps(row) + "\n" for row in rows).encode()
    file = io.BytesIO()
    frame = pl.DataFrame(rows)
    if suffix == ".parquet":
        frame.write_parquet(file)
    else:
        frame.write_csv(file, separator="\t" if suffix == ".tsv" else ",")
    return file.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_hostile_row_is_an_article_or_one_reject_and_the_others_are_read(suffix, text):
    rows = [{"id": "first", "text": VOTE}, {"id": "hostile", "text": text}, {"id": "last", "text": PAGE}]
    Path(f"a{suffix}").write_bytes(pack_rows(suffix, rows))

    names, rejects = read(f"a{suffix}")

    assert names == ["first", "last"] if rejects else ["first", "hostile", "last"]
    assert len(rejects) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.txt", "a.html", "-"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_hostile_file_is_an_article_or_one_reject_and_the_next_is_read(name, text):
    if name != "-":
        Path(name).write_text(text)
    Path("next.txt").write_text(VOTE)

    names, rejects = read(name, "next.txt", stdin=text.encode())

    assert names[-1] == "next.txt"
    assert len(names) + len(rejects) == 2


def record(body):
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body
    head = "WARC/1.0\r\nWARC-Type: response\r\nContent-Type: application/http; msgtype=response\r\n"
    return f"{head}Content-Length: {len(http)}\r\n\r\n".encode() + http + b"\r\n\r\n"


ROWS = [{"id": f"{n}", "text": PAGE if n == 2 else f"{VOTE} Café {n}."} for n in range(5)]
WHOLE = {
    "a.txt": VOTE.encode(),
    "a.html": PAGE.encode(),
    **{f"a{suffix}": pack_rows(suffix, ROWS) for suffix in (".jsonl", ".csv", ".tsv", ".parquet")},
    "utf16.csv": pack_rows(".csv", ROWS).decode().encode("utf-16"),
    "a.warc": record(PAGE.encode()) * 3,
}
WHOLE |= {f"{name}.gz": gzip.compress(content) for name, content in WHOLE.items()}
WHOLE |= {f"{name}.zst": zstandard.compress(content) for name, content in WHOLE.items() if not name.endswith(".gz")}


def cut(content, at, _junk):
    return content[: at % (len(content) + 1)]


def overwrite(content, at, junk):
    at %= len(content) + 1
    return content[:at] + junk + content[at + len(junk) :]


def insert(content, at, junk):
    at %= len(content) + 1
    return content[:at] + junk + content[at:]


def double(content, at, _junk):
    return insert(content, at, content)


DAMAGE = st.tuples(
    st.sampled_from([cut, overwrite, insert, double]),
    st.integers(0, 1 << 20),
    st.binary(min_size=1, max_size=8) | st.sampled_from([b"\0" * 100, b"\xff\xfe", b"\x1f\x8b", b"\n", b'"']),
)


@pytest.mark.slow
@pytest.mark.parametrize("name", WHOLE)
@given(st.lists(DAMAGE, min_size=1, max_size=3))
@settings(max_examples=15)
def test_a_damaged_file_never_raises_and_the_next_is_read(tmp_path_factory, name, damages):
    folder = tmp_path_factory.getbasetemp()
    content = WHOLE[name]
    for damage, at, junk in damages:
        content = damage(content, at, junk)
    (folder / name).write_bytes(content)
    (folder / "next.txt").write_text(VOTE)

    names, rejects = read(folder / name, folder / "next.txt", "-", stdin=content)

    assert "next.txt" in names
    assert len(names) + len(rejects) > 2
    assert len(set(names)) == len(names)
