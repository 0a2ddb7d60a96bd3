from __future__ import annotations

import hashlib
import json
import shutil
import stat
import zipfile

import pytest
import torch
import yaml
from oracles import samu
from oracles.ngram import random_arpa
from oracles.recogniser_folders import write_recogniser

from espnet_av.config import to_dict
from espnet_av.data.data_dir import DataDir
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.errors import CheckpointError, ConfigError, DataDirError
from espnet_av.pack import open_model, pack_model, unpack_model
from espnet_av.pack.model_card import model_card
from espnet_av.roi.config import RoiConfig
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.train.config import TrainConfig
from espnet_av.train.loading import load_experiment, read_weights
from espnet_av.train.teacher_note import NOTE, check_teacher, write_teacher

ROI = RoiConfig(tracker="haar", size=88)
DECODE = DecodeConfig(method="ctc_prefix", beam_size=7)
CHECKPOINT = "valid.loss.ave_2best.pth"
TOKEN_FILES = ("bpe.model", "tokens.txt", "words.txt")
RECORD = {
    "set": "test",
    "mode": "AV",
    "noise": "babble:0",
    "wer": {"rate": 12.34, "num_utts": 100},
    "cer": {"rate": 5.0, "num_utts": 100},
}


@pytest.fixture
def exp(tiny_run, tmp_path):
    path = tmp_path / "exp" / "avsr_char"
    weights = write_recogniser(path, tiny_run.root / "tokens", "ctc")
    # A tied matrix is one matrix under two names, and strides are not always those of a new one.
    weights["encoder.after_norm.weight"] = weights["encoder.after_norm.bias"]
    wide = weights["encoder.encoders.0.feed_forward.w_1.weight"]
    weights["encoder.encoders.0.feed_forward.w_1.weight"] = wide.T.contiguous().T
    torch.save(weights, path / CHECKPOINT)
    (path / "tokens" / "words.txt").write_text("at\n")
    (path / "units.yaml").write_text(
        "num_units: 3\nrate_hz: 25\nchecksum: '0'\nsource: {}\nsets: {}\n"
    )
    (path / "decode").mkdir()
    (path / "decode" / "scores.json").write_text(json.dumps({"conditions": [RECORD]}))
    (path / "provenance.yaml").write_text("command: train\nseed: 0\n")
    return path


@pytest.fixture
def model_zip(exp, tmp_path):
    pack_model(exp, tmp_path / "model.zip", roi=ROI, decode=DECODE)
    return tmp_path / "model.zip"


def test_what_goes_in_comes_out(exp, model_zip, tmp_path):
    expected = read_weights(exp / CHECKPOINT)
    with open_model(model_zip) as files:
        weights = read_weights(files.folder / files.checkpoint)
        assert weights.keys() == expected.keys()
        assert all(torch.equal(weights[key], value) for key, value in expected.items())
        assert (files.roi, files.decode) == (ROI, DECODE)
        for name in ("config.yaml", "units.yaml", *(f"tokens/{n}" for n in TOKEN_FILES)):
            assert (files.folder / name).read_bytes() == (exp / name).read_bytes()
        folder = files.folder
    assert not folder.exists()
    meta = unpack_model(model_zip, tmp_path / "out")
    assert meta["checkpoint"] == CHECKPOINT
    assert meta["trained_by"] == {"command": "train", "seed": 0}
    for name, entry in meta["members"].items():
        content = (tmp_path / "out" / name).read_bytes()
        assert entry["sha256"] == hashlib.sha256(content).hexdigest()
    card = (tmp_path / "out" / "README.md").read_text()
    assert "| test | AV | babble:0 | 100 | 12.3 | 5.0 |" in card


def test_a_language_model_goes_along(tiny_run, tmp_path):
    exp = tmp_path / "exp"
    write_recogniser(exp, tiny_run.root / "tokens", "transducer")
    tokens = Tokenizer.load(exp / "tokens").tokens
    lm_file = random_arpa(tmp_path / "some.arpa", list(tokens), 2)
    search = DecodeConfig(method="transducer_beam", lm_file=lm_file)
    pack_model(exp, tmp_path / "m.zip", roi=ROI, decode=search)
    with open_model(tmp_path / "m.zip") as files:
        assert files.decode.lm_file.parent == files.folder
        assert files.decode.lm_file.read_bytes() == lm_file.read_bytes()
        assert str(tmp_path) not in (files.folder / "decode.yaml").read_text()
    lm_file.write_text("\\data\\\nngram 1\n")
    with pytest.raises(ConfigError, match=r"some\.arpa:2: "):
        pack_model(exp, tmp_path / "n.zip", roi=ROI, decode=search)


def test_same_model_same_bytes(exp, model_zip, tmp_path):
    pack_model(exp, tmp_path / "again.zip", roi=ROI, decode=DECODE)
    assert (tmp_path / "again.zip").read_bytes() == model_zip.read_bytes()


def test_nothing_scored_and_other_checkpoint(exp, tmp_path):
    card = model_card("x", TrainConfig(), 1_500_000, [])
    assert "1.50 M parameters" in card and "Not scored here." in card
    shutil.copy(exp / CHECKPOINT, exp / "7step.pth")
    pack_model(exp, tmp_path / "m.zip", checkpoint="7step.pth", roi=ROI, decode=DECODE)
    assert unpack_model(tmp_path / "m.zip", tmp_path / "out")["checkpoint"] == "7step.pth"
    with pytest.raises(CheckpointError, match=r"9step\.pth: no such file"):
        pack_model(exp, tmp_path / "n.zip", checkpoint="9step.pth", roi=ROI, decode=DECODE)
    assert not (tmp_path / "n.zip").exists()


def rewritten(source, target, change):
    """Copy a zip, letting `change(name, content)` give the members to write instead."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            for name, content in change(info.filename, old.read(info)):
                new.writestr(name, content)
    return target


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/etc/evil", "tokens/../../evil", "a\\..\\evil", "C:evil", "folder/"]
)
def test_paths_that_lead_outside_are_refused(model_zip, tmp_path, name):
    def change(member, content):
        return [(member, content), *([(name, b"evil")] if member == "config.yaml" else [])]

    hostile = rewritten(model_zip, tmp_path / "hostile.zip", change)
    with pytest.raises(CheckpointError, match=r"hostile\.zip: the member '.*' would be written"):
        unpack_model(hostile, tmp_path / "deep" / "out")
    assert {p.name for p in tmp_path.rglob("*evil*")} == set()
    assert not (tmp_path / "deep").exists(), "nothing is written before everything is checked"


def test_symbolic_links_are_refused(model_zip, tmp_path):
    link = zipfile.ZipInfo("tokens/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16

    def change(member, content):
        return [(member, content), *([(link, b"/etc")] if member == "config.yaml" else [])]

    with pytest.raises(CheckpointError, match="is no plain file"):
        unpack_model(rewritten(model_zip, tmp_path / "link.zip", change), tmp_path / "out")


def test_changed_missing_and_additional_members(model_zip, tmp_path):
    def flip(name, content):
        return [(name, content[:-1] + b"!" if name == "roi.yaml" else content)]

    with pytest.raises(CheckpointError, match=r"'roi\.yaml' has another size or checksum"):
        unpack_model(rewritten(model_zip, tmp_path / "a.zip", flip), tmp_path / "a")

    def grow(name, content):
        return [(name, content + b"\0" * 10**7 if name == "roi.yaml" else content)]

    with pytest.raises(CheckpointError, match=r"'roi\.yaml' has another size or checksum"):
        unpack_model(rewritten(model_zip, tmp_path / "b.zip", grow), tmp_path / "b")

    def lose(name, content):
        return [] if name == "roi.yaml" else [(name, content)]

    with pytest.raises(CheckpointError, match=r"roi\.yaml is not both in the zip and in meta"):
        unpack_model(rewritten(model_zip, tmp_path / "c.zip", lose), tmp_path / "c")

    def add(name, content):
        return [(name, content), *([("more.txt", b"x")] if name == "roi.yaml" else [])]

    with pytest.raises(CheckpointError, match=r"more\.txt is not both"):
        unpack_model(rewritten(model_zip, tmp_path / "d.zip", add), tmp_path / "d")

    def twice(name, content):
        return [(name, content)] * (2 if name == "roi.yaml" else 1)

    with pytest.warns(UserWarning, match="Duplicate name"):
        double = rewritten(model_zip, tmp_path / "e.zip", twice)
    with pytest.raises(CheckpointError, match="a member is there twice"):
        unpack_model(double, tmp_path / "e")


def test_too_large_and_other_format(model_zip, tmp_path):
    def changed(**changes):
        def change(name, content):
            if name != "meta.yaml":
                return [(name, content)]
            meta = yaml.safe_load(content)
            for key, value in changes.items():
                target = meta["members"]["roi.yaml"] if key == "bytes" else meta
                target[key] = value
            return [(name, yaml.safe_dump(meta))]

        return change

    large = rewritten(model_zip, tmp_path / "large.zip", changed(bytes=2**60))
    with pytest.raises(CheckpointError, match=r"'roi\.yaml' has another size or checksum"):
        unpack_model(large, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    new = rewritten(model_zip, tmp_path / "new.zip", changed(format_version=2))
    with pytest.raises(CheckpointError, match="packed in format 2, this version reads 1; update"):
        unpack_model(new, tmp_path / "out")
    odd = rewritten(model_zip, tmp_path / "odd.zip", changed(members="none"))
    with pytest.raises(CheckpointError, match=r"meta\.yaml cannot be understood"):
        unpack_model(odd, tmp_path / "out")


def test_foreign_damaged_and_missing_files(model_zip, tmp_path):
    with zipfile.ZipFile(tmp_path / "foreign.zip", "w") as archive:
        archive.writestr("x", "y")
    with pytest.raises(CheckpointError, match=r"foreign\.zip: no model packed by"):
        unpack_model(tmp_path / "foreign.zip", tmp_path / "out")
    content = model_zip.read_bytes()
    (tmp_path / "half.zip").write_bytes(content[: len(content) // 2])
    with pytest.raises(CheckpointError, match=r"half\.zip: cannot be read"):
        unpack_model(tmp_path / "half.zip", tmp_path / "out")
    with pytest.raises(CheckpointError, match="no trained model"), open_model(tmp_path):
        pass
    with pytest.raises(CheckpointError, match=r"none\.zip: no such model"):
        unpack_model(tmp_path / "none.zip", tmp_path / "out")


def distilled(path):
    """A finished experiment that learned vectors."""
    path.mkdir()
    model = samu.model()
    conf = to_dict(samu.config())
    criterion = [["valid", "cosine_macro", "max"]]
    told = {"model": "samu", "model_conf": conf, "best_model_criterion": criterion, "average": 0}
    (path / "config.yaml").write_text(yaml.safe_dump(told))
    torch.save(model.state_dict(), path / "valid.cosine_macro.best.pth")
    write_teacher(path, DataDir(path, {"utt2teacher": {"a": "aa11-01"}}))
    return model


def test_a_model_of_vectors_goes_in_and_says_whose_they_are(tmp_path):
    model = distilled(tmp_path / "samu")
    pack_model(tmp_path / "samu", tmp_path / "samu.zip", roi=ROI)
    with open_model(tmp_path / "samu.zip") as files:
        assert files.decode is None
        loaded, _, tokens = load_experiment(files.folder, files.checkpoint)
        assert tokens is None and loaded.predicts[0] == "vector"
        weights = loaded.state_dict()
        assert all(torch.equal(weights[key], value) for key, value in model.state_dict().items())
        assert (files.folder / NOTE).read_bytes() == (tmp_path / "samu" / NOTE).read_bytes()
        with pytest.raises(DataDirError, match="those of aa11"):
            check_teacher(files.folder, DataDir(tmp_path, {"utt2teacher": {"a": "bb22-01"}}))
        card = (files.folder / "README.md").read_text()
        assert "transcribe" not in card and "teacher.yaml" in card and "tokens/" not in card
    with pytest.raises(ConfigError, match="writes no text, so there is nothing to search"):
        pack_model(tmp_path / "samu", tmp_path / "samu.zip", roi=ROI, decode=DECODE)


def test_a_model_that_writes_text_is_not_opened_without_its_search(model_zip, tmp_path):
    folder = tmp_path / "out"
    with zipfile.ZipFile(model_zip) as archive:
        archive.extractall(folder)
    (folder / "decode.yaml").unlink()
    with (
        pytest.raises(CheckpointError, match=r"has no decode\.yaml, which every model that writes"),
        open_model(folder),
    ):
        pass
