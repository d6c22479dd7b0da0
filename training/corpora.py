"""Get the public corpora: from where their makers publish them to the tables that training and evaluation read.

Their texts are other people's, so the repository holds none: data/corpora.toml says where each is had, under which
licence and what it must contain. A table is checked by its content, not by its bytes, since neither GitHub's zips nor
parquet files stay the same from one version of their writer to the next.
"""

import hashlib
import json
import re
import tomllib
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, Self

import polars as pl
import pooch

from classifier.atomic import write_atomically
from classifier.errors import SlantwiseError
from training.datafiles import data_file

REGISTRY = "corpora.toml"
CONTENT = ("id", "title", "text")  # the columns that the digest is of, where a corpus has them


class CorpusError(SlantwiseError):
    """A corpus is unknown, cannot be had, or is not what the registry says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """One entry of the registry; data/corpora.toml says what its fields mean."""

    name: str
    title: str
    citation: str
    homepage: str
    licence: str
    use: str
    file: str
    rows: int
    sha256: str  # of the content, as content_sha256 gives it
    url: str | None = None
    sha256_download: str | None = None
    access: str | None = None

    @classmethod
    def from_table(cls, name: str, table: Mapping[str, Any]) -> Self:
        """Build an entry from its TOML table, refusing keys that it does not know."""
        known = {field.name: field.default is MISSING for field in fields(cls) if field.name != "name"}
        for key in table:
            if key not in known:
                raise CorpusError(f"{REGISTRY}, {name}: unknown key {key!r}; known are {', '.join(known)}")
        for key, required in known.items():
            if required and key not in table:
                raise CorpusError(f"{REGISTRY}, {name}: missing {key!r}; found {', '.join(table)}")
        return cls(name=name, **table)

    def __post_init__(self) -> None:
        where = f"{REGISTRY}, {self.name}"
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name != "rows" and value is not None and not (isinstance(value, str) and value.strip()):
                raise CorpusError(f"{where}: {field.name!r} must be a text that is not empty; found {value!r}")
        if not isinstance(self.rows, int) or self.rows < 1:
            raise CorpusError(f"{where}: 'rows' must be a whole number above 0; found {self.rows!r}")
        if not re.fullmatch(r"[\w-]+\.parquet", self.file):
            raise CorpusError(f"{where}: 'file' must be the plain name of a .parquet file; found {self.file!r}")
        for key, digest in (("sha256", self.sha256), ("sha256_download", self.sha256_download)):
            if digest is not None and not re.fullmatch("[0-9a-f]{64}", digest):
                raise CorpusError(f"{where}: {key!r} must be 64 digits of 0-9 and a-f; found {digest!r}")
        if (self.url is None) == (self.access is None):
            found = "neither" if self.url is None else "both"
            raise CorpusError(f"{where}: needs either 'url' or 'access'; found {found}")
        if self.url is not None and not self.url.startswith(("https://", "http://")):
            raise CorpusError(f"{where}: 'url' must begin with https://; found {self.url!r}")

    @property
    def by_hand(self) -> str:
        """How to do without fetching."""
        return f"get {self.file} by hand and give it with --articles, or its folder with make model CORPORA=FOLDER"


def registry() -> dict[str, Corpus]:
    """Return every corpus of data/corpora.toml by its name."""
    path = data_file(REGISTRY)
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise CorpusError(f"{path}: not TOML: {error}") from None
    return {name: Corpus.from_table(name, table) for name, table in tables.items()}


def fetch(
    name: str,
    folder: str | Path,
    *,
    progress: Callable[[str], object] = lambda _: None,
    cache: str | Path | None = None,
) -> Path:
    """Make a corpus's table in `folder` and return its path; one that is there already is only checked.

    Parameters
    ----------
    name
        A name in the registry.
    folder
        Where the table goes; it is made if it does not exist.
    progress
        Called with one sentence before each step that takes time.
    cache
        Where the download stays; by default pooch's cache folder for slantwise.

    Raises
    ------
    CorpusError
        If the name is unknown, the corpus cannot be had, or its content is not what the registry says. No table is
        written then.
    """
    known = registry()
    if name not in known:
        raise CorpusError(f"no corpus {name!r}; known are {', '.join(known)}")
    corpus, path = known[name], Path(folder) / known[name].file
    if path.exists():
        progress(f"checking {path}, which is there already")
        check(corpus, _read_table(path), f"{path}; it was left as it is (remove it to fetch the corpus anew)")
        return path
    archive = _download(corpus, Path(cache or pooch.os_cache("slantwise")), progress)
    progress(f"reading {corpus.rows:,} rows from {archive}")
    table = _read_archive(corpus, archive)
    check(corpus, table, f"{archive} from {corpus.url}; nothing was written (remove it to download anew)")
    _write(table, path)
    return path


def content_sha256(frame: pl.DataFrame) -> str:
    r"""Return the digest of a table's ids, titles and texts; data/corpora.toml defines it. Row order does not matter.

    >>> content_sha256(pl.DataFrame({"id": [2, 1], "text": ["b", None]}))[:8]
    '7e68c718'
    >>> hashlib.sha256(b"1\x1f\x1e2\x1fb").hexdigest()[:8]
    '7e68c718'
    """
    columns = [name for name in CONTENT if name in frame.columns]
    rows = frame.select(pl.col(columns).cast(pl.String).fill_null("")).sort(columns)
    digest, separator = hashlib.sha256(), b""
    for row in rows.select(pl.concat_str(columns, separator="\x1f")).to_series():
        digest.update(separator + row.encode())
        separator = b"\x1e"
    return digest.hexdigest()


def check(corpus: Corpus, table: pl.DataFrame, where: str) -> None:
    """Raise CorpusError if a table has not the rows and the content that the registry gives."""
    if "id" not in table.columns:
        raise CorpusError(f"{corpus.name}: missing column 'id'; found {', '.join(table.columns)} in {where}")
    expected, got = (corpus.rows, corpus.sha256), (table.height, content_sha256(table))
    if got != expected:
        msg = (
            f"{corpus.name}: expected {expected[0]:,} rows with content sha256 {expected[1]}, "
            f"got {got[0]:,} rows with {got[1]} in {where}"
        )
        raise CorpusError(msg)


def _download(corpus: Corpus, cache: Path, progress: Callable[[str], object]) -> Path:
    if corpus.url is None:
        msg = f"{corpus.name} cannot be fetched: {corpus.access}; then {corpus.by_hand}. Homepage: {corpus.homepage}"
        raise CorpusError(msg)
    progress(f"downloading {corpus.url} to {cache}, unless it is there")
    pooch.get_logger().setLevel("WARNING")  # it would say the same again and ask for a digest to be pasted into code
    try:
        return Path(pooch.retrieve(corpus.url, known_hash=corpus.sha256_download, path=cache))
    except (OSError, ValueError) as error:  # requests' errors are OSErrors; ValueError: sha256_download differs
        msg = f"{corpus.name}: could not download {corpus.url} to {cache}: {error} (or {corpus.by_hand})"
        raise CorpusError(msg) from error


def _read_archive(corpus: Corpus, path: Path) -> pl.DataFrame:
    try:
        with zipfile.ZipFile(path) as archive:
            (root,) = zipfile.Path(archive).iterdir()  # GitHub puts all under one folder, named after the commit
            return CONVERTERS[corpus.name](root)
    except (zipfile.BadZipFile, OSError, KeyError, TypeError, ValueError, pl.exceptions.PolarsError) as error:
        msg = (
            f"{corpus.name}: {path} from {corpus.url} is not in the form expected: {error!r}; nothing was written "
            f"(remove it to download anew, or {corpus.by_hand})"
        )
        raise CorpusError(msg) from error


def _read_table(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise CorpusError(f"{path}: cannot be read as parquet: {error} (remove it to fetch the corpus anew)") from error


def _write(table: pl.DataFrame, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with write_atomically(path) as file:
            table.write_parquet(file)
    except OSError as error:
        raise CorpusError(f"{path}: cannot be written: {error}") from error


def _allsides(root: zipfile.Path) -> pl.DataFrame:
    """Read one JSON file an article. `content_original` is the text; `content` is cut into tokens and anonymised."""
    splits = {f"published_{kind}_split": _published_split(root / "data/splits" / kind) for kind in ("random", "media")}
    rows = []
    for file in (root / "data/jsons").iterdir():
        article = json.loads(file.read_text(encoding="utf-8"))
        row = {
            "id": article["ID"],
            "title": article["title"],
            "text": article["content_original"],
            "outlet": article["source"],
            "date": article["date"] or None,
            "url": article["url"],
            "topic_tag": article["topic"],
            "leaning": article["bias_text"],
        }
        rows.append(row | {column: part_of.get(article["ID"]) for column, part_of in splits.items()})
    return pl.DataFrame(rows, schema_overrides=dict.fromkeys(("date", *splits), pl.String)).sort("id")


def _published_split(folder: zipfile.Path) -> dict[str, str]:
    """Return {article id: "train", "valid" or "test"} of a folder of .tsv files; the split leaves some articles out."""
    return {
        line.split("\t")[0]: part
        for part in ("train", "valid", "test")
        for line in (folder / f"{part}.tsv").read_text(encoding="utf-8").splitlines()[1:]
    }


def _allsides2021(root: zipfile.Path) -> pl.DataFrame:
    """Read one JSON line a story with up to one article a side; ids count the articles in the file's order."""
    rows: list[dict[str, Any]] = []
    with (root / "data/raw_crawled/headline_11_2021-10-19_crawled_all.jsonl").open(encoding="utf-8") as stories:
        for story in map(json.loads, stories):
            for article in story["news"].values():
                row = {
                    "id": f"neus-{len(rows):05d}",
                    "story_id": story["id"],
                    "title": article["newsTitle"],
                    "text": " ".join(article["newBody"]),
                    "outlet": article["newsSource"],
                    "date": story["date"][:10],
                    "url": article["newsLink"],
                    "topic_tag": story["topic"],
                    "leaning": article["stance"],
                    "is_opinion": bool(article["opinionTag"]),  # OPINION or ANALYSIS
                }
                rows.append(row)
    return pl.DataFrame(rows)


def _capnyt(root: zipfile.Path) -> pl.DataFrame:
    """Read the CSV of ids, topic codes, dates and titles; three titles are missing there."""
    table = pl.read_csv(
        (root / "data/valid_start.csv").read_bytes(),
        schema_overrides={"id": pl.Int64, "majortopic": pl.Int64, "date": pl.String, "title": pl.String},
    )
    date = pl.col("date").str.to_date("%m/%d/%y").dt.to_string("iso")
    return table.select("id", "title", date, cap_major_topic="majortopic")


CONVERTERS: dict[str, Callable[[zipfile.Path], pl.DataFrame]] = {
    "allsides": _allsides,
    "allsides2021": _allsides2021,
    "capnyt": _capnyt,
}
