"""The model file: a zip of plain arrays and one JSON manifest, `*.slantwise`.

Loading it runs no code: arrays are read with `allow_pickle=False`, and whatever is missing, left over, of another shape
or type, or not of the digest that the manifest gives is refused. Times and order in the zip are fixed, so that the same
model is the same bytes.
"""

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from classifier.atomic import write_atomically
from classifier.errors import ModelError

FORMAT = 1
MANIFEST = "manifest.json"
MAX_BYTES = 1_000_000_000  # what one array may unpack to; a shipped model has under 20 MB in all
ZIP_TIME = (1980, 1, 1, 0, 0, 0)


class ModelFile(NamedTuple):
    """What a model file holds: a manifest (JSON) and arrays by name."""

    manifest: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]


def write_model_file(path: str | Path, content: ModelFile) -> str:
    """Write the file whole or not at all, and return its SHA-256 in hex."""
    packed = {name: _to_bytes(array) for name, array in sorted(content.arrays.items())}
    described = {
        name: {"shape": list(array.shape), "dtype": array.dtype.str, "sha256": hashlib.sha256(packed[name]).hexdigest()}
        for name, array in sorted(content.arrays.items())
    }
    manifest = {"format": FORMAT, **content.manifest, "arrays": described}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as bundle:
        text = json.dumps(manifest, indent=1, ensure_ascii=False)
        bundle.writestr(zipfile.ZipInfo(MANIFEST, ZIP_TIME), text.encode(), zipfile.ZIP_DEFLATED)
        for name, data in packed.items():
            bundle.writestr(zipfile.ZipInfo(f"{name}.npy", ZIP_TIME), data, zipfile.ZIP_DEFLATED)
    with write_atomically(path) as file:
        file.write(buffer.getvalue())
    return hashlib.sha256(buffer.getvalue()).hexdigest()


def read_model_file(path: str | Path) -> ModelFile:
    """Read and check a model file.

    Raises
    ------
    ModelError
        If it cannot be read, is cut short, is of another format, or an array differs from what the manifest says.
    """
    try:
        with zipfile.ZipFile(path) as bundle:
            manifest = _read_manifest(bundle, path)
            return ModelFile(manifest, {name: _read_array(bundle, name, manifest, path) for name in manifest["arrays"]})
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
        size = Path(path).stat().st_size
        msg = f"{path}: not a whole model file ({size:,} bytes; {error}); it may be cut short"
        raise ModelError(f"{msg} (copy or train it again)") from None


def _read_manifest(bundle: zipfile.ZipFile, path: str | Path) -> dict[str, Any]:
    names = set(bundle.namelist())
    if MANIFEST not in names:
        raise ModelError(f"{path}: not a slantwise model: it holds no {MANIFEST} but {sorted(names)[:5]}")
    try:
        manifest = json.loads(_read_bounded(bundle, MANIFEST, path))
    except ValueError as error:
        raise ModelError(f"{path}: {MANIFEST} is not JSON: {error}") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else type(manifest).__name__
        msg = f"{path}: model format {found!r}; this version reads format {FORMAT} (install a slantwise that fits it)"
        raise ModelError(msg)
    arrays = manifest.get("arrays")
    if not isinstance(arrays, dict) or not all(_is_description(said) for said in arrays.values()):
        msg = f"{path}: {MANIFEST} should give shape, dtype and sha256 of each array; found {str(arrays)[:60]}"
        raise ModelError(f"{msg} (train the model again)")
    expected = {MANIFEST, *(f"{name}.npy" for name in arrays)}
    if expected != names:
        msg = f"{path}: expected {len(expected)} parts as the manifest lists; differing: {sorted(expected ^ names)[:5]}"
        raise ModelError(msg)
    return manifest


def _is_description(said: Any) -> bool:
    shape = said.get("shape") if isinstance(said, dict) else None
    return isinstance(shape, list) and all(isinstance(said.get(key), str) for key in ("dtype", "sha256"))


def _read_array(bundle: zipfile.ZipFile, name: str, manifest: Mapping[str, Any], path: str | Path) -> NDArray[Any]:
    said = manifest["arrays"][name]
    data = _read_bounded(bundle, f"{name}.npy", path)
    found = hashlib.sha256(data).hexdigest()
    if found != said["sha256"]:
        msg = f"{path}: {name} is damaged: expected sha256 {said['sha256'][:12]}, found {found[:12]}"
        raise ModelError(f"{msg} (copy the file again)")
    try:
        array: NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
    except ValueError as error:
        raise ModelError(f"{path}: {name} is no plain array: {error}") from None
    if list(array.shape) != said["shape"] or array.dtype.str != said["dtype"]:
        found = f"{list(array.shape)} of {array.dtype.str}"
        raise ModelError(f"{path}: {name} should be {said['shape']} of {said['dtype']}, found {found}")
    return array


def _read_bounded(bundle: zipfile.ZipFile, name: str, path: str | Path) -> bytes:
    size = bundle.getinfo(name).file_size
    if size > MAX_BYTES:
        raise ModelError(f"{path}: {name} would unpack to {size:,} bytes; the limit is {MAX_BYTES:,}")
    return bundle.read(name)


def _to_bytes(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()
