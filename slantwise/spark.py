"""Score a Spark DataFrame: `slantwise.spark.score(df)`, the same model, rows and numbers as the command's.

The driver knows the model's labels, so it gives the output its columns; executors score. What travels to them is the
name and the digest of a model file, and the file itself unless it lies there already. Rows come in Arrow batches, are
cut by bytes and go straight into Polars (pyarrow's own arithmetic would load pandas). Each row is scored as if it stood
alone (`classifier.rows_alone`), because Spark may cut the table in another way tomorrow, and does parts of it again
where it loses a machine.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import socket
import tempfile
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classifier import __version__
from classifier.errors import ArticleError, ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl
    import pyarrow as pa
    from pyspark import SparkContext
    from pyspark.sql import Column, DataFrame

    from classifier.model import Model

# Of text, scored at a time: for each part cleaning compiles its rules, 60 ms, and memory grows with it.
PART_BYTES = 8_000_000
LOCAL = "local:"  # how Spark calls a file that lies on every executor
SHOWN = 12  # digits of a digest in messages
_READ = ("id", "text", "title", "url")  # what is sent beside the size of the text and what is kept


def score(
    df: DataFrame,
    model: str | Path | None = None,
    *,
    text: str = "text",
    id: str = "id",  # noqa: A002  what the column is called everywhere
    title: str | None = None,
    evidence: int = 0,
    clean: bool = True,
    any_language: bool = False,
    keep: Sequence[str] = (),
) -> DataFrame:
    """Return the scores of a DataFrame of articles, also of one that streams.

    Parameters
    ----------
    df
        One row an article or page. A column `url` is used where a page of HTML does not say its own.
    model
        A model file on the driver, which is sent to the executors; `local:/path` for one that lies on each of them and
        on the driver; None for the model that ships with slantwise, as it is installed there.
    text, id, title
        The names of columns. A title is taken from `title` where there is such a column and none is named.
    evidence, clean, any_language
        As the options of `slantwise score`, which say no to `clean` and `any_language`.
    keep
        Further columns of `df` that stand beside the scores: joining them again would cost more than scoring.

    Returns
    -------
    pyspark.sql.DataFrame
        The columns of the command's parquet (`source` is null), those that are kept, and `reason`: why an article has
        no scores, else null. A row that cannot be used stands once, without scores. A page that holds several
        articles gives several rows, called id#1, id#2. Pages are cleaned each by itself, and ids are not compared.

    Raises
    ------
    SlantwiseError
        If the model cannot be read, or a column is missing or of another type. On an executor, if its model is not that
        of the driver.
    """
    from pyspark.sql import types

    from slantwise import load

    shipped, loaded = _shipped(df, model), load(_path_on_driver(model))
    columns = _columns(df, text=text, id=id, title=title)
    table = _scores_of_nothing(loaded, evidence)
    for name in keep:
        _check_kept(name, df.columns, table.columns)
    kept = {f"kept{number}": df[_quoted(name)] for number, name in enumerate(keep)}
    sent = df.select([column.alias(name) for name, column in (columns | kept).items()])
    schema = types.StructType()
    for name, kind in table.schema.items():
        if name == "reason":
            for column in keep:
                schema.add(column, df.schema[column].dataType, True)
        schema.add(name, _spark_type(kind), True)
    scorer = Scorer(shipped, tuple(keep), evidence, clean, any_language)
    with without_pandas_warning():
        return sent.mapInArrow(scorer, schema)


@contextmanager
def without_pandas_warning() -> Iterator[None]:
    """Keep Spark from saying that it does not support pandas 3 yet: `mapInArrow` looks for pandas without using it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        yield


# --- what the driver looks at


def _columns(df: DataFrame, *, text: str, id: str, title: str | None) -> dict[str, Column]:  # noqa: A002
    """Return the columns that are sent to executors, by the names that they have there.

    A text that is too large for an article stays where it is: a batch of Arrow could not hold a few hundred of them.
    """
    from pyspark.sql import functions, types

    from classifier.rows import MAX_ARTICLE_BYTES

    for name, option in ((text, "text"), (id, "id"), (title, "title")):
        if name is not None and name not in df.columns:
            found = ", ".join(map(repr, df.columns)) or "nothing"
            raise ArticleError(f"missing {name!r}; found {found} (name the column with {option}=)")
    kinds = {field.name: field.dataType for field in df.schema.fields}
    if not isinstance(kinds[text], (types.StringType, types.CharType, types.VarcharType, types.NullType)):
        found = kinds[text].simpleString()
        raise ArticleError(f"expected a column of strings, found {text!r} of type {found} (convert the column)")
    if not _is_plain(kinds[id]):
        found = kinds[id].simpleString()
        raise ArticleError(f"expected a column of ids, found {id!r} of type {found} (name another column with id=)")
    title = title or "title"
    nothing = functions.lit(None).cast("string")
    plain = {
        name: df[_quoted(column)].cast("string") if column in kinds and _is_plain(kinds[column]) else nothing
        for name, column in (("id", id), ("text", text), ("title", title), ("url", "url"))
    }
    size = functions.octet_length(plain["text"])
    return {**plain, "text": functions.when(size <= MAX_ARTICLE_BYTES, plain["text"]), "size": size}


def _is_plain(kind: object) -> bool:
    from pyspark.sql import types

    return isinstance(kind, types.AtomicType) and not isinstance(kind, types.BinaryType)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _check_kept(name: str, found: Sequence[str], taken: Sequence[str]) -> None:
    if name not in found:
        raise ArticleError(f"missing {name!r}; found {', '.join(map(repr, found))} (name columns of df with keep=)")
    if name in taken:
        raise ArticleError(f"keep={name!r}: the scores have a column of that name already (rename it in df)")


def _scores_of_nothing(model: Model, evidence: int) -> pl.DataFrame:
    import polars as pl

    from classifier.rows_alone import score_rows

    nothing = pl.DataFrame(schema={"id": pl.String, "text": pl.String})
    return score_rows(model, nothing, evidence=evidence).drop("row")


def _spark_type(kind: Any) -> Any:
    """Return Spark's type for a Polars type of a column of scores."""
    import polars as pl
    from pyspark.sql import types

    if isinstance(kind, pl.List):
        return types.ArrayType(_spark_type(kind.inner))
    if isinstance(kind, pl.Struct):
        return types.StructType([types.StructField(field.name, _spark_type(field.dtype)) for field in kind.fields])
    plain = {
        pl.String: types.StringType(),
        pl.Boolean: types.BooleanType(),
        pl.Float32: types.FloatType(),
        pl.Float64: types.DoubleType(),
        pl.Int64: types.LongType(),
    }
    return plain[kind.base_type()]


# --- how the model travels


@dataclass(frozen=True, slots=True)
class Shipped:
    """Where executors find the model: `place` is "installed", "sent" or "local", `name` its path or file name."""

    place: str
    name: str
    digest: str
    version: str = __version__

    def load(self) -> Model:
        """Return the model; on an executor it is read once by each Python worker."""
        return _loaded(self)


@lru_cache(maxsize=2)
def _loaded(shipped: Shipped) -> Model:
    from classifier.model import DEFAULT_MODEL, Model

    if shipped.place == "sent":
        from pyspark import SparkFiles

        path, way_out = Path(SparkFiles.get(shipped.name)), "start the application again, so that it is sent again"
    elif shipped.place == "installed":
        path, way_out = DEFAULT_MODEL, f"install slantwise {shipped.version} there, or give model= a path"
    else:
        path, way_out = Path(shipped.name), "copy the driver's file there"
    where = f"{path} on {socket.gethostname()}"
    if shipped.version != __version__:
        expected = f"expected slantwise {shipped.version} as on the driver, found {__version__}"
        raise ModelError(f"{where}: {expected} (install the same version on all machines)")
    try:
        found = _digest(path)
    except OSError as error:
        expected = f"expected the model with sha256 {shipped.digest[:SHOWN]}, found no file that can be read"
        raise ModelError(f"{where}: {expected}: {error.strerror or error} ({way_out})") from None
    if found != shipped.digest:
        expected = f"expected sha256 {shipped.digest[:SHOWN]} as on the driver, found {found[:SHOWN]}"
        raise ModelError(f"{where}: {expected} ({way_out})")
    return Model.load(path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _path_on_driver(model: str | Path | None) -> Path | None:
    return None if model is None else Path(str(model).removeprefix(LOCAL))


def _shipped(df: DataFrame, model: str | Path | None) -> Shipped:
    from classifier.model import DEFAULT_MODEL

    path = _path_on_driver(model) or DEFAULT_MODEL
    try:
        digest = _digest(path)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror or error} (check the path)") from None
    if model is None:
        return Shipped("installed", path.name, digest)
    if str(model).startswith(LOCAL):
        return Shipped("local", str(path), digest)
    context = getattr(df.sparkSession, "sparkContext", None)
    if context is None:
        way_out = f"put it on every executor, and give model={LOCAL + str(path.absolute())!r}; or leave model= out"
        raise ModelError(f"{path}: Spark Connect has no SparkContext that could send it to the executors ({way_out})")
    return Shipped("sent", _sent(context, path, digest), digest)


def _sent(context: SparkContext, path: Path, digest: str) -> str:
    """Send a file to the executors under a name of its own, which is returned.

    Spark sends no file again whose name it knows, so that a model that was trained anew would stay behind.
    """
    name = f"{digest[:SHOWN]}-{path.name}"
    if not any(uri.rpartition("/")[2] == name for uri in context.listFiles):
        folder = tempfile.mkdtemp(prefix="slantwise-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        context.addFile(shutil.copy(path, f"{folder}/{name}"))
    return name


# --- what an executor does


@dataclass(frozen=True, slots=True)
class Scorer:
    """The work on Arrow batches of the columns of `_columns`, and those that are kept, in a Python worker."""

    model: Shipped
    keep: tuple[str, ...]
    evidence: int
    clean: bool
    any_language: bool

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the batches of scores."""
        # A task is one core: Spark runs one on each. Polars reads this when it is loaded, which the model does.
        os.environ.setdefault("POLARS_MAX_THREADS", "1")
        model = self.model.load()
        for batch in batches:
            for part in _parts(batch):
                yield from self._scored(model, part)

    def _scored(self, model: Model, part: pa.RecordBatch) -> list[pa.RecordBatch]:
        import polars as pl
        import pyarrow as pa

        from classifier.rows_alone import score_rows

        texts, refused = _read_texts(part)
        scored = score_rows(
            model,
            pl.DataFrame(texts),
            evidence=self.evidence,
            clean=self.clean,
            any_language=self.any_language,
            refused=refused,
        )
        rows = scored["row"].to_arrow()
        found = _as_spark_takes(scored.drop("row").to_arrow(compat_level=pl.CompatLevel.oldest()))
        kept = [part.column(f"kept{number}").take(rows) for number in range(len(self.keep))]
        columns, names = found.columns, found.column_names
        columns[-1:-1], names[-1:-1] = kept, self.keep
        table = pa.Table.from_arrays(columns, names)
        batches: list[pa.RecordBatch] = table.combine_chunks().to_batches()
        return batches


def _parts(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Cut a batch, without copying it, where the texts of a part reach PART_BYTES."""
    import polars as pl
    import pyarrow.compute as pc

    ends = pl.Series(pl.from_arrow(pc.binary_length(batch.column("text"))), dtype=pl.Int64).fill_null(0).cum_sum()
    start = 0
    for length in (ends // PART_BYTES).rle().struct.field("len"):
        yield batch.slice(start, length)
        start += length


def _read_texts(part: pa.RecordBatch) -> tuple[dict[str, pl.Series], dict[int, str]]:
    """Return the columns to read, by name, and the reasons of rows whose text is too large or not UTF-8, by place."""
    import polars as pl

    from classifier.rows import MAX_ARTICLE_BYTES, too_large

    columns = {}
    refused: dict[int, str] = {}
    for name in _READ:
        columns[name], broken = _as_series(name, part.column(name))
        if name == "text":
            refused |= broken
    sizes = pl.Series(pl.from_arrow(part.column("size")))
    large = (sizes > MAX_ARTICLE_BYTES).arg_true()
    refused |= {row: too_large(size) for row, size in zip(large, sizes[large], strict=True)}
    return columns, refused


def _as_series(name: str, column: pa.Array) -> tuple[pl.Series, dict[int, str]]:
    """Return a column of strings, and what is wrong with those that are not UTF-8; they are null.

    Spark keeps bytes that are no text in a string, and Polars believes what it is given.
    """
    import polars as pl
    import pyarrow as pa

    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        pass
    else:
        return pl.Series(name, pl.from_arrow(column), pl.String), {}
    texts: list[str | None] = []
    broken = {}
    for row, value in enumerate(column.cast(pa.large_binary()).to_pylist()):
        try:
            texts.append(None if value is None else value.decode())
        except UnicodeDecodeError as error:
            texts.append(None)
            found = f"byte 0x{value[error.start]:02x} at offset {error.start}"
            broken[row] = f"expected UTF-8, found {found} (decode the column from the encoding that it has)"
    return pl.Series(name, texts, pl.String), broken


def _as_spark_takes(table: pa.Table) -> pa.Table:
    """Return a table with the small offsets that Spark asks for, where Polars has large ones."""
    import pyarrow as pa

    return table.cast(pa.schema([pa.field(field.name, _small(field.type)) for field in table.schema]))


def _small(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    if pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_large_list(kind):
        return pa.list_(_small(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, _small(field.type)) for field in kind])
    return kind
