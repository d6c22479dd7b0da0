"""The registry of public corpora, and fetching them from archives in upstream's form. Every text here is invented."""

import dataclasses
import functools
import http.server
import json
import socket
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from training import corpora, datafiles
from training.corpora import Corpus, CorpusError, content_sha256, fetch, registry

COMPLETE = {
    "title": "Invented articles",
    "citation": "Nobody (2020)",
    "homepage": "https://example.org",
    "licence": "CC0-1.0",
    "use": "tests",
    "file": "invented.parquet",
    "rows": 2,
    "sha256": "0" * 64,
    "url": "https://example.org/invented.zip",
}
ARTICLES = pl.DataFrame(
    {
        "id": ["aa", "bb"],
        "title": ["Harbour reopens", " Bakers strike  "],
        "text": ["The harbour reopened.\n\nBoats came.\n", "Bakers stayed in bed \u2013 \u201call of them\u201d."],
        "outlet": ["The Gull", "Crumb Weekly"],
        "date": ["2019-05-01", None],
        "url": ["https://gull.example/1", "https://crumb.example/2"],
        "topic_tag": ["transportation", "labor"],
        "leaning": ["center", "left"],
        "published_random_split": ["train", "test"],
        "published_media_split": ["valid", None],
    }
)
STORIES = pl.DataFrame(
    {
        "id": ["neus-00000", "neus-00001"],
        "story_id": [7, 9],
        "title": ["Bridge sold", "Why the bridge was sold"],
        "text": ["The bridge was sold.  Twice.", "It was old.\u2028Very old."],
        "outlet": ["The Gull", "Crumb Weekly"],
        "date": ["2021-06-01", "2021-06-03"],
        "url": ["https://gull.example/3", "https://crumb.example/4"],
        "topic_tag": ["Transportation", "Economy"],
        "leaning": ["right", "left"],
        "is_opinion": [False, True],
    }
)
TITLES = pl.DataFrame(
    {
        "id": [1, 2, 3],
        "title": ["Ferry Late, Again", None, 'The "Big" Cheese '],
        "date": ["1996-01-01", "2001-11-28", "2006-12-31"],
        "cap_major_topic": [10, 99, 4],
    }
)


def allsides_archive() -> dict[str, str]:
    files = {
        f"data/jsons/{row['id']}.json": json.dumps(
            {
                "ID": row["id"],
                "topic": row["topic_tag"],
                "source": row["outlet"],
                "bias": 0,
                "bias_text": row["leaning"],
                "url": row["url"],
                "title": row["title"],
                "date": row["date"] or "",
                "authors": "",
                "content": "cut into tokens , not for us",
                "content_original": row["text"],
                "source_url": "example.org",
            }
        )
        for row in reversed(ARTICLES.to_dicts())
    }
    splits = {"random/train": "aa", "random/test": "bb", "media/valid": "aa"}
    for kind in ("random", "media"):
        for part in ("train", "valid", "test"):
            listed = splits.get(f"{kind}/{part}")
            files[f"data/splits/{kind}/{part}.tsv"] = "ID\tbias\n" + (f"{listed}\t0\n" if listed else "")
    return files


def allsides2021_archive() -> dict[str, str]:
    def story(number: int, topic: str, date: str, *articles: dict[str, object]) -> str:
        news = {article["stance"]: article for article in articles}
        record = {"id": number, "topic": topic, "date": f"{date}T16:15:00-07:00", "news": news}
        return json.dumps(record, ensure_ascii=False) + "\n"

    def article(row: dict[str, str], body: list[str], tag: str | None) -> dict[str, object]:
        names = {"stance": "leaning", "newsSource": "outlet", "newsTitle": "title", "newsLink": "url"}
        return {upstream: row[ours] for upstream, ours in names.items()} | {"newBody": body, "opinionTag": tag}

    first, second = STORIES.to_dicts()
    lines = (
        story(7, "Transportation", "2021-06-01", article(first, ["The bridge was sold.", " Twice."], None)),
        story(8, "Economy", "2021-06-02"),
        story(9, "Economy", "2021-06-03", article(second, ["It was old.\u2028Very old."], "ANALYSIS")),
    )
    return {"data/raw_crawled/headline_11_2021-10-19_crawled_all.jsonl": "".join(lines)}


def capnyt_archive() -> dict[str, str]:
    lines = (
        "id,majortopic,date,title",
        '1,10,1/1/96,"Ferry Late, Again"',
        "2,99,11/28/01,",
        '3,4,12/31/06,"The ""Big"" Cheese "',
    )
    return {"data/valid_start.csv": "".join(f"{line}\r\n" for line in lines)}


UPSTREAM = {
    "allsides": (allsides_archive, ARTICLES),
    "allsides2021": (allsides2021_archive, STORIES),
    "capnyt": (capnyt_archive, TITLES),
}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@dataclasses.dataclass
class Upstream:
    """A stand-in for GitHub on this machine, with a cache folder of its own."""

    folder: Path
    base: str
    monkeypatch: pytest.MonkeyPatch
    cache: Path

    def publish(self, name: str, files: dict[str, str], **changes: Any) -> Corpus:
        """Serve `files` as one commit's zip, and make it what the registry says of the corpus `name`."""
        with zipfile.ZipFile(self.folder / f"{name}.zip", "w") as archive:
            for path, text in files.items():
                archive.writestr(f"repository-0123abc/{path}", text.encode())
        table = UPSTREAM[name][1]
        expected: dict[str, Any] = {
            "rows": table.height,
            "sha256": content_sha256(table),
            "url": f"{self.base}/{name}.zip",
        }
        corpus = dataclasses.replace(registry()[name], **(expected | changes))
        self.monkeypatch.setattr(corpora, "registry", lambda: {name: corpus})
        return corpus


@pytest.fixture
def upstream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    folder = tmp_path / "upstream"
    folder.mkdir()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Upstream(folder, f"http://127.0.0.1:{server.server_port}", monkeypatch, tmp_path / "cache")
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("corpus", registry().values(), ids=lambda corpus: corpus.name)
def test_every_corpus_of_the_registry_can_be_fetched_or_says_how_it_is_had(corpus: Corpus) -> None:
    assert (corpus.url is not None) == (corpus.name in corpora.CONVERTERS)
    assert corpus.url is None or corpus.url.startswith("https://github.com/")


def test_the_registry_and_the_converters_name_the_same_corpora() -> None:
    assert list(registry()) == ["allsides", "allsides2021", "capnyt", "semeval2023"]
    assert set(corpora.CONVERTERS) < set(registry())


def test_research_only_data_has_no_url_to_fetch_it_from() -> None:
    assert registry()["semeval2023"].url is None
    assert "never in shipped weights" in registry()["semeval2023"].use


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        pytest.param({"licens": "MIT"}, "unknown key 'licens'; known are title, .*licence", id="unknown-key"),
        pytest.param({"title": " "}, "'title' must be a text that is not empty; found ' '", id="blank"),
        pytest.param({"rows": 0}, "'rows' must be a whole number above 0; found 0", id="no-rows"),
        pytest.param({"rows": "2"}, "'rows' must be a whole number above 0; found '2'", id="rows-as-text"),
        pytest.param({"file": "../x.parquet"}, "'file' must be the plain name of a .parquet file", id="path"),
        pytest.param({"sha256": "ABC"}, "'sha256' must be 64 digits", id="digest"),
        pytest.param({"sha256_download": "1"}, "'sha256_download' must be 64 digits", id="download-digest"),
        pytest.param({"access": "ask"}, "needs either 'url' or 'access'; found both", id="both"),
        pytest.param({"url": "file:///etc/passwd"}, "'url' must begin with https://", id="scheme"),
    ],
)
def test_a_bad_registry_entry_is_refused(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(CorpusError, match=rf"corpora\.toml, invented: {complaint}"):
        Corpus.from_table("invented", COMPLETE | changes)


@pytest.mark.parametrize("key", [key for key in COMPLETE if key != "url"])
def test_a_missing_key_is_named(key: str) -> None:
    table = {other: value for other, value in COMPLETE.items() if other != key}

    with pytest.raises(CorpusError, match=rf"corpora\.toml, invented: missing '{key}'; found "):
        Corpus.from_table("invented", table)


def test_a_registry_that_is_not_toml_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "corpora.toml").write_text("[allsides")
    monkeypatch.setattr(corpora, "data_file", lambda relative: tmp_path / relative)

    with pytest.raises(CorpusError, match=r"corpora\.toml: not TOML"):
        registry()


def test_the_content_digest_does_not_depend_on_row_or_column_order() -> None:
    shuffled = ARTICLES.reverse().select(reversed(ARTICLES.columns))

    assert content_sha256(shuffled) == content_sha256(ARTICLES)


@pytest.mark.parametrize("column", ["id", "title", "text"])
def test_the_content_digest_changes_with_one_letter(column: str) -> None:
    changed = ARTICLES.with_columns(pl.col(column).str.replace("^(.)", "x"))

    assert content_sha256(changed) != content_sha256(ARTICLES)


def test_the_content_digest_leaves_out_what_was_derived() -> None:
    relabelled = ARTICLES.with_columns(leaning=pl.lit("right"))

    assert content_sha256(relabelled) == content_sha256(ARTICLES)


@pytest.mark.parametrize("name", UPSTREAM)
def test_a_fetched_corpus_is_the_table_that_the_registry_describes(
    name: str, upstream: Upstream, tmp_path: Path
) -> None:
    archive, expected = UPSTREAM[name]
    corpus = upstream.publish(name, archive())
    said: list[str] = []

    path = fetch(name, tmp_path / "made" / "here", progress=said.append, cache=upstream.cache)

    assert path == tmp_path / "made" / "here" / corpus.file
    assert pl.read_parquet(path).equals(expected)
    assert pl.read_parquet_schema(path) == expected.schema
    assert [sentence.split()[0] for sentence in said] == ["downloading", "reading"]
    assert list(path.parent.iterdir()) == [path]


def test_a_corpus_that_is_there_is_checked_and_not_downloaded(upstream: Upstream, tmp_path: Path) -> None:
    corpus = upstream.publish("capnyt", capnyt_archive(), url="http://127.0.0.1:1/nowhere.zip")
    TITLES.write_parquet(tmp_path / corpus.file)

    assert fetch("capnyt", tmp_path, cache=upstream.cache) == tmp_path / corpus.file


def test_a_wrong_file_that_is_there_is_left_and_named(upstream: Upstream, tmp_path: Path) -> None:
    corpus = upstream.publish("capnyt", capnyt_archive())
    TITLES.head(1).write_parquet(tmp_path / corpus.file)

    with pytest.raises(CorpusError, match=r"expected 3 rows .* got 1 rows .*capnyt\.parquet; it was left as it is"):
        fetch("capnyt", tmp_path, cache=upstream.cache)

    assert pl.read_parquet(tmp_path / corpus.file).height == 1


def test_a_file_that_is_not_parquet_is_named(upstream: Upstream, tmp_path: Path) -> None:
    corpus = upstream.publish("capnyt", capnyt_archive())
    (tmp_path / corpus.file).write_text("no parquet")

    with pytest.raises(CorpusError, match=r"capnyt\.parquet: cannot be read as parquet"):
        fetch("capnyt", tmp_path, cache=upstream.cache)


def test_other_content_than_the_registry_gives_leaves_no_file(upstream: Upstream, tmp_path: Path) -> None:
    changed = {path: text.replace("Ferry", "Train") for path, text in capnyt_archive().items()}
    corpus = upstream.publish("capnyt", changed)

    with pytest.raises(CorpusError, match=rf"expected 3 rows with .* {corpus.sha256}, got 3 .*nothing was written"):
        fetch("capnyt", tmp_path / "made", cache=upstream.cache)

    assert not (tmp_path / "made").exists()


def test_another_download_than_the_registry_gives_leaves_no_file(upstream: Upstream, tmp_path: Path) -> None:
    upstream.publish("capnyt", capnyt_archive(), sha256_download="f" * 64)

    with pytest.raises(CorpusError, match=r"capnyt: could not download .*does not match the known hash"):
        fetch("capnyt", tmp_path / "made", cache=upstream.cache)

    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"README.md": "moved"}, id="file-gone"),
        pytest.param({"data/valid_start.csv": "nr,title\n1,Ferry\n"}, id="columns-renamed"),
        pytest.param({"data/valid_start.csv": "id,majortopic,date,title\n1,10,soon,Ferry\n"}, id="no-date"),
        pytest.param({}, id="empty"),
    ],
)
def test_an_archive_in_another_form_is_refused(files: dict[str, str], upstream: Upstream, tmp_path: Path) -> None:
    upstream.publish("capnyt", files)

    with pytest.raises(CorpusError, match=r"capnyt: .*is not in the form expected: .*nothing was written"):
        fetch("capnyt", tmp_path / "made", cache=upstream.cache)

    assert not (tmp_path / "made").exists()


def test_a_download_that_is_no_zip_is_refused(upstream: Upstream, tmp_path: Path) -> None:
    upstream.publish("capnyt", capnyt_archive())
    (upstream.folder / "capnyt.zip").write_text("<html>sign in to this network</html>")

    with pytest.raises(CorpusError, match=r"is not in the form expected: BadZipFile.*remove it to download anew"):
        fetch("capnyt", tmp_path, cache=upstream.cache)


def test_a_folder_that_cannot_be_made_is_named(upstream: Upstream, tmp_path: Path) -> None:
    upstream.publish("capnyt", capnyt_archive())
    (tmp_path / "taken").write_text("a file")

    with pytest.raises(CorpusError, match=r"capnyt\.parquet: cannot be written"):
        fetch("capnyt", tmp_path / "taken", cache=upstream.cache)


def test_a_missing_page_is_named(upstream: Upstream, tmp_path: Path) -> None:
    upstream.publish("capnyt", capnyt_archive(), url=f"{upstream.base}/elsewhere.zip")

    with pytest.raises(CorpusError, match=r"could not download http://127.*elsewhere\.zip .*404"):
        fetch("capnyt", tmp_path, cache=upstream.cache)


def test_without_a_network_the_error_says_what_was_tried_and_how_to_go_on(upstream: Upstream, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/capnyt.zip"
    upstream.publish("capnyt", capnyt_archive(), url=url)

    with pytest.raises(CorpusError, match=rf"could not download {url} to .*get capnyt\.parquet .*--articles"):
        fetch("capnyt", tmp_path / "made", cache=upstream.cache)

    assert not (tmp_path / "made").exists()


def test_a_corpus_without_a_url_says_whom_to_ask(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"semeval2023 cannot be fetched: ask the organisers.*--articles"):
        fetch("semeval2023", tmp_path)


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no corpus 'allside'; known are allsides, allsides2021, capnyt, sem"):
        fetch("allside", tmp_path)


def test_a_table_without_ids_is_refused() -> None:
    corpus = Corpus.from_table("invented", COMPLETE)

    with pytest.raises(CorpusError, match="invented: missing column 'id'; found text in here"):
        corpora.check(corpus, pl.DataFrame({"text": ["x"]}), "here")


def test_data_is_found_in_a_checkout_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (tmp_path / "data", tmp_path / "training" / "data"):
        folder.mkdir(parents=True)
        (folder / "corpora.toml").touch()
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.setattr(datafiles, "PACKAGE", tmp_path / "training")

    assert datafiles.data_file("corpora.toml") == tmp_path / "data" / "corpora.toml"


def test_data_is_found_in_an_installed_package_and_not_in_a_stranger_s_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (tmp_path / "data", tmp_path / "training" / "data"):
        folder.mkdir(parents=True)
        (folder / "corpora.toml").touch()
    monkeypatch.setattr(datafiles, "PACKAGE", tmp_path / "training")

    assert datafiles.data_file("corpora.toml") == tmp_path / "training" / "data" / "corpora.toml"


def test_missing_data_is_named_with_the_places_looked_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datafiles, "PACKAGE", tmp_path / "training")

    with pytest.raises(datafiles.DataFileError, match=r"but there is no .*training.data.codebooks.mine\.toml"):
        datafiles.data_file("codebooks/mine.toml")
