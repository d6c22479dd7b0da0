"""Model files: what is written comes back, and whatever is not a whole model file is refused by name."""

import errno
import hashlib
import io
import json
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from classifier import modelfile
from classifier.atomic import write_atomically
from classifier.errors import ModelError, SlantwiseError
from classifier.modelfile import FORMAT, ModelFile, read_model_file, write_model_file


@pytest.fixture
def content():
    arrays = {
        "text": np.arange(12, dtype=np.float16).reshape(4, 3),
        "learned": np.array([True, False, True]),
        "words": np.frombuffer("quay\nété".encode(), np.uint8),
        "empty": np.zeros((0, 2), np.int32),
    }
    return ModelFile({"name": "tiny", "note": "é", "nested": {"list": [1, 2.5, None]}}, arrays)


@pytest.fixture
def path(content, tmp_path):
    path = tmp_path / "tiny.slantwise"
    write_model_file(path, content)
    return path


def parts_of(path):
    with zipfile.ZipFile(path) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def write_parts(path, parts):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in parts.items():
            bundle.writestr(name, data)


def change_manifest(path, change):
    """Write the file anew with a manifest that a function has changed."""
    parts = parts_of(path)
    manifest = json.loads(parts["manifest.json"])
    change(manifest)
    write_parts(path, parts | {"manifest.json": json.dumps(manifest).encode()})


def pack(array, **options):
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


# --- what is written comes back


def test_arrays_come_back_as_they_were(path, content):
    _, arrays = read_model_file(path)

    assert arrays.keys() == content.arrays.keys()
    for name, array in content.arrays.items():
        assert arrays[name].dtype == array.dtype
        assert arrays[name].shape == array.shape
        assert np.array_equal(arrays[name], array)


def test_the_manifest_comes_back_with_the_format_and_the_arrays_beside_it(path, content):
    manifest, _ = read_model_file(path)

    assert {key: manifest[key] for key in content.manifest} == content.manifest
    assert manifest["format"] == FORMAT
    assert manifest["arrays"]["text"]["shape"] == [4, 3]
    assert manifest["arrays"]["text"]["dtype"] == "<f2"


def test_the_same_content_is_the_same_bytes(path, content, tmp_path):
    other = tmp_path / "other.slantwise"
    shuffled = ModelFile(content.manifest, dict(reversed(content.arrays.items())))

    write_model_file(other, shuffled)

    assert other.read_bytes() == path.read_bytes()


def test_the_time_of_writing_is_not_in_the_file(path):
    with zipfile.ZipFile(path) as bundle:
        times = {part.date_time for part in bundle.infolist()}

    assert times == {(1980, 1, 1, 0, 0, 0)}


def test_other_content_is_other_bytes(path, content, tmp_path):
    other = tmp_path / "other.slantwise"
    changed = content.arrays | {"learned": np.array([True, True, True])}

    write_model_file(other, ModelFile(content.manifest, changed))

    assert other.read_bytes() != path.read_bytes()


def test_writing_returns_the_digest_of_the_file(path, content):
    digest = write_model_file(path, content)

    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_array_of_objects_is_not_written(path, content):
    before = path.read_bytes()
    arrays = {"text": np.array([{"a": 1}], dtype=object)}

    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        write_model_file(path, ModelFile(content.manifest, arrays))

    assert path.read_bytes() == before


# --- damage


@pytest.mark.parametrize(
    "share", [0.0, 0.01, 0.25, 0.5, 0.9, 0.999], ids=["nothing", "start", "quarter", "half", "most", "all-but-a-byte"]
)
def test_a_file_that_is_cut_short_is_named_with_a_way_out(path, share):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])

    with pytest.raises(
        ModelError, match=r"tiny\.slantwise: not a whole model file \(.* bytes; .*copy or train it again"
    ):
        read_model_file(path)


@pytest.mark.slow
def test_a_byte_that_is_flipped_is_refused_or_touches_nothing_that_is_read(path, content):
    whole = path.read_bytes()

    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            manifest, arrays = read_model_file(path)
        except ModelError as error:
            assert str(path) in str(error)  # noqa: PT017 - a byte such as a time in the zip may be read past
        else:
            assert {key: manifest[key] for key in content.manifest} == content.manifest
            assert all(np.array_equal(arrays[name], array) for name, array in content.arrays.items())


def test_an_array_that_is_not_of_the_digest_in_the_manifest_is_named(path):
    parts = parts_of(path)
    data = bytearray(parts["text.npy"])
    data[-1] ^= 1
    write_parts(path, parts | {"text.npy": bytes(data)})

    with pytest.raises(ModelError, match=r"tiny\.slantwise: text is damaged: expected sha256 \w{12}, found \w{12}"):
        read_model_file(path)


def test_an_array_that_does_not_inflate_is_refused(path):
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as bundle:
        start = bundle.getinfo("text.npy").header_offset + 30 + len("text.npy")
    path.write_bytes(whole[:start] + b"\xff" + whole[start + 1 :])

    with pytest.raises(ModelError, match=r"tiny\.slantwise: .*(damaged|not a whole model file)"):
        read_model_file(path)


# --- another shape, type, part or format than is said


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        pytest.param("shape", [3, 4], r"text should be \[3, 4\] of <f2, found \[4, 3\] of <f2", id="shape"),
        pytest.param("shape", [12], r"text should be \[12\] of <f2, found \[4, 3\] of <f2", id="dimensions"),
        pytest.param("dtype", "<f4", r"text should be \[4, 3\] of <f4, found \[4, 3\] of <f2", id="dtype"),
        pytest.param("sha256", "0" * 64, "text is damaged: expected sha256 000000000000, found", id="digest"),
    ],
)
def test_an_array_that_is_not_what_the_manifest_says_is_refused(path, key, value, complaint):
    change_manifest(path, lambda manifest: manifest["arrays"]["text"].update({key: value}))

    with pytest.raises(ModelError, match=rf"tiny\.slantwise: {complaint}"):
        read_model_file(path)


def test_a_part_that_the_manifest_does_not_list_is_refused(path):
    write_parts(path, parts_of(path) | {"run.py": b"print()"})

    with pytest.raises(ModelError, match=r"tiny\.slantwise: expected 5 parts .* differing: \['run\.py'\]"):
        read_model_file(path)


def test_a_part_that_is_missing_is_named(path):
    parts = parts_of(path)
    del parts["words.npy"]
    write_parts(path, parts)

    with pytest.raises(ModelError, match=r"tiny\.slantwise: expected 5 parts .* differing: \['words\.npy'\]"):
        read_model_file(path)


@pytest.mark.parametrize("found", [0, FORMAT + 1, "1", None], ids=["earlier", "later", "text", "none"])
def test_a_file_of_another_format_is_refused(path, found):
    change_manifest(path, lambda manifest: manifest.update(format=found))

    with pytest.raises(
        ModelError, match=rf"tiny\.slantwise: model format {found!r}; .* reads format {FORMAT} \(install"
    ):
        read_model_file(path)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("{", "manifest.json is not JSON", id="not-json"),
        pytest.param("[]", "model format 'list'", id="a-list"),
        pytest.param("{}", "model format None", id="empty"),
    ],
)
def test_a_manifest_that_is_none_is_refused(path, text, complaint):
    write_parts(path, parts_of(path) | {"manifest.json": text.encode()})

    with pytest.raises(ModelError, match=rf"tiny\.slantwise: {complaint}"):
        read_model_file(path)


@pytest.mark.parametrize(
    ("arrays", "parts"),
    [
        pytest.param(None, [], id="no-list"),
        pytest.param({"text": {}}, ["text.npy"], id="nothing-said-of-an-array"),
        pytest.param(["text"], ["text.npy"], id="names-alone"),
    ],
)
def test_a_manifest_that_does_not_describe_the_arrays_is_refused(path, arrays, parts):
    manifest = {"format": FORMAT} | ({} if arrays is None else {"arrays": arrays})
    kept = {name: data for name, data in parts_of(path).items() if name in parts}
    write_parts(path, kept | {"manifest.json": json.dumps(manifest).encode()})

    with pytest.raises(ModelError, match=r"tiny\.slantwise"):
        read_model_file(path)


def test_a_zip_of_something_else_is_refused_with_what_it_holds(path):
    write_parts(path, {"word/document.xml": b"<w/>"})

    with pytest.raises(ModelError, match=r"tiny\.slantwise: not a slantwise model: .* \['word/document\.xml'\]"):
        read_model_file(path)


@pytest.mark.parametrize("data", [b"quay " * 100, pickle.dumps({"weights": [1.0]})], ids=["text", "pickle"])
def test_a_file_that_is_no_zip_is_refused(path, data):
    path.write_bytes(data)

    with pytest.raises(ModelError, match=r"tiny\.slantwise: not a whole model file \(.*File is not a zip file\)"):
        read_model_file(path)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        pytest.param("nowhere.slantwise", "No such file or directory", id="missing"),
        pytest.param(".", "Is a directory", id="folder"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, complaint):
    with pytest.raises(ModelError, match=rf"{tmp_path.name}.*: cannot be read: {complaint}"):
        read_model_file(tmp_path / name)


# --- nothing harmful


class Harmful:
    """Sets a flag when it is unpickled."""

    done = False

    def __reduce__(self):
        return setattr, (Harmful, "done", True)


def test_a_pickled_array_is_refused_and_not_run(path):
    data = pack(np.array([Harmful()], dtype=object), allow_pickle=True)
    write_parts(path, parts_of(path) | {"text.npy": data})
    said = {"shape": [1], "dtype": "|O", "sha256": hashlib.sha256(data).hexdigest()}
    change_manifest(path, lambda manifest: manifest["arrays"].update(text=said))

    with pytest.raises(ModelError, match=r"tiny\.slantwise: text is no plain array: .*allow_pickle"):
        read_model_file(path)

    assert not Harmful.done


def test_the_pickle_of_that_test_would_have_run():
    pickle.loads(pickle.dumps(Harmful()))

    assert Harmful.done
    Harmful.done = False


@pytest.mark.parametrize("name", ["manifest.json", "text.npy"])
def test_a_part_that_claims_to_be_enormous_is_not_unpacked(path, name):
    whole = bytearray(path.read_bytes())
    entry = whole.rindex(name.encode()) - 46  # its record in the directory at the end of the zip
    assert whole[entry : entry + 4] == b"PK\x01\x02"
    whole[entry + 24 : entry + 28] = struct.pack("<I", 3_000_000_000)
    path.write_bytes(whole)

    with pytest.raises(ModelError, match=rf"tiny\.slantwise: {name} would unpack to 3,000,000,000 bytes; the limit is"):
        read_model_file(path)


def test_a_part_over_the_limit_is_refused(path, monkeypatch):
    monkeypatch.setattr(modelfile, "MAX_BYTES", 200)

    with pytest.raises(ModelError, match=r"tiny\.slantwise: .* would unpack to [\d,]+ bytes; the limit is 200"):
        read_model_file(path)


# --- whole or not at all


def write_and_end_early(path, end):
    with write_atomically(path) as file:
        file.write(b"half of the n")
        file.flush()
        raise end


@pytest.mark.parametrize("end", [KeyboardInterrupt("stop"), BrokenPipeError("stop"), SystemExit("stop")], ids=repr)
def test_a_write_that_ends_early_leaves_the_old_file(tmp_path, end):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    with pytest.raises(type(end), match=str(end)):
        write_and_end_early(path, end)

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file_and_is_an_error_that_names_it(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    with pytest.raises(SlantwiseError, match=r"a\.txt: cannot be written: No space left on device"):
        write_and_end_early(path, OSError(errno.ENOSPC, "No space left on device"))

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_file_of_its_own_is_written_to_as_it_is():
    with write_atomically("/dev/null") as file:
        file.write(b"gone")

    assert Path("/dev/null").is_char_device()


def test_a_link_is_kept_and_its_file_written(tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "link").symlink_to("file")

    with write_atomically(tmp_path / "link") as file:
        file.write(b"new")

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_write_that_ends_early_leaves_no_new_file(tmp_path):
    with pytest.raises(RuntimeError, match="stop"):
        write_and_end_early(tmp_path / "a.txt", RuntimeError("stop"))

    assert list(tmp_path.iterdir()) == []


def test_a_file_takes_its_name_when_it_is_whole(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    with write_atomically(path) as file:
        file.write(b"new")
        file.flush()
        during = path.read_bytes()

    assert (during, path.read_bytes()) == (b"old", b"new")
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_can_be_read_by_whom_the_umask_lets(tmp_path):
    plain = tmp_path / "plain.txt"
    plain.touch()

    with write_atomically(tmp_path / "a.txt") as file:
        file.write(b"new")

    assert (tmp_path / "a.txt").stat().st_mode == plain.stat().st_mode


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with (
        pytest.raises(SlantwiseError, match=r"nowhere/a\.txt: cannot be written: No such file .*\(is the folder there"),
        write_atomically(tmp_path / "nowhere" / "a.txt"),
    ):
        pass


def test_a_folder_cannot_be_replaced_by_a_file(tmp_path):
    path = tmp_path / "a"
    path.mkdir()

    with pytest.raises(SlantwiseError, match="a: cannot be written: Is a directory"), write_atomically(path) as file:
        file.write(b"new")
