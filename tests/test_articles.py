"""What can be read, what cannot, and what is said about it."""

import gzip
import io
import json
import os
import random
import re
import string
import tracemalloc
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

import classifier.packed
from classifier import articles, formats, rows, tables, warc
from classifier.articles import MAX_ARTICLE_BYTES, Columns, Recoded, Reject, read_articles
from classifier.encodings import Decoder
from classifier.errors import ArticleError

SCHEMA = dict.fromkeys(("id", "source", "title", "text", "outlet", "date", "url"), pl.String)


def read(*inputs, columns=None, stdin=b"", **options):
    """Return everything that was read as one frame, and the rejects as one text a line."""
    told = []
    batches = list(
        read_articles(inputs, columns or Columns(), on_reject=told.append, stdin=io.BytesIO(stdin), **options)
    )
    frame = pl.concat(batches) if batches else pl.DataFrame(schema=SCHEMA)
    return frame, [f"{reject.source}: {reject.reason}" for reject in told if isinstance(reject, Reject)]


def encodings(*inputs, stdin=b""):
    """Return what was told of rows that are not UTF-8, a file and its encoding for each."""
    told = []
    list(read_articles(inputs, on_reject=told.append, stdin=io.BytesIO(stdin)))
    return [(note.source, note.encoding) for note in told if isinstance(note, Recoded)]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working folder, so that paths in messages are short."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def small_limit(monkeypatch):
    for module in (articles, formats, rows, tables, warc):
        monkeypatch.setattr(module, "MAX_ARTICLE_BYTES", 100)


def write(path, content):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(content if isinstance(content, bytes) else content.encode())


def write_rows(path, rows):
    if path.endswith(".jsonl"):
        write(path, "".join(json.dumps(row) + "\n" for row in rows))
    elif path.endswith((".csv", ".tsv")):
        pl.DataFrame(rows).write_csv(path, separator="\t" if path.endswith(".tsv") else ",")
    else:
        pl.DataFrame(rows).write_parquet(path)


TABLES = pytest.mark.parametrize("path", ["a.jsonl", "a.csv", "a.tsv", "a.parquet"])
FIRST_LINE = {"a.jsonl": 1, "a.csv": 2, "a.tsv": 2, "a.parquet": 1}


# --- what every format has in common


@TABLES
def test_all_fields_of_a_row_are_read(here, path):
    row = {"id": "x", "text": "Words.", "title": "T", "outlet": "O", "date": "2020-01-31", "url": "http://u"}
    write_rows(path, [row])

    frame, rejects = read(path)

    assert rejects == []
    assert frame.schema == SCHEMA
    assert frame.to_dicts() == [row | {"source": f"{path}:{FIRST_LINE[path]}"}]


@TABLES
def test_a_row_without_an_id_is_named_by_file_and_line(here, path):
    write_rows(f"{path}", [{"text": "One."}, {"text": "Two."}])

    frame, _ = read(str(here / path))

    line = FIRST_LINE[path]
    assert frame["id"].to_list() == [f"{path}:{line}", f"{path}:{line + 1}"]
    assert frame["source"].to_list() == [f"{here / path}:{line}", f"{here / path}:{line + 1}"]


@TABLES
def test_a_row_whose_id_is_blank_is_named_by_file_and_line(here, path):
    write_rows(path, [{"id": " ", "text": "One."}, {"id": "b", "text": "Two."}, {"id": None, "text": "Three."}])

    frame, _ = read(path)

    line = FIRST_LINE[path]
    assert frame["id"].to_list() == [f"{path}:{line}", "b", f"{path}:{line + 2}"]


@TABLES
def test_numbers_become_text(here, path):
    write_rows(path, [{"id": 17, "text": "One.", "date": 2020.5, "outlet": True}])

    frame, _ = read(path)

    assert frame.select("id", "date", "outlet").row(0) == ("17", "2020.5", "true")


@pytest.mark.parametrize("path", ["a.jsonl", "a.parquet"])
def test_not_a_number_is_unknown(here, path):
    write_rows(path, [{"id": float("nan"), "text": text, "title": float("nan")} for text in ("One.", "Two.")])

    frame, rejects = read(path)

    assert rejects == []
    assert frame.select("id", "title").rows() == [(f"{path}:1", None), (f"{path}:2", None)]


@TABLES
def test_a_blank_title_is_unknown(here, path):
    write_rows(path, [{"id": "a", "text": "One.", "title": " "}])

    frame, _ = read(path)

    assert frame["title"].to_list() == [None]


@TABLES
def test_columns_are_found_under_the_names_that_were_given(here, path):
    write_rows(path, [{"doc": "a", "body": "One.", "headline": "T", "text": "not this"}])

    frame, _ = read(path, columns=Columns(id="doc", text="body", title="headline"))

    assert frame.select("id", "text", "title").row(0) == ("a", "One.", "T")


@TABLES
@pytest.mark.parametrize(
    ("columns", "missing", "option"),
    [
        pytest.param(Columns(text="body"), "body", "--text-column", id="text"),
        pytest.param(Columns(id="doc"), "doc", "--id-column", id="id"),
        pytest.param(Columns(title="headline"), "headline", "--title-column", id="title"),
    ],
)
def test_a_column_that_was_named_must_be_there(here, path, columns, missing, option):
    write_rows(path, [{"id": "a", "text": "One."}])

    frame, rejects = read(path, columns=columns)

    source = f"{path}:1" if path == "a.jsonl" else path
    assert rejects == [f"{source}: missing '{missing}'; found 'id', 'text' (name the column with {option})"]
    assert frame.is_empty()


@TABLES
def test_further_columns_are_carried_along(here, path):
    write_rows(path, [{"id": "a", "text": "One.", "leaning": "left", "rank": 3}])

    frame, _ = read(path, extra=("leaning", "rank", "absent", "outlet"))

    assert frame.columns == [*SCHEMA, "leaning", "rank", "absent"]
    assert frame.select("leaning", "rank", "absent").row(0) == ("left", "3", None)


def test_a_further_column_cannot_take_the_place_of_a_fixed_one():
    with pytest.raises(ArticleError, match=r"extra column 'source': .*rename it"):
        read_articles(["a.csv"], on_reject=print, extra=("leaning", "source"))


@TABLES
@pytest.mark.parametrize("text", ["", " \t ", "\u00a0\u2003"], ids=["empty", "spaces", "wide-spaces"])
def test_a_blank_text_is_rejected(here, path, text):
    write_rows(path, [{"id": "a", "text": text}, {"id": "b", "text": "Two."}])

    frame, rejects = read(path)

    assert rejects == [f"{path}:{FIRST_LINE[path]}: blank text; expected the words of an article (leave it out)"]
    assert frame["id"].to_list() == ["b"]


@TABLES
def test_the_second_article_with_an_id_is_rejected(here, path):
    write_rows(path, [{"id": key, "text": text} for key, text in [("a", "1st"), ("b", "2nd"), ("a", "3rd")]])

    frame, rejects = read(path)

    assert frame["text"].to_list() == ["1st", "2nd"]
    (reject,) = rejects
    assert reject.startswith(f"{path}:{FIRST_LINE[path] + 2}: duplicate id 'a'; ")
    assert "--id-column" in reject


def test_ids_are_unique_across_files_and_formats(here):
    for path in ("a.jsonl", "a.csv", "a.parquet"):
        write_rows(path, [{"id": "same", "text": "One."}])

    frame, rejects = read("a.jsonl", "a.csv", "a.parquet")

    assert frame["source"].to_list() == ["a.jsonl:1"]
    assert [reject.partition(": ")[0] for reject in rejects] == ["a.csv:2", "a.parquet:1"]


@TABLES
def test_an_id_is_free_while_only_a_rejected_row_had_it(here, path):
    write_rows(path, [{"id": "a", "text": " "}, {"id": "a", "text": "Two."}])

    frame, rejects = read(path)

    assert frame["text"].to_list() == ["Two."]
    assert len(rejects) == 1


@TABLES
def test_a_nul_byte_survives(here, path):
    write_rows(path, [{"id": "a\0b", "text": "One\0two."}])

    frame, rejects = read(path)

    assert (frame.select("id", "text").row(0), rejects) == (("a\0b", "One\0two."), [])


@TABLES
def test_a_row_over_the_limit_costs_only_itself(here, small_limit, path):
    rows = [("a", "First."), ("b", "x" * 101), ("c", "Third.")]
    write_rows(path, [{"id": key, "text": text} for key, text in rows])

    frame, rejects = read(path)

    assert frame["id"].to_list() == ["a", "c"]
    (reject,) = rejects
    assert reject.startswith(f"{path}:{FIRST_LINE[path] + 1}: 1")
    assert "bytes; an article may have 100 (split" in reject


@pytest.mark.parametrize("path", ["a.txt", "a.md", "a.html", "a.jsonl", "a.ndjson", "a.csv", "a.parquet", "a.warc"])
def test_an_empty_file_is_rejected(here, path):
    write(path, b"")

    frame, rejects = read(path)

    assert rejects == [f"{path}: empty; expected at least one article (leave it out)"]
    assert frame.is_empty()


@pytest.mark.parametrize(
    ("path", "content"),
    [("a.jsonl", b"\n \r\n"), ("a.jsonl", b"\xef\xbb\xbf\n"), ("a.csv", b"id,text\n"), ("a.csv", b"id,text\n\n")],
    ids=["blank-lines", "only-a-byte-order-mark", "only-a-header", "header-and-blank-line"],
)
def test_a_file_without_rows_is_rejected(here, path, content):
    write(path, content)

    assert read(path)[1] == [f"{path}: empty; expected at least one article (leave it out)"]


def test_a_parquet_file_without_rows_is_rejected(here):
    pl.DataFrame(schema={"text": pl.String}).write_parquet("a.parquet")

    assert read("a.parquet")[1] == ["a.parquet: empty; expected at least one article (leave it out)"]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a.txt", "One.\r\nTwo."),
        ("a.jsonl", '{"id": "a", "text": "One.\\r\\nTwo."}\r\n'),
        ("a.csv", 'id,text\r\na,"One.\r\nTwo."\r\n'),
    ],
    ids=["txt", "jsonl", "csv"],
)
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte-order-mark"])
def test_a_byte_order_mark_is_dropped_and_line_ends_are_kept(here, path, content, mark):
    write(path, mark + content)

    frame, rejects = read(path)

    assert rejects == []
    assert frame.select("id", "text").row(0) == ("a.txt" if path == "a.txt" else "a", "One.\r\nTwo.")


CAFE = [
    ("a.txt", b"Caf\xe9 closed.", "a.txt", "3 of the file"),
    ("a.jsonl", b'{"id": "a", "text": "fine"}\n{"text": "Caf\xe9"}\n', "a.jsonl:2", "13 of the line"),
    ("a.csv", b"id,text\na,fine\nb,Caf\xe9\n", "a.csv:3", "5 of line 3"),
    ("a.csv", b'id,text\na,fine\nb,"One\nCaf\xe9\nno"\n', "a.csv:3", "3 of line 4"),
]


@pytest.mark.parametrize(
    ("path", "content", "source", "offset"), CAFE, ids=["txt", "jsonl", "csv", "csv-within-quotes"]
)
def test_what_is_not_utf8_is_read_as_windows_1252_and_said_so(here, path, content, source, offset):
    write(path, content)

    frame, rejects = read(path)

    assert rejects == []
    assert "Caf\u00e9" in frame["text"][-1]
    assert encodings(path) == [(path, "cp1252")]


@pytest.mark.parametrize(
    ("path", "content", "source", "offset"), CAFE, ids=["txt", "jsonl", "csv", "csv-within-quotes"]
)
def test_what_no_encoding_fits_is_rejected_with_the_byte_and_a_way_out(
    here, monkeypatch, path, content, source, offset
):
    write(path, content)
    monkeypatch.setattr(Decoder, "_candidates", lambda *_, **__: [])

    _, rejects = read(path)

    way_out = "(convert the file, e.g. with iconv -f WINDOWS-1252 -t UTF-8)"
    assert rejects == [f"{source}: expected UTF-8, found byte 0xe9 at offset {offset} {way_out}"]


def test_mixed_encodings_cost_no_line(here):
    russian = "Совет города закрыл две больницы и одну школу в долине."
    texts = ["Caf\u00e9", "\u201cCaf\u00e9\u201d and na\u00efve", russian, "Caf\u00e9", "plain"]
    lines = [
        text.encode(kind) for text, kind in zip(texts, ["utf-8", "cp1252", "cp1251", "cp1252", "utf-8"], strict=True)
    ]
    write("a.csv", b"text\n" + b"\n".join(lines))

    frame, rejects = read("a.csv")

    assert (frame["text"].to_list(), rejects) == (texts, [])
    assert [encoding for _, encoding in encodings("a.csv")] == ["cp1252", "cp1251", "cp1252"]


@pytest.mark.parametrize("kind", ["utf-16", "utf-16-be"])
def test_a_text_file_in_utf16_with_its_mark_is_read(here, kind):
    write("a.txt", ("\ufeff" * (kind != "utf-16") + "Words.").encode(kind))

    assert read("a.txt")[0]["text"].to_list() == ["Words."]


@pytest.mark.parametrize("path", ["a.csv", "a.tsv", "a.jsonl", "-"])
@pytest.mark.parametrize("kind", ["utf-16-le", "utf-16-be"])
def test_a_table_in_utf16_with_its_mark_is_read(here, path, kind):
    content = '{"text": "Žluťoučký."}\n{"text": "Ċċ"}\n' if path in {"a.jsonl", "-"} else "text\nŽluťoučký.\nĊċ\n"
    data = ("\ufeff" + content).encode(kind)
    if path != "-":
        write(path, data)

    frame, rejects = read(path, stdin=data)

    assert (frame["text"].to_list(), rejects) == (["Žluťoučký.", "Ċċ"], [])
    assert encodings(path, stdin=data) == [("stdin" if path == "-" else path, "utf-16")] * 2


def test_a_table_in_utf16_that_is_cut_within_a_character_is_read(here):
    write("a.csv", "text\nWords.\nMore.".encode("utf-16")[:-1])

    assert read("a.csv")[0]["text"].to_list() == ["Words.", "More\ufffd"]


def test_a_nul_byte_beside_an_accent_survives(here):
    write("a.txt", b"Caf\xe9\0closed.")

    assert read("a.txt")[0]["text"].to_list() == ["Caf\u00e9\0closed."]


# --- plain text


@pytest.mark.parametrize("path", ["march.txt", "march.md", "MARCH.TXT"])
def test_a_text_file_is_one_article_kept_as_it_came(here, path):
    write(path, "\n  One.\n\nTwo. \n")

    frame, _ = read(here / path)

    row = {"id": path, "source": str(here / path), "text": "\n  One.\n\nTwo. \n"}
    assert frame.to_dicts() == [dict.fromkeys(SCHEMA) | row]


def test_a_text_file_does_not_need_the_columns_that_were_named(here):
    write("a.txt", "Words.")

    frame, rejects = read("a.txt", columns=Columns(id="doc", text="body", title="headline"))

    assert (frame["text"].to_list(), rejects) == (["Words."], [])


def test_a_blank_text_file_is_rejected(here):
    write("a.txt", " \n")

    assert read("a.txt")[1] == ["a.txt: blank text; expected the words of an article (leave it out)"]


def test_a_text_file_over_the_limit_is_rejected_with_its_size(here, small_limit):
    write("a.txt", "x" * 1234)

    assert read("a.txt")[1] == [
        "a.txt: 1,234 bytes; an article may have 100 (split the file into its articles)",
    ]


def test_a_text_file_at_the_limit_is_read(here, small_limit):
    write("a.txt", "x" * 100)

    assert read("a.txt")[0].height == 1


# --- JSON lines


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        pytest.param("{", "not JSON: Expecting property name .* at column 2 ", id="not-json"),
        pytest.param('{"text": "a"} x', "not JSON: Extra data at column 15 ", id="more-than-json"),
        pytest.param("[1]", "expected a JSON object, found a list ", id="list"),
        pytest.param('"text"', "expected a JSON object, found a string ", id="string"),
        pytest.param("null", "expected a JSON object, found null ", id="null"),
        pytest.param("9" * 5000, "not JSON that can be read: Exceeds the limit ", id="huge-number"),
        pytest.param("[" * 100_000, "not JSON that can be read: maximum recursion", id="deep"),
        pytest.param('{"id": "b", "outlet": "O"}', "missing 'text'; found 'id', 'outlet' ", id="no-text"),
        pytest.param("{}", "missing 'text'; found nothing", id="no-keys"),
        pytest.param('{"text": null}', "expected a string in 'text', found null", id="null-text"),
        pytest.param('{"text": 3}', "expected a string in 'text', found a number", id="number-text"),
        pytest.param('{"text": true}', "expected a string in 'text', found true or false", id="bool-text"),
        pytest.param('{"text": ["a"]}', "expected a string in 'text', found a list", id="list-text"),
        pytest.param('{"text": {}}', "expected a string in 'text', found an object", id="object-text"),
        pytest.param(
            r'{"text": "a \ud83d"}', r"expected Unicode text in 'text', found '\\ud83d', half", id="half-character"
        ),
        pytest.param(
            r'{"text": "a", "title": "\udc00"}',
            r"expected Unicode text in 'title', found",
            id="half-character-in-title",
        ),
        pytest.param(
            r'{"text": "a", "id": "\udc00"}', r"expected Unicode text in 'id', found", id="half-character-in-id"
        ),
    ],
)
def test_a_bad_line_is_named_and_the_next_is_read(here, line, complaint):
    write("march.jsonl", f'{{"id": "a", "text": "fine"}}\n{line}\n{{"id": "c", "text": "fine"}}')

    frame, rejects = read("march.jsonl")

    assert frame["id"].to_list() == ["a", "c"]
    (reject,) = rejects
    assert re.fullmatch(rf"march\.jsonl:2: {complaint}.*\(.*\)", reject)


def test_of_many_keys_only_some_are_listed(here):
    write_rows("a.jsonl", [{f"k{n}": 0 for n in range(50)}])

    assert "found 'k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7' and 42 more (" in read("a.jsonl")[1][0]


def test_blank_lines_are_counted_but_not_reported(here):
    write("a.jsonl", '\n{"text": "One."}\n \t\n{"text": "Two."}')

    frame, rejects = read("a.jsonl")

    assert (frame["source"].to_list(), rejects) == (["a.jsonl:2", "a.jsonl:4"], [])


@pytest.mark.parametrize("value", [[1], {"a": 1}, None], ids=["list", "object", "null"])
def test_a_title_that_is_no_text_is_unknown(here, value):
    write_rows("a.jsonl", [{"text": "One.", "title": value, "id": value}])

    frame, _ = read("a.jsonl")

    assert frame.select("id", "title").row(0) == ("a.jsonl:1", None)


def test_a_line_over_the_limit_that_begins_blank_is_not_passed_over(here, small_limit):
    write("a.jsonl", " " * 150 + '{"text": "One."}\n')

    assert read("a.jsonl")[1] == ["a.jsonl:1: 167 bytes; an article may have 100 (split the file into its articles)"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "before", "after"),
    [("a.jsonl", b'{"text": "', b'"}\n{"text": "fine"}\n'), ("a.csv", b'text\n"', b'"\nfine\n'), ("a.txt", b"", b"")],
    ids=["jsonl", "csv", "txt"],
)
def test_a_line_of_50_megabytes_is_never_held_whole(here, path, before, after):
    write(path, before + b"x" * 50_000_000 + after)

    tracemalloc.start()
    frame, rejects = read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    (reject,) = rejects
    assert re.match(rf"{path}(:1|:2)?: 50,000,0\d\d bytes; an article may have {MAX_ARTICLE_BYTES:,} \(", reject)
    assert frame["text"].to_list() == ["fine"] * (path != "a.txt")
    assert peak < 30_000_000


# --- CSV


def test_a_row_of_several_lines_is_placed_by_its_first(here):
    write("a.csv", 'id,text\na,"One.\nTwo.\nThree."\n\nb,Four.\n')

    frame, _ = read("a.csv")

    assert frame["source"].to_list() == ["a.csv:2", "a.csv:6"]
    assert frame["text"].to_list() == ["One.\nTwo.\nThree.", "Four."]


def test_an_article_longer_than_the_default_of_the_csv_module_is_read(here):
    write_rows("a.csv", [{"id": "a", "text": "word " * 50_000}])

    frame, rejects = read("a.csv")

    assert (frame["text"].str.len_bytes().to_list(), rejects) == ([250_000], [])


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        pytest.param("b", "expected 2 fields as in the header, found 1 (", id="too-few"),
        pytest.param("b,One, two.", "expected 2 fields as in the header, found 3 (", id="too-many"),
        pytest.param('b,"He said "no"."', "not CSV: ", id="quotes-not-doubled"),
        pytest.param("b,One\rtwo.", "not CSV: ", id="bare-carriage-return"),
    ],
)
def test_a_bad_row_is_named_and_the_next_is_read(here, row, complaint):
    write("a.csv", f"id,text\na,fine\n{row}\nc,fine\n")

    frame, rejects = read("a.csv")

    assert frame["id"].to_list() == ["a", "c"]
    (reject,) = rejects
    assert reject.startswith(f"a.csv:3: {complaint}")


def test_a_quote_that_is_never_closed_is_reported_with_the_lines_it_cost(here):
    write("a.csv", 'id,text\na,fine\nb,"open\nc,lost\nd,lost\n')

    frame, rejects = read("a.csv")

    assert frame["id"].to_list() == ["a"]
    (reject,) = rejects
    assert reject.startswith("a.csv:3: a quote that opens in this row is never closed; lines 3 to 5 were not read (")


def test_a_quote_that_is_not_closed_costs_the_rows_up_to_the_next_quote(here):
    write("a.csv", 'id,text\na,"open\nb,"closed"\nc,"fine"\n')

    frame, rejects = read("a.csv")

    assert frame["id"].to_list() == ["c"]
    assert len(rejects) == 1


@pytest.mark.parametrize(
    "text",
    [
        b'"' + b"x" * 500 + b'"',
        b'"' + b"long line\n" * 50 + b'"',
        b'"short\n' + b"x" * 500 + b'\nb,""c"" "',
        b"x" * 500,
    ],
    ids=["one-line", "many-lines", "in-the-middle", "without-quotes"],
)
def test_a_csv_row_over_the_limit_ends_where_its_quotes_end(here, small_limit, text):
    write("a.csv", b"id,text\na,fine\nb," + text + b"\nc,fine\n")

    frame, rejects = read("a.csv")

    assert frame["id"].to_list() == ["a", "c"]
    assert rejects == [f"a.csv:3: {len(text) + 3} bytes; an article may have 100 (split the file into its articles)"]


def test_a_row_that_no_encoding_fits_ends_where_its_quotes_end(here, monkeypatch):
    monkeypatch.setattr(Decoder, "_candidates", lambda *_, **__: [])
    write("a.csv", b'id,text\na,"Caf\xe9\nb,no row"\nc,fine\n')

    frame, rejects = read("a.csv")

    assert frame["id"].to_list() == ["c"]
    assert len(rejects) == 1


def test_a_csv_file_without_a_text_column_is_rejected_once(here):
    write("a.csv", "id;text\n1;One.\n2;Two.\n")

    (reject,) = read("a.csv")[1]

    assert reject.startswith("a.csv: missing 'text'; found 'id;text' (name the column with --text-column)")
    assert reject.endswith("found ';' (save it as CSV with commas)")


def test_a_bad_header_is_rejected_once(here, monkeypatch):
    monkeypatch.setattr(Decoder, "_candidates", lambda *_, **__: [])
    write("a.csv", b"id,t\xe9xt\n1,One.\n2,Two.\n")

    (reject,) = read("a.csv")[1]

    assert reject.startswith("a.csv:1: expected UTF-8, ")
    assert reject.endswith("this is the header, so nothing of the file was read")


@pytest.mark.parametrize(
    ("path", "content", "hint"),
    [
        ("a.csv", "id\ttext\n1\tOne.\n", r"between commas, found '\t' (name the file .tsv)"),
        ("a.tsv", "id,text\n1,One.\n", "between tabs, found ',' (name the file .csv)"),
    ],
    ids=["tabs-in-csv", "commas-in-tsv"],
)
def test_a_table_with_the_marks_of_another_kind_is_told_its_name(here, path, content, hint):
    write(path, content)

    (reject,) = read(path)[1]

    assert reject.endswith(f"; fields should stand {hint}")


def test_commas_in_a_tsv_file_are_text_and_tabs_in_quotes_too(here):
    write("a.tsv", 'id\ttext\na\tOne, two.\nb\t"One\ttwo."\nc\tOne\ttwo.\n')

    frame, rejects = read("a.tsv")

    assert frame["text"].to_list() == ["One, two.", "One\ttwo."]
    assert rejects == [
        "a.tsv:4: expected 2 fields as in the header, found 3 (put fields that hold tabs or line ends in double quotes)"
    ]


# --- parquet


def test_a_parquet_file_is_read_in_slices(here, monkeypatch):
    monkeypatch.setattr(tables, "_PARQUET_ROWS", 3)
    pl.DataFrame({"text": [f"Article {n}." for n in range(1, 9)]}).write_parquet("a.parquet")

    frame, _ = read("a.parquet")

    assert frame["id"].to_list() == [f"a.parquet:{n}" for n in range(1, 9)]
    assert frame["text"].to_list() == [f"Article {n}." for n in range(1, 9)]


def test_a_parquet_file_without_a_text_column_is_rejected_once(here):
    pl.DataFrame({"id": [1, 2], "body": ["a", "b"]}).write_parquet("a.parquet")

    assert read("a.parquet")[1] == [
        "a.parquet: missing 'text'; found 'id', 'body' (name the column with --text-column)"
    ]


@pytest.mark.parametrize("values", [[1, 2], [b"a", b"b"], [["a"], ["b"]]], ids=["numbers", "bytes", "lists"])
def test_a_parquet_file_whose_text_is_no_string_is_rejected_once(here, values):
    frame = pl.DataFrame({"text": values})
    frame.write_parquet("a.parquet")

    assert read("a.parquet")[1] == [
        f"a.parquet: expected a column of strings, found 'text' of type {frame['text'].dtype} (convert the column)"
    ]


def test_a_null_text_in_parquet_is_rejected_by_row(here):
    pl.DataFrame({"text": ["One.", None]}).write_parquet("a.parquet")

    assert read("a.parquet")[1] == ["a.parquet:2: expected a string in 'text', found null (leave the row out)"]


def test_rejects_of_parquet_rows_come_in_the_order_of_the_rows(here):
    write_rows("a.parquet", [{"id": i, "text": t} for i, t in [("a", "x"), ("a", "y"), ("b", ""), ("a", "z")]])

    assert [reject.partition(": ")[0] for reject in read("a.parquet")[1]] == [f"a.parquet:{n}" for n in (2, 3, 4)]


def test_parquet_types_that_have_no_plain_text_are_unknown(here):
    columns = {"text": ["One."], "id": [[1]], "title": [{"a": 1}], "outlet": [b"\xff"], "url": [None]}
    pl.DataFrame(columns).with_columns(date=pl.duration(days=1)).write_parquet("a.parquet")

    frame, rejects = read("a.parquet")

    assert rejects == []
    assert frame.to_dicts() == [dict.fromkeys(SCHEMA) | {"id": "a.parquet:1", "source": "a.parquet:1", "text": "One."}]


def test_dates_and_categories_in_parquet_become_text(here):
    frame = pl.DataFrame({"text": ["One."], "outlet": ["O"], "date": ["2020-01-31"]})
    typed = frame.cast({"text": pl.Categorical, "outlet": pl.Enum(["O"])}).with_columns(pl.col("date").str.to_date())
    typed.write_parquet("a.parquet")

    frame, _ = read("a.parquet")

    assert frame.select("text", "outlet", "date").row(0) == ("One.", "O", "2020-01-31")


@pytest.mark.parametrize("kept", [5, 200, -1], ids=["start", "half", "all-but-the-last-byte"])
def test_a_parquet_file_cut_short_is_rejected_and_the_next_input_is_read(here, kept):
    pl.DataFrame({"text": ["One."] * 50}).write_parquet("a.parquet")
    write("a.parquet", Path("a.parquet").read_bytes()[:kept])
    write("b.txt", "Words.")

    frame, rejects = read("a.parquet", "b.txt")

    assert frame["id"].to_list() == ["b.txt"]
    (reject,) = rejects
    assert reject.startswith("a.parquet: not a parquet file that can be read: ")


def test_a_damaged_parquet_file_never_raises(here):
    pl.DataFrame({"id": range(20), "text": [f"Article {n}." for n in range(20)]}).write_parquet("a.parquet")
    whole = Path("a.parquet").read_bytes()
    chance = random.Random(0)

    for _ in range(40):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] = chance.randrange(256)
        write("a.parquet", bytes(damaged))
        frame, rejects = read("a.parquet")

        assert frame.height + len(rejects) > 0


# --- packed files


def packed(content, packing):
    return gzip.compress(content) if packing == ".gz" else zstandard.compress(content)


PACKINGS = pytest.mark.parametrize("packing", [".gz", ".zst"])
LINES = "".join(json.dumps({"id": f"{n}", "text": f"{n * 7919 % 65537} words {n * n}."}) + "\n" for n in range(20_000))


@PACKINGS
@pytest.mark.parametrize("path", ["a.jsonl", "a.csv", "a.parquet", "a.txt"])
def test_a_packed_file_is_read_like_the_file_in_it(here, path, packing):
    if path == "a.txt":
        write(path, "Words.")
    else:
        write_rows(path, [{"id": f"{n}", "text": f"Article {n}."} for n in range(50)])
    write(f"packed/{path}{packing}", packed(Path(path).read_bytes(), packing))

    frame, rejects = read("packed")

    assert rejects == []
    assert frame["text"].to_list() == read(path)[0]["text"].to_list()
    assert frame["source"][0].startswith(f"packed/{path}{packing}")


@PACKINGS
def test_a_packed_file_of_several_parts_is_read_to_its_end(here, packing):
    write(f"a.jsonl{packing}", b"".join(packed(b'{"text": "%d"}\n' % n, packing) for n in range(3)))

    assert read(f"a.jsonl{packing}")[0]["text"].to_list() == ["0", "1", "2"]


@PACKINGS
def test_an_empty_packed_file_is_rejected_as_empty(here, packing):
    write(f"a.csv{packing}", packed(b"", packing))
    write(f"b.csv{packing}", b"")

    assert [reject.partition("; ")[0] for reject in read(".")[1]] == [f"{name}.csv{packing}: empty" for name in "ab"]


@PACKINGS
def test_a_packed_file_cut_short_keeps_the_rows_before(here, packing):
    write(f"a.jsonl{packing}", packed(LINES.encode(), packing)[:-5_000])
    write("b.txt", "Words.")

    frame, rejects = read(f"a.jsonl{packing}", "b.txt")

    assert frame["id"].to_list() == [f"{n}" for n in range(frame.height - 1)] + ["b.txt"]
    assert frame.height > 10_000
    (reject,) = rejects
    way_out = r"\(make or copy the file again\)"
    assert re.fullmatch(rf"a\.jsonl{packing}: damaged or cut short after [\d,]+ unpacked bytes: .* {way_out}", reject)


@PACKINGS
@pytest.mark.parametrize("path", ["a.jsonl", "a.csv", "a.txt", "a.parquet"])
def test_a_file_that_is_not_packed_as_its_name_says_is_rejected_once(here, path, packing):
    write(path + packing, "id,text\na,Words.\n")

    (reject,) = read(path + packing)[1]

    assert reject.startswith(f"{path}{packing}: damaged or cut short after 0 unpacked bytes: ")


@PACKINGS
def test_a_damaged_packed_file_never_raises(here, packing):
    whole = packed(LINES[:5_000].encode(), packing)
    chance = random.Random(0)

    for _ in range(40):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] = chance.randrange(256)
        write(f"a.jsonl{packing}", bytes(damaged))
        frame, rejects = read(f"a.jsonl{packing}")

        assert frame.height + len(rejects) > 0


@pytest.fixture(scope="module")
def bombs(tmp_path_factory):
    """300 MB of zeros, packed in both ways."""
    folder = tmp_path_factory.mktemp("bombs")
    squeeze = zstandard.ZstdCompressor().compressobj()
    with gzip.open(folder / "bomb.gz", "wb", compresslevel=1) as gz, (folder / "bomb.zst").open("wb") as zst:
        for part in [bytes(1_000_000)] * 300:
            gz.write(part)
            zst.write(squeeze.compress(part))
        zst.write(squeeze.flush())
    return folder


@pytest.mark.slow
@PACKINGS
@pytest.mark.parametrize("path", ["a.jsonl", "a.csv", "a.txt", "a.parquet"])
def test_a_packed_file_that_expands_without_measure_is_left_and_the_next_is_read(here, bombs, path, packing):
    Path(path + packing).symlink_to(bombs / f"bomb{packing}")
    write("b.txt", "Words.")

    tracemalloc.start()
    frame, rejects = read(path + packing, "b.txt")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    (reject,) = rejects
    assert frame["text"].to_list() == ["Words."]
    assert reject.startswith(f"{path}{packing}: unpacks to over 100,000,000 bytes, and over 200 times what was read;")
    assert peak < 80_000_000


def test_text_that_packs_well_is_read_to_its_end(here, monkeypatch):
    monkeypatch.setattr(classifier.packed, "FREE_BYTES", 1000)
    write("a.jsonl.gz", packed(LINES.encode(), ".gz"))

    assert read("a.jsonl.gz")[0].height == 20_000


# --- standard input


@pytest.mark.parametrize("before", ["", "\n \n", "\ufeff\n"], ids=["at-once", "after-blank-lines", "byte-order-mark"])
def test_standard_input_that_begins_with_a_brace_is_json_lines(before):
    content = before + '{"id": "a", "text": "One."}\n{"text": "Two."}\n{"id": "c"}\n'

    frame, rejects = read("-", stdin=content.encode())

    line = before.count("\n")
    assert frame["id"].to_list() == ["a", f"stdin:{line + 2}"]
    assert frame["source"].to_list() == [f"stdin:{line + 1}", f"stdin:{line + 2}"]
    assert rejects[0].startswith(f"stdin:{line + 3}: missing 'text'")


@pytest.mark.parametrize("content", ["One.\n{Two}\n", "\n \n One.\n"], ids=["at-once", "after-blank-lines"])
def test_other_standard_input_is_one_article(content):
    frame, rejects = read("-", stdin=content.encode())

    assert rejects == []
    assert frame.select("id", "source", "text", "title").row(0) == ("stdin", "stdin", content, None)


@pytest.mark.parametrize("content", ["x" * 250, "\n" * 250 + "x", "x\n" * 125], ids=["line", "blank-lines", "lines"])
def test_standard_input_over_the_limit_is_rejected_with_its_size(small_limit, content):
    _, rejects = read("-", stdin=content.encode())

    assert rejects == [f"stdin: {len(content)} bytes; an article may have 100 (split the file into its articles)"]


def test_a_json_line_over_the_limit_on_standard_input_costs_only_itself(small_limit):
    frame, rejects = read("-", stdin=b'{"text": "' + b"x" * 250 + b'"}\n{"text": "fine"}')

    assert frame["id"].to_list() == ["stdin:2"]
    assert len(rejects) == 1


def test_empty_standard_input_is_rejected():
    assert read("-")[1] == ["stdin: empty; expected at least one article (leave it out)"]


def test_the_standard_input_of_the_process_is_read_by_default(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Words.")))

    (batch,) = read_articles(["-"], on_reject=print)

    assert batch["text"].to_list() == ["Words."]


# --- files and folders


KNOWN = ".txt, .md, .html, .htm, .jsonl, .ndjson, .csv, .tsv, .parquet or .warc"


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("none.txt", "none.txt: no such file or folder (check the path)"),
        (
            "a.docx",
            f"a.docx: expected a {KNOWN} file, also as .gz or .zst; found '.docx' (convert",
        ),
        (
            "README",
            f"README: expected a {KNOWN} file, also as .gz or .zst; found a name without a ",
        ),
        ("a.txt/b.txt", "a.txt/b.txt: cannot be read: Not a directory (check"),
        ("nul\0.txt", "nul\0.txt: cannot be read: embedded null byte (check"),
        ("\ud800.txt", r"\ud800.txt: cannot be read: 'utf-8' codec can't encode character"),
        ("a" * 300 + ".txt", "a" * 300 + ".txt: cannot be read: File name too long (check"),
    ],
    ids=["absent", "unknown-suffix", "no-suffix", "below-a-file", "nul", "half-character", "too-long"],
)
def test_an_input_that_cannot_be_read_is_rejected_and_the_next_is_read(here, path, complaint):
    for name in ("a.docx", "README", "a.txt", "next.txt"):
        write(name, "Words.")

    frame, rejects = read(path, "next.txt")

    assert frame["id"].to_list() == ["next.txt"]
    (reject,) = rejects
    assert reject.startswith(complaint)


def test_a_file_that_may_not_be_opened_is_rejected(here, monkeypatch):
    write("a.txt", "Words.")

    def refuse(*_):  # in place of chmod, which does not hold for root
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)

    assert read("a.txt")[1] == ["a.txt: cannot be read: Permission denied (check the path and its permissions)"]


def test_a_folder_that_may_not_be_listed_is_rejected(here, monkeypatch):
    write("news/a.txt", "Words.")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)

    assert read("news")[1] == ["news: cannot be read: Permission denied (check the path and its permissions)"]


def test_a_folder_is_read_through_in_the_order_of_names(here):
    names = ["b.txt", "a/2.jsonl", "a/10.txt", "a/c/x.md", "a.csv", "ignored.pdf", ".hidden.txt", ".git/x.txt"]
    for name in names:
        write(f"news/{name}", {"a/2.jsonl": '{"text": "One."}', "a.csv": "text\nOne.\n"}.get(name, "Words."))

    frame, rejects = read("news/")

    assert rejects == []
    assert frame["id"].to_list() == ["a/10.txt", "a/2.jsonl:1", "a/c/x.md", "a.csv:2", "b.txt"]
    assert frame["source"].to_list() == [f"news/{name}" for name in frame["id"]]


def test_files_of_one_name_in_two_folders_are_two_articles(here):
    write("news/a/x.jsonl", '{"text": "One."}')
    write("news/b/x.jsonl", '{"text": "Two."}')

    assert read("news")[0]["text"].to_list() == ["One.", "Two."]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ([], "none"),
        (["a.docx", "b.pdf", "c/d.pdf", ".hidden.txt"], r"3 others (.docx, .pdf)"),
        (["Makefile"], "1 others (no suffix)"),
    ],
    ids=["empty", "others", "no-suffix"],
)
def test_a_folder_without_articles_is_rejected(here, names, found):
    Path("news").mkdir()
    for name in names:
        write(f"news/{name}", "Words.")

    (reject,) = read("news")[1]

    expected = f"expected {KNOWN} files, also as .gz or .zst"
    assert reject == f"news: {expected}; found {found} (check the path, or convert the files)"


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("news/*.txt", ["a.txt", "b.txt"]),
        ("news/?.*", ["a.txt", "b.txt", "c.csv.gz:2"]),
        ("news/[bc]*", ["b.txt", "c.csv.gz:2"]),
        ("ne*", ["a.txt", "b.txt", "c.csv.gz:2", "d/e.txt"]),
    ],
    ids=["star", "question-mark", "brackets", "folder"],
)
def test_a_pattern_is_read_in_the_order_of_names_without_hidden_files(here, pattern, found):
    for name in ("b.txt", "a.txt", ".hidden.txt", "d/e.txt"):
        write(f"news/{name}", "Words.")
    write("news/c.csv.gz", packed(b"text\nWords.\n", ".gz"))

    frame, rejects = read(pattern)

    assert (frame["id"].to_list(), rejects) == (found, [])


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("*.csv", "*.csv: no file or folder matches (check the pattern; hidden files are left out)"),
        ("**/*.txt", "**/*.txt: '**' is read as '*' (give the folder itself, which is read with all below it)"),
        ("nul\0/*.txt", "nul\0/*.txt: cannot be read: embedded null byte (check the path and its permissions)"),
        ("lost[1]*", "lost[1]*: no such file or folder (check the path)"),
    ],
    ids=["no-match", "two-stars", "nul", "broken-link-with-such-a-name"],
)
def test_a_pattern_that_finds_nothing_is_rejected(here, pattern, complaint):
    Path("lost[1]*").symlink_to("nowhere")
    write(".hidden.csv", "text\nWords.\n")

    assert read(pattern)[1] == [complaint]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(here):
    write("a[1].txt", "This.")
    write("a1.txt", "Not this.")

    assert read("a[1].txt")[0]["text"].to_list() == ["This."]


def test_links_that_lead_out_of_a_folder_are_not_followed(here):
    write("secret.txt", "Words.")
    write("other/b.txt", "Words.")
    write("news/a.txt", "Words.")
    Path("news/file.txt").symlink_to(here / "secret.txt")
    Path("news/folder").symlink_to(here / "other")

    frame, rejects = read("news")

    assert frame["id"].to_list() == ["a.txt"]
    assert rejects == [
        f"news/{name}: a link that leads out of the folder is not followed (give '{here / target}' itself)"
        for name, target in [("file.txt", "secret.txt"), ("folder", "other")]
    ]


def test_links_within_a_folder_are_followed_to_files_and_not_to_folders(here):
    write("news/.store/x.txt", "Words.")
    Path("news/a.txt").symlink_to(here / "news/.store/x.txt")
    Path("news/ring.txt").symlink_to(here / "news")
    Path("news/self.txt").symlink_to(here / "news/self.txt")

    frame, rejects = read("news")

    assert frame["id"].to_list() == ["a.txt"]
    assert rejects == [
        "news/self.txt: cannot be read: Too many levels of symbolic links (check the path and its permissions)"
    ]


def test_a_file_whose_name_is_not_utf8_is_read(here):
    write(os.fsdecode(b"caf\xe9.txt"), "Words.")

    assert read(".")[0]["id"].to_list() == [r"caf\udce9.txt"]


def test_a_parquet_file_whose_name_has_wildcards_is_read(here):
    write_rows("a[1]*.parquet", [{"text": "One."}])

    assert read("a[1]*.parquet")[0]["id"].to_list() == ["a[1]*.parquet:1"]


def test_one_input_may_be_given_by_itself(here):
    write("a.txt", "Words.")

    (batch,) = read_articles("a.txt", on_reject=print)

    assert batch["id"].to_list() == ["a.txt"]


# --- batches


def test_batches_hold_about_the_bytes_that_were_asked_for(here):
    rows = [{"text": f"{n:04} " + "x" * 95} for n in range(200)]
    for path in ("a.jsonl", "b.parquet", "c.csv"):
        write_rows(path, rows)
    write("d.txt", "y" * 2500)

    batches = list(read_articles(["a.jsonl", "b.parquet", "c.csv", "d.txt"], on_reject=print, batch_bytes=1000))

    sizes = [batch["text"].str.len_bytes().sum() for batch in batches]
    assert sizes == [1000] * 60 + [2500]
    assert {tuple(batch.schema.items()) for batch in batches} == {tuple(SCHEMA.items())}
    texts = pl.concat(batches)["text"].to_list()
    assert texts == [row["text"] for row in rows] * 3 + ["y" * 2500]


@TABLES
def test_a_batch_passes_its_bytes_by_one_article_at_most(here, path):
    write_rows(path, [{"text": "x" * (1 + 37 * n % 700)} for n in range(100)])

    sizes = [batch["text"].str.len_bytes().sum() for batch in read_articles([path], on_reject=print, batch_bytes=1000)]

    assert max(sizes) < 1700
    assert min(a + b for a, b in pairwise(sizes)) > 1000


def test_small_files_share_a_batch(here):
    for n in range(20):
        write(f"news/{n:02}.txt", f"Article {n}.")

    batches = list(read_articles(["news"], on_reject=print))

    assert [batch.height for batch in batches] == [20]


def test_the_first_batch_comes_before_the_last_line_is_read():
    class Endless(io.RawIOBase):
        def __init__(self):
            self.number = 0

        def readline(self, _size):
            self.number += 1
            return b'{"text": "Words of an article."}\n'

        def read(self, _size):
            raise AssertionError

    batch = next(read_articles(["-"], on_reject=print, batch_bytes=1000, stdin=Endless()))

    assert batch.height < 100


def test_reading_nothing_yields_nothing():
    assert list(read_articles([], on_reject=print)) == []


# --- whatever comes


@given(st.lists(st.one_of(st.binary(max_size=30), st.sampled_from([b'{"text": "a"}', b"\xef\xbb\xbf", b"\r"]))))
@settings(max_examples=40)
def test_every_line_of_any_bytes_is_an_article_or_a_reject(tmp_path_factory, lines):
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    content = b"\n".join(lines)
    path.write_bytes(content)

    frame, rejects = read(path)

    filled = [line for line in content.split(b"\n") if line.removeprefix(b"\xef\xbb\xbf").strip()]
    assert frame.height + len(rejects) == max(len(filled), 1)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)


@given(st.lists(st.dictionaries(st.sampled_from([*SCHEMA, "x"]), JSON_VALUES), min_size=1, max_size=5))
@settings(max_examples=25)
def test_every_json_object_is_an_article_or_a_reject(rows):
    content = "\n".join(map(json.dumps, rows)).encode()

    frame, rejects = read("-", stdin=content, extra=("x",))

    assert frame.height + len(rejects) == len(rows)
    assert all(frame[column].null_count() == 0 for column in ("id", "source", "text"))


@given(st.text(st.sampled_from('a,"\n\r\0é\ufeff'), max_size=40), st.binary(max_size=5))
@settings(max_examples=40)
def test_any_csv_is_read_without_an_error(tmp_path_factory, rows, end):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"id,text\n" + rows.encode() + end)

    frame, rejects = read(path)

    assert frame.height + len(rejects) > 0


@given(st.text(st.sampled_from(string.printable + "é\u2028"), min_size=1).filter(str.strip))
@settings(max_examples=40)
def test_a_text_comes_out_of_csv_as_it_went_in(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "round.csv"
    pl.DataFrame({"id": ["a"], "text": [text]}).write_csv(path, quote_style="always")

    frame, rejects = read(path)

    assert (frame["text"].to_list(), rejects) == ([text], [])


# --- HTML

PAGE = """<html><head><meta property="og:title" content="Clinics to close"></head><body><nav>Home</nav><article>
<h1>Clinics to close</h1>{}</article></body></html>""".format(
    "".join(f"<p>On day {n} the council voted to close two of the clinics that serve the valley.</p>" for n in range(4))
)


def test_an_html_page_is_an_article_with_its_title_and_the_method(here):
    write("page.html", PAGE)

    (batch,) = read_articles("page.html", on_reject=pytest.fail, extra=["extraction"])

    assert batch.select("id", "title", "extraction").rows() == [("page.html", "Clinics to close", "trafilatura")]
    assert batch["text"][0].count("council") >= 1


def test_a_page_without_text_is_rejected_and_the_next_is_read(here):
    write("a.html", "<html><body><script>x</script></body></html>")
    write("b.html", PAGE)

    articles, rejects = read("a.html", "b.html")

    assert len(articles) == 1
    assert rejects == ["a.html: no text on the page; expected an article (save it as a browser shows it)"]


# --- HTML where text is expected


def parted(page):
    return page.replace("\n", " ")


@pytest.mark.parametrize("path", ["a.jsonl", "a.csv", "a.tsv", "a.parquet", "a.txt", "a.md", "-"])
@pytest.mark.parametrize(
    "before",
    [
        "",
        "\n ",
        "<!DOCTYPE html>\n",
        "<!-- saved --> <!-- twice -->\n",
        '<?xml version="1.0"?><!doctype HTML PUBLIC "x">',
    ],
    ids=["at-once", "blanks", "doctype", "comments", "xml"],
)
def test_a_page_within_any_format_is_read_like_an_html_file(here, path, before):
    text = before + parted(PAGE)
    if path.endswith((".txt", ".md")):
        write(path, text)
    elif path != "-":
        write_rows(path, [{"id": "a", "text": "Plain."}, {"id": "b", "text": text}])

    frame, rejects = read(path, stdin=text.encode(), extra=["extraction"])

    assert rejects == []
    assert frame.select("title", "extraction").row(-1) == ("Clinics to close", "trafilatura")
    assert "<" not in frame["text"][-1]


@TABLES
def test_what_a_row_says_itself_goes_before_what_its_page_says(here, path):
    write_rows(path, [{"id": "a", "text": parted(PAGE), "title": "Mine", "outlet": "O", "date": "2020", "url": " "}])

    frame, _ = read(path)

    assert frame.select("id", "title", "outlet", "date", "url").row(0) == ("a", "Mine", "O", "2020", None)


@TABLES
def test_each_article_of_a_page_in_a_row_has_an_id_and_only_the_first_the_title_of_the_row(here, path):
    article = "<article>" + "<p>The council voted on Tuesday night to close two of the clinics.</p>" * 9 + "</article>"
    write_rows(path, [{"id": "a", "text": f"<html><body>{article * 2}</body></html>", "title": "T"}])

    frame, _ = read(path)

    assert frame.select("id", "title").rows() == [("a#1", "T"), ("a#2", None)]


@TABLES
@pytest.mark.parametrize(
    "text",
    [
        "<p>One.</p><p>Two.</p>",
        "\n<P class='a'>One.</P>\n<!-- x -->\n<p>Two.</p>\n",
        "<!-- wp:paragraph --><p>One.</p><!-- /wp:paragraph --><p>Two.</p><!-- end -->",
        "<div><div>One.</div><ul><li>Two.</li></ul></div>",
        "<p>One.</p><p>Two.</p><img src='x'/>",
        "<strong>One.</strong><p>Two.</p>",
    ],
)
def test_paragraphs_that_a_publishing_system_exports_are_read_as_their_visible_text(here, path, text):
    write_rows(path, [{"id": "a", "text": parted(text)}, {"id": "b", "text": "Plain."}])

    frame, rejects = read(path, extra=["extraction"])

    assert rejects == []
    assert frame.select("id", "text", "extraction").rows() == [
        ("a", "One.\nTwo.", "visible text"),
        ("b", "Plain.", None),
    ]


@TABLES
@pytest.mark.parametrize(
    "text",
    [
        "A page begins with <html> and ends with </html>.",
        "<html> is the first tag of a page, she said.",
        "<p> is a paragraph; it is closed by </p>, he said.",
        "<p align='center'>Logo</p> # Title of a file in Markdown",
        "<b>Breaking</b>: the vote is over <https://ledger.example>",
        "<unknown>One.</unknown><p>Two.</p>",
        "<3 <3 </p>",
        "One.<br><br>Two.</p>",
        "<htmlish>One.</htmlish>",
    ],
)
def test_text_that_mentions_tags_is_left_as_it_came(here, path, text):
    write_rows(path, [{"id": "a", "text": text}])

    frame, rejects = read(path, extra=["extraction"])

    assert (frame.select("text", "extraction").row(0), rejects) == ((text, None), [])


@TABLES
def test_a_row_whose_page_has_no_text_is_rejected_and_the_next_is_read(here, path):
    write_rows(path, [{"id": "a", "text": "<html><script>x</script></html>"}, {"id": "b", "text": "Two."}])

    frame, rejects = read(path)

    assert frame["id"].to_list() == ["b"]
    assert rejects == [
        f"{path}:{FIRST_LINE[path]}: no text on the page; expected an article (save it as a browser shows it)"
    ]


@TABLES
def test_pages_and_texts_come_in_the_order_of_their_rows(here, path):
    texts = ["One.", parted(PAGE), parted(PAGE), "Two.", "<p>Three.</p>", ""]
    write_rows(path, [{"id": f"{n}", "text": text} for n, text in enumerate(texts)])

    frame, rejects = read(path)

    assert frame["id"].to_list() == ["0", "1", "2", "3", "4"]
    assert len(rejects) == 1


def test_text_without_html_is_not_looked_at_row_by_row(here, monkeypatch):
    write_rows("a.parquet", [{"id": f"{n}", "text": f"A < b {n}."} for n in range(50)])
    monkeypatch.setattr(articles, "articles_in", pytest.fail)

    assert read("a.parquet")[0].height == 50


# --- ids of several articles on one page

TWO = "<html><body>{0}{0}</body></html>".format(
    "<article>" + "<p>The council voted on Tuesday night to close two of the clinics.</p>" * 9 + "</article>"
)


@TABLES
def test_the_articles_of_a_page_take_no_id_that_is_taken(here, path):
    write_rows(path, [{"id": "a#1", "text": "Mine."}, {"id": "a", "text": TWO}])

    assert read(path)[0]["id"].to_list() == ["a#1", "a#2", "a#3"]


@TABLES
def test_a_row_whose_id_an_article_of_a_page_has_is_a_duplicate(here, path):
    write_rows(path, [{"id": "a", "text": TWO}, {"id": "a#2", "text": "Mine."}, {"id": "a", "text": TWO}])

    frame, rejects = read(path)

    assert frame["id"].to_list() == ["a#1", "a#2"]
    assert [reject.split("'")[1] for reject in rejects] == ["a#2", "a"]


@given(st.lists(st.tuples(st.sampled_from(["a", "a#1", "a#2", "a#1#1"]), st.booleans()), max_size=6))
@settings(max_examples=15)
def test_an_id_occurs_once(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "ids.jsonl"
    path.write_text("".join(json.dumps({"id": key, "text": TWO if page else "One."}) + "\n" for key, page in rows))

    frame, _ = read(path)

    assert frame["id"].is_unique().all()


# --- packed standard input


@PACKINGS
def test_packed_standard_input_is_unpacked(packing):
    frame, rejects = read("-", stdin=packed(LINES.encode(), packing))

    assert (frame.height, rejects) == (20_000, [])
    assert read("-", stdin=packed(b"One article.", packing))[0]["text"].to_list() == ["One article."]


@PACKINGS
def test_packed_standard_input_cut_short_keeps_the_rows_before(packing):
    frame, rejects = read("-", stdin=packed(LINES.encode(), packing)[:-5_000])

    assert frame.height > 10_000
    (reject,) = rejects
    assert reject.startswith("stdin: damaged or cut short after ")


@pytest.mark.slow
@PACKINGS
def test_standard_input_that_expands_without_measure_is_left(bombs, packing):
    (reject,) = read("-", stdin=(bombs / f"bomb{packing}").read_bytes())[1]

    assert reject.startswith("stdin: unpacks to over 100,000,000 bytes, and over 200 times what was read;")


def test_what_is_packed_twice_is_unpacked_once():
    frame, _ = read("-", stdin=gzip.compress(gzip.compress(b"Words.")))

    assert "Words" not in "".join(frame["text"])


def test_parquet_on_standard_input_is_rejected_with_a_way_out():
    file = io.BytesIO()
    pl.DataFrame({"text": ["One."]}).write_parquet(file)

    assert read("-", stdin=file.getvalue())[1] == [
        "stdin: parquet cannot be read from a pipe, as its end comes first (give it as a file)"
    ]


# --- the charset of a page


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("iso-8859-2", "Zażółć gęślą jaźń"),
        ("windows-1250", "Příliš žluťoučký kůň"),
        ("koi8-r", "Совет города закрыл больницы"),
        ("Shift_JIS", "議会は診療所の閉鎖を決めた"),
        ("euc-jp", "議会は診療所の閉鎖を決めた"),
        ("iso-2022-jp", "議会は診療所の閉鎖を決めた"),
        ("gb2312", "议会决定关闭诊所"),
        ("big5", "議會決定關閉診所"),
        ("euc-kr", "의회는 진료소를 닫기로 했다"),
        ("ISO-8859-1", "Ein Café in Köln"),
        ("windows-1256", "قرر المجلس إغلاق العيادات"),
        ("utf-8", "Ein Café in Köln"),
    ],
)
@pytest.mark.parametrize(
    "meta", ['<meta charset="{}">', "<META http-equiv=content-type content='text/html; charset={}'>"]
)
def test_a_page_is_read_in_the_charset_that_it_declares(here, charset, text, meta):
    write("a.html", f"<html><head>{meta.format(charset)}</head><body><p>{text}</p></body></html>".encode(charset))

    frame, rejects = read("a.html")

    assert (frame["text"].to_list(), rejects) == ([text], [])


@pytest.mark.parametrize("kind", ["utf-16", "utf-8-sig"])
def test_the_mark_of_a_page_goes_before_the_charset_that_it_declares(here, kind):
    write("a.html", "<html><head><meta charset='koi8-r'></head><body><p>Žluťoučký</p></body></html>".encode(kind))

    assert read("a.html")[0]["text"].to_list() == ["Žluťoučký"]


@pytest.mark.parametrize(
    "charset", ["nonsense", "punycode", "idna", "hex", "unicode_escape", "utf-7", "\xff", "undefined"]
)
def test_a_charset_that_no_page_has_is_not_believed(here, charset):
    write(
        "a.html",
        f"<html><head><meta charset='{charset}'></head><body><p>Caf\u00e9 closed.</p></body></html>".encode("cp1252"),
    )

    assert read("a.html")[0]["text"].to_list() == ["Caf\u00e9 closed."]


def test_a_page_with_a_broken_character_is_still_read_in_its_charset(here):
    text = "議会は診療所の閉鎖を決めた。" * 20
    page = f"<html><head><meta charset='shift_jis'></head><body><p>{text}</p></body></html>".encode("shift_jis")
    write("a.html", page.replace(b"</p>", b"\xff</p>"))

    assert text[:50] in read("a.html")[0]["text"][0]
