"""Web archives: which records are articles, how their bodies are unpacked, and what damage costs."""

import gzip
import io
import random
import re
import sys
import tracemalloc
import zlib
from pathlib import Path

import brotli
import polars as pl
import pytest
import zstandard

from classifier import rows, warc
from classifier.articles import Recoded, Reject, read_articles

VOTE = "The council voted on Tuesday night to close two of the three clinics that serve the upper valley."
BODY = "".join(f"<p>{VOTE} Part {number} of the minutes says so.</p>" for number in range(6))
PAGE = f"<html><head><title>Clinics to close</title></head><body><article>{BODY}</article></body></html>".encode()


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def block(body=PAGE, *, kind="text/html; charset=utf-8", status="200 OK", headers=()):
    head = [f"HTTP/1.1 {status}", *([f"Content-Type: {kind}"] if kind else []), *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


def record(content=None, *, kind="response", uri="http://ledger.example/a"):
    content = block() if content is None else content
    head = ["WARC/1.0", f"WARC-Type: {kind}", f"WARC-Target-URI: {uri}", "WARC-Date: 2021-05-03T10:00:00Z"]
    media = "warc-fields" if kind == "warcinfo" else "http"
    head += [f"Content-Type: application/{media}", f"Content-Length: {len(content)}", "", ""]
    return "\r\n".join(head).encode() + content + b"\r\n\r\n"


def chunked(body):
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


def read(*inputs, stdin=b""):
    """Return the articles as one frame, the rejects as a text each, and the encodings that were told."""
    told = []
    found = list(read_articles(inputs, on_reject=told.append, stdin=io.BytesIO(stdin), extra=["extraction"]))
    rejects = [f"{note.source}: {note.reason}" for note in told if isinstance(note, Reject)]
    encodings = [note.encoding for note in told if isinstance(note, Recoded)]
    return pl.concat(found) if found else pl.DataFrame({"id": [], "text": []}), rejects, encodings


def write(name, *records):
    Path(name).write_bytes(b"".join(records))


def test_a_page_is_an_article_that_is_called_by_its_address():
    write("a.warc", record(b"software: x", kind="warcinfo"), record(block(b""), kind="request"), record())

    frame, rejects, _ = read("a.warc")

    assert rejects == []
    expected = ("http://ledger.example/a", "a.warc:3", "Clinics to close", "http://ledger.example/a", "trafilatura")
    assert frame.select("id", "source", "title", "url", "extraction").rows() == [expected]
    assert VOTE in frame["text"][0]


def test_the_date_of_the_crawl_is_not_the_date_of_the_article():
    write("a.warc", record())

    assert read("a.warc")[0]["date"].to_list() == [None]


def test_a_page_that_was_had_twice_is_called_by_its_place_too():
    write("a.warc", record(), record())

    assert read("a.warc")[0]["id"].to_list() == ["http://ledger.example/a", "a.warc:2"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(block(kind="image/png"), id="image"),
        pytest.param(block(kind="application/json"), id="json"),
        pytest.param(block(b"\x89PNG", kind=""), id="no-type-and-no-page"),
        pytest.param(block(status="404 Not Found"), id="not-found"),
        pytest.param(block(status="301 Moved"), id="moved"),
        pytest.param(b"no response", id="no-http"),
        pytest.param(b"", id="empty"),
    ],
)
def test_other_records_are_passed_over_in_silence(content):
    write("a.warc", record(content, uri="http://other.example"), record())

    frame, rejects, _ = read("a.warc")

    assert frame["source"].to_list() == ["a.warc:2"]
    assert rejects == []


@pytest.mark.parametrize("kind", ["", "application/xhtml+xml", "TEXT/HTML"])
def test_a_page_may_be_of_any_type_that_html_has_or_of_none(kind):
    write("a.warc", record(block(kind=kind)))

    assert read("a.warc")[0].height == 1


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        pytest.param(gzip.compress(PAGE), ["Content-Encoding: gzip"], id="gzip"),
        pytest.param(zlib.compress(PAGE), ["Content-Encoding: deflate"], id="deflate"),
        pytest.param(brotli.compress(PAGE), ["Content-Encoding: br"], id="br"),
        pytest.param(zstandard.compress(PAGE), ["Content-Encoding: zstd"], id="zstd"),
        pytest.param(chunked(PAGE), ["Transfer-Encoding: chunked"], id="chunked"),
        pytest.param(
            chunked(gzip.compress(PAGE)), ["Transfer-Encoding: chunked", "Content-Encoding: gzip"], id="chunked-gzip"
        ),
        pytest.param(PAGE, ["Content-Encoding: gzip"], id="undone-by-the-crawler"),
        pytest.param(PAGE, ["Content-Encoding: br"], id="br-undone-by-the-crawler"),
        pytest.param(PAGE, ["Transfer-Encoding: chunked"], id="chunks-joined-by-the-crawler"),
        pytest.param(
            gzip.compress(PAGE), ["Transfer-Encoding: chunked", "Content-Encoding: gzip"], id="only-chunks-joined"
        ),
    ],
)
def test_what_was_packed_for_sending_is_unpacked(body, headers):
    write("a.warc", record(block(body, headers=headers)))

    frame, rejects, _ = read("a.warc")

    assert rejects == []
    assert frame["title"].to_list() == ["Clinics to close"]


@pytest.mark.parametrize(
    ("kind", "meta"),
    [
        pytest.param("text/html; charset=iso-8859-2", "", id="header"),
        pytest.param("text/html", '<meta charset="iso-8859-2">', id="meta"),
        pytest.param("text/html; charset=iso-8859-2", '<meta charset="koi8-r">', id="header-before-meta"),
        pytest.param("text/html; charset=nonsense", '<meta charset="iso-8859-2">', id="header-that-is-not-known"),
    ],
)
def test_the_charset_that_is_declared_is_respected(kind, meta):
    page = f"<html><head>{meta}<title>Žluťoučký kůň</title></head><body><p>Příliš žluťoučký kůň.</p></body></html>"
    write("a.warc", record(block(page.encode("iso-8859-2"), kind=kind)))

    frame, _, encodings = read("a.warc")

    assert frame["text"].to_list() == ["Příliš žluťoučký kůň."]
    assert encodings == ["iso8859_2"]


@pytest.mark.parametrize("packing", [".gz", ".zst"])
def test_a_packed_archive_is_read_to_its_end(packing):
    pack = gzip.compress if packing == ".gz" else zstandard.compress
    write(f"a.warc{packing}", *[pack(record(uri=f"http://ledger.example/{n}")) for n in range(5)])

    assert read(f"a.warc{packing}")[0]["id"].to_list() == [f"http://ledger.example/{n}" for n in range(5)]


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "packed"])
def test_an_archive_may_come_on_standard_input(pack):
    frame, rejects, _ = read("-", stdin=pack(record() + record(uri="http://ledger.example/b")))

    assert frame["id"].to_list() == ["http://ledger.example/a", "http://ledger.example/b"]
    assert frame["source"].to_list() == ["stdin:1", "stdin:2"]
    assert rejects == []


THREE = [record(uri=f"http://ledger.example/{n}") for n in range(3)]


@pytest.mark.parametrize("left", [1, 15, 60, 300, 500, len(THREE[2]) - 20])
def test_an_archive_cut_short_keeps_the_records_before_and_says_where(left):
    write("a.warc", *THREE[:2], THREE[2][:left])

    frame, rejects, _ = read("a.warc")

    assert frame["source"].to_list() == ["a.warc:1", "a.warc:2"]
    (reject,) = rejects
    assert reject.startswith("a.warc:3: damaged or cut short ")
    assert reject.endswith("(make or copy the file again)")


def test_a_record_that_is_longer_than_it_says_ends_the_reading():
    write("a.warc", THREE[0], THREE[1].replace(b"\r\n\r\n<html>", b"\r\n\r\nlonger<html>"), THREE[2])

    frame, rejects, _ = read("a.warc")

    assert frame["source"].to_list() == ["a.warc:1", "a.warc:2"]
    assert [reject.partition(": ")[0] for reject in rejects] == ["a.warc:3"]


def test_a_packed_archive_cut_short_keeps_the_records_before():
    write("a.warc.gz", *map(gzip.compress, THREE[:2]), gzip.compress(THREE[2])[:-20])
    write("b.warc", record(uri="http://ledger.example/next"))

    frame, rejects, _ = read("a.warc.gz", "b.warc")

    assert frame["source"].to_list() == ["a.warc.gz:1", "a.warc.gz:2", "b.warc:1"]
    (reject,) = rejects
    assert "damaged or cut short" in reject


def test_damage_anywhere_never_raises():
    whole = b"".join(THREE)
    chance = random.Random(0)

    for _ in range(60):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] = chance.randrange(256)
        write("a.warc", damaged)
        frame, rejects, _ = read("a.warc")

        assert frame.height + len(rejects) > 0


@pytest.mark.parametrize("content", [b"no archive", b"\0" * 10_000, b"WARC/1.0\r\nX: " + b"y" * 100_000])
def test_a_file_that_is_no_archive_is_rejected_once(content):
    write("a.warc", content)

    (reject,) = read("a.warc")[1]

    assert reject.startswith("a.warc:1: damaged or cut short here (")


def test_an_archive_without_pages_is_rejected_as_empty():
    write("a.warc", record(block(kind="image/png")))

    assert read("a.warc")[1] == ["a.warc: empty; expected at least one article (leave it out)"]


def test_a_page_without_text_is_rejected_and_the_next_is_read():
    write("a.warc", record(block(b"<html></html>"), uri="http://ledger.example/empty"), record())

    frame, rejects, _ = read("a.warc")

    assert frame["source"].to_list() == ["a.warc:2"]
    assert rejects == ["a.warc:1: no text on the page; expected an article (save it as a browser shows it)"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param(block(b"<p>" + b"x" * 9_000), r"9,0\d\d bytes; an article may have 5,000 ", id="long"),
        pytest.param(
            block(gzip.compress(bytes(100_000)), headers=["Content-Encoding: gzip"]), "over 5,000 bytes", id="bomb"
        ),
        pytest.param(
            block(gzip.compress(PAGE)[3:], headers=["Content-Encoding: gzip"]), "the page is packed and", id="broken"
        ),
    ],
)
def test_a_record_that_cannot_be_an_article_costs_only_itself(monkeypatch, content, complaint):
    for module in (rows, warc):
        monkeypatch.setattr(module, "MAX_ARTICLE_BYTES", 5_000)
    write("a.warc", record(content, uri="http://ledger.example/long"), record())

    frame, rejects, _ = read("a.warc")

    assert frame["source"].to_list() == ["a.warc:2"]
    (reject,) = rejects
    assert re.match(f"a.warc:1: {complaint}", reject)


def test_without_fastwarc_an_archive_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "fastwarc.warc", None)
    write("a.warc", record())

    assert read("a.warc")[1] == [
        "a.warc: archives are read with fastwarc, which is missing (pip install 'slantwise[warc]')"
    ]


@pytest.mark.slow
def test_a_record_of_50_megabytes_is_never_held_whole():
    write(
        "a.warc",
        record(block(b"<p>" + b"x" * 50_000_000)),
        record(block(bytes(50_000_000), kind="video/mp4")),
        record(),
    )

    tracemalloc.start()
    frame, rejects, _ = read("a.warc")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert frame["source"].to_list() == ["a.warc:3"]
    (reject,) = rejects
    assert reject.startswith("a.warc:1: 50,000,0")
    assert peak < 45_000_000


def test_the_address_of_a_page_tells_its_outlet():
    write("a.warc", record())

    assert read("a.warc")[0]["outlet"].to_list() == ["ledger.example"]
