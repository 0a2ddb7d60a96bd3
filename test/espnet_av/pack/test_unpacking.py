"""Packed models of strangers: each thing that can be wrong is a CheckpointError, and is small."""

from __future__ import annotations

import hashlib
import tracemalloc
import zipfile

import pytest
import torch
import yaml
from oracles.recogniser_folders import write_recogniser
from safetensors.torch import load, save

from espnet_av.errors import CheckpointError
from espnet_av.pack import open_model, pack_model, unpack_model, unpacking
from espnet_av.roi.config import RoiConfig
from espnet_av.train.loading import load_recogniser


@pytest.fixture(scope="module")
def members(tiny_run, tmp_path_factory):
    """Name -> content of the files of a packed model."""
    folder = tmp_path_factory.mktemp("packed")
    write_recogniser(folder / "exp", tiny_run.root / "tokens", "ctc")
    pack_model(folder / "exp", folder / "m.zip", roi=RoiConfig(tracker="haar"))
    with zipfile.ZipFile(folder / "m.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path, members, meta=None, **options):
    """A zip of these members; what `meta.yaml` says of them is right unless it is given."""
    listed = {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in members.items()
        if name != "meta.yaml"
    }
    if meta is None:
        meta = {**yaml.safe_load(members["meta.yaml"]), "members": listed}
    meta = meta if isinstance(meta, bytes) else yaml.safe_dump(meta).encode()
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, content in {**members, "meta.yaml": meta}.items():
            archive.writestr(name, content)
    return path


def refuses(path, message):
    with pytest.raises(CheckpointError, match=message) as refused, open_model(path) as files:
        load_recogniser(files.folder, files.checkpoint)
    assert len(str(refused.value)) < 1500


def test_the_model_itself_is_read(members, tmp_path):
    # Zips that are out there say so; with another number they would be refused.
    assert yaml.safe_load(members["meta.yaml"])["format_version"] == 1
    with open_model(write(tmp_path / "m.zip", members)) as files:
        model, _, _ = load_recogniser(files.folder, files.checkpoint)
    weights = load(members["weights.safetensors"])
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())


def test_what_people_do_with_zips(members, tmp_path):
    folder = tmp_path / "unpacked"
    for name, content in members.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    with zipfile.ZipFile(tmp_path / "again.zip", "w") as archive:
        # As `zip -0 -r` does, with folders for members.
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    for path in (folder, tmp_path / "again.zip"):
        with open_model(path) as files:
            load_recogniser(files.folder, files.checkpoint)
            assert files.roi is not None and files.decode is not None
    # A file manager compresses; the cure is to unpack it.
    finder = write(tmp_path / "finder.zip", members, compression=zipfile.ZIP_DEFLATED)
    refuses(finder, "compressed .* take the original, or unpack what you trust and give the folder")


def test_bombs_are_not_unpacked(members, tmp_path):
    bomb = {**members, "README.md": b"\0" * 20_000_000}
    path = write(tmp_path / "m.zip", bomb, compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 2_000_000
    tracemalloc.start()
    with pytest.raises(CheckpointError, match="is compressed or encrypted"):
        unpack_model(path, tmp_path / "out")
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()
    assert not (tmp_path / "out").exists()


def test_members_are_never_whole_in_memory(members, tmp_path):
    large = {**members, "README.md": b"\0" * 20_000_000}
    path = write(tmp_path / "m.zip", large)
    tracemalloc.start()
    unpack_model(path, tmp_path / "out")
    assert tracemalloc.get_traced_memory()[1] < 6_000_000
    tracemalloc.stop()
    assert (tmp_path / "out/README.md").stat().st_size == 20_000_000


def test_members_that_overlap_or_are_encrypted(members, tmp_path):
    path = write(tmp_path / "m.zip", members)
    data = bytearray(path.read_bytes())
    # The sizes of a member in the list of all, which stands at the end.
    entry = data.rindex(b"PK\x01\x02", 0, data.index(b"README.md", data.index(b"PK\x01\x02")))
    wider = bytearray(data)
    wider[entry + 20 : entry + 28] = (10**9).to_bytes(4, "little") * 2
    (tmp_path / "wide.zip").write_bytes(wider)
    refuses(tmp_path / "wide.zip", "is larger inside than outside")
    wider[entry + 20 : entry + 28] = b"\xfe\xff\xff\xff" * 2
    data[entry + 8] |= 1
    (tmp_path / "secret.zip").write_bytes(data)
    refuses(tmp_path / "secret.zip", r"'README\.md' is compressed or encrypted")


def test_too_large_altogether(members, tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "MAX_BYTES", 10_000)
    path = write(tmp_path / "m.zip", members)
    refuses(path, "bytes unpacked, more than the limit of 10000")
    with zipfile.ZipFile(path) as content:
        num_bytes = sum(info.file_size for info in content.infolist())
    monkeypatch.setattr(unpacking, "MAX_BYTES", num_bytes - 1)
    refuses(path, f"{num_bytes} bytes unpacked, more than the limit")
    monkeypatch.setattr(unpacking, "MAX_BYTES", num_bytes)
    with zipfile.ZipFile(path) as content:
        unpacking._check_sizes(path, content.infolist())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Config.yaml", "a member is there twice"),
        ("tokens/TOKENS.txt", "a member is there twice"),
        ("config.yaml/x", r"'config\.yaml' is a file and a folder"),
        ("./x", "would be written outside"),
        ("tokens//x", "would be written outside"),
        ("x\n", "would be written outside"),
    ],
)
def test_names_that_are_not_one_file_each(members, tmp_path, name, message):
    path = write(tmp_path / "m.zip", {**members, name: b"x"})
    refuses(path, message)


META = {"format_version": 1, "members": {}}
LAUGHS = b"a: &a [1,1]\n" + b"".join(
    b"%c: &%c [*%c,*%c]\n" % (c, c, c - 1, c - 1) for c in range(98, 123)
)
MERGES = b"a: &a {k: 1}\n" + b"".join(
    b"%c: &%c {<<: [*%c,*%c]}\n" % (c, c, c - 1, c - 1) for c in range(98, 123)
)


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        (b"", "packed in format None"),
        (b"\xff", r"meta\.yaml:1: byte 0xff is not UTF-8"),
        (b"a: [", r"meta\.yaml: not valid YAML"),
        (b"a: 1\na: 2", r"meta\.yaml: not valid YAML: .* given twice"),
        (b"[" * 5000, r"meta\.yaml: not valid YAML: .*nested more than 64 deep"),
        (b"x: " + b"a" * 10**6, r"meta\.yaml is missing or too large"),
        (LAUGHS, r"meta\.yaml: not valid YAML: stands for more than"),
        (MERGES, r"meta\.yaml: not valid YAML: stands for more than"),
        (b"!!python/object/apply:os.mkdir [x]", "not valid YAML: .*could not determine a constr"),
        ([1], "expected 'key: value' lines"),
        ({}, "packed in format None"),
        ({**META, "format_version": "1"}, "packed in format 1, this version reads 1"),
        ({**META, "format_version": True}, "packed in format True"),
        ({**META, "format_version": [2] * 1000}, r"packed in format \[2, 2.{30,40}, this version"),
        ({"format_version": 1}, "members is no list of files"),
        ({**META, "members": ["config.yaml"]}, "members is no list of files"),
        ({**META, "members": {"x": None}}, "the entry 'x' of members needs bytes"),
        ({**META, "members": {3: {"bytes": 1, "sha256": "0" * 64}}}, "the entry '3' of members"),
        ({**META, "members": {"x": {"bytes": -1, "sha256": "0" * 64}}}, "the entry 'x' of members"),
        ({**META, "members": {"x": {"bytes": 1.0, "sha256": "0" * 64}}}, "the entry 'x'"),
        ({**META, "members": {"x": {"bytes": True, "sha256": "0" * 64}}}, "the entry 'x'"),
        ({**META, "members": {"x": {"bytes": 1, "sha256": "0" * 63}}}, "the entry 'x'"),
        ({**META, "members": {"x": {"bytes": 1, "sha256": 0}}}, "the entry 'x' of members"),
        ({**META, "members": {"x": {"bytes": 1}}}, "the entry 'x' of members needs"),
        (META, r"README\.md, config\.yaml, .* is not both in the zip and in meta\.yaml"),
    ],
)
def test_broken_meta(members, tmp_path, meta, message):
    refuses(write(tmp_path / "m.zip", members, meta), message)


@pytest.mark.parametrize("name", ["config.yaml", "roi.yaml", "weights.safetensors"])
def test_needed_members(members, tmp_path, name):
    some = {member: content for member, content in members.items() if member != name}
    refuses(write(tmp_path / "m.zip", some), rf"m\.zip: has no {name}, which every packed model")


@pytest.mark.parametrize("name", ["config.yaml", "roi.yaml", "decode.yaml"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff", "is not UTF-8"),
        (b"a: [", "not valid YAML"),
        (b"- a", "expected 'key: value' lines"),
        (b"misspelt: 1", "unknown key 'misspelt'"),
        (LAUGHS, "stands for more than"),
        (MERGES, "stands for more than"),
    ],
)
def test_broken_configurations(members, tmp_path, name, content, message):
    path = write(tmp_path / "m.zip", {**members, name: content})
    refuses(path, rf"m\.zip.*{name}.*{message}")


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("roi.yaml", {"size": "large"}, r"roi\.yaml: size"),
        ("decode.yaml", {"beam_size": []}, r"decode\.yaml: beam_size"),
        (
            "decode.yaml",
            {"method": "transducer_beam", "lm_file": "/lm"},
            r"names a language model, but lm\.arpa is",
        ),
        ("config.yaml", {"model": "other"}, "'other' is not a choice"),
        ("config.yaml", {"model": 3}, r"config\.yaml: model"),
        ("config.yaml", {"model_conf": 3}, r"config\.yaml: model_conf"),
    ],
)
def test_wrong_values(members, tmp_path, name, change, message):
    conf = {**yaml.safe_load(members[name]), **change}
    path = write(tmp_path / "m.zip", {**members, name: yaml.safe_dump(conf).encode()})
    refuses(path, message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"feature_size": 10**6}, "does not fit the model of its config.yaml; differing"),
        ({"feature_size": "many"}, "makes no model"),
        ({"misspelt": 1}, "makes no model .*unknown key 'misspelt'"),
        ({"encoder": "none"}, "makes no model"),
        ({"encoder_conf": {"output_size": 10**6}}, "does not fit|makes no model"),
        ({"encoder_conf": {"attention_heads": 0}}, "makes no model"),
        ({"encoder_conf": {"num_blocks": 10**9}}, "which has many more layers"),
        ({"encoder_conf": {"num_blocks": [1]}}, "makes no model"),
    ],
)
def test_sizes_are_compared_before_a_model_is_made(members, tmp_path, change, message):
    config = yaml.safe_load(members["config.yaml"])
    for key, value in change.items():
        conf = config["model_conf"]
        conf[key] = {**conf[key], **value} if isinstance(value, dict) else value
    path = write(tmp_path / "m.zip", {**members, "config.yaml": yaml.safe_dump(config).encode()})
    tracemalloc.start()
    refuses(path, message)
    assert tracemalloc.get_traced_memory()[1] < 30_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("content", [b"", b"\xff" * 8, b"\x02" + bytes(7) + b"{}", b"x" * 100])
def test_weights_that_are_none(members, tmp_path, content):
    path = write(tmp_path / "m.zip", {**members, "weights.safetensors": content})
    refuses(path, r"weights\.safetensors: (cannot be read|does not fit)")


def test_weights_of_another_model(members, tmp_path):
    weights = {**load(members["weights.safetensors"]), "more": torch.ones(2)}
    path = write(tmp_path / "m.zip", {**members, "weights.safetensors": save(weights)})
    refuses(path, r"m\.zip/weights\.safetensors: does not fit .* differing: more")


def test_a_full_disk_is_called_so(members, tmp_path, monkeypatch):
    def full(stream, chunk, path, target):
        class Full:
            def write(self, data):
                raise OSError(28, "No space left on device")

        return written(Full(), chunk, path, target)

    written = unpacking._write
    monkeypatch.setattr(unpacking, "_write", full)
    with pytest.raises(CheckpointError, match=r"cannot be unpacked to .*No space left.*TMPDIR"):
        unpack_model(write(tmp_path / "m.zip", members), tmp_path / "out")
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []
