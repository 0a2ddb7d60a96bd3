"""Vectors of sentences, the dump with them, distillation, and retrieval among the sentences."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml
from oracles.text_encoder import write_text_encoder

from espnet_av.bin import decode as decode_bin
from espnet_av.bin import dump as dump_bin
from espnet_av.bin import train as train_bin
from espnet_av.bin import vectors as vectors_bin
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.table import read_table
from espnet_av.score.scorers import score_condition
from espnet_av.score.scoring import Scoring

ROOT = Path(__file__).resolve().parents[3]
TINY = ROOT / "egs2/commonvoice/samu1/conf/tiny/train_samu.yaml"
SENTENCES = ("the cat sat", "der hund liegt", "le chat est", "a b c", "the cat sat")
WIDTH = 8


def write_set(path: Path, seed: int) -> Path:
    """Five utterances in two languages, two of the same sentence."""
    rng, path = np.random.default_rng(seed), path / "data" / f"set{seed}"
    path.mkdir(parents=True)
    utt_ids = [f"s-{seed}{i}" for i in range(len(SENTENCES))]
    for utt_id in utt_ids:
        soundfile.write(path / f"{utt_id}.wav", rng.normal(0, 0.1, 640 * 9), 16000)
    tables = {
        "wav.scp": {u: str(path / f"{u}.wav") for u in utt_ids},
        "text": dict(zip(utt_ids, SENTENCES, strict=True)),
        "utt2spk": dict.fromkeys(utt_ids, "s"),
        "utt2lang": {u: ("en", "fr")[i % 2] for i, u in enumerate(utt_ids)},
    }
    write_data_dir(path, tables)
    return path


def dump(data_dir: Path) -> Path:
    root, out = data_dir.parents[1], data_dir.parents[1] / "dump" / data_dir.name
    (root / "dump.yaml").write_text("{}")
    arguments = ["--config", str(root / "dump.yaml"), str(data_dir), str(root / "roi"), str(out)]
    for more in ([], ["--finish"]):
        dump_bin.main([*arguments, *more])
    return out


def vectors(out: Path, teacher: Path, *data_dirs: Path) -> None:
    config = out.parent / "vectors.yaml"
    config.write_text("{}")
    arguments = [str(out), "--config", str(config), "--teacher", str(teacher), "--data_dirs"]
    for more in (["--num_jobs", "2"], ["--num_jobs", "2", "--job", "2"], ["--finish"]):
        vectors_bin.main([*arguments, *map(str, data_dirs), *more])


def train(exp: Path, train_dir: Path, valid_dir: Path) -> int:
    config = yaml.safe_load(TINY.read_text())
    conf = {**config["model_conf"], "vector_size": WIDTH, "freeze_encoder_steps": 1}
    sizes = {"feature_size": 8, "audio_frontend_conf": {"norm": "layer_norm", "channels": 6}}
    steps = {"max_steps": 3, "valid_interval_steps": 3, "save_interval_steps": 3}
    config |= {"model_conf": {**conf, **sizes}, **steps, "log_interval_steps": 1, "num_workers": 0}
    path = exp.with_suffix(".yaml")
    path.write_text(yaml.safe_dump(config))
    sets = ["--train_dir", str(train_dir), "--valid_dir", str(valid_dir)]
    return train_bin.main(["--config", str(path), *sets, str(exp)])


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    pytest.importorskip("transformers")
    root = tmp_path_factory.mktemp("samu")
    write_text_encoder(root / "teacher", size=WIDTH)
    write_text_encoder(root / "other", seed=1, size=WIDTH)
    sets = [write_set(root, seed) for seed in (1, 2)]
    vectors(root / "vectors", root / "teacher", *sets)
    for path in sets:
        dump(path)
    third = write_set(root, 3)
    vectors(root / "others", root / "other", third)
    dump(third)
    return root


def test_a_dump_holds_each_sentence_once(world):
    data = read_data_dir(world / "dump/set1")
    assert len(data.tables["teacher.scp"]) == 4
    names = data.tables["utt2teacher"]
    assert names["s-10"] == names["s-14"] and len(set(names.values())) == 4
    assert all(data.locate("teacher.scp", name) for name in names.values())


def test_from_vectors_to_retrieval(world, tmp_path, capsys):
    exp = tmp_path / "exp"
    assert train(exp, world / "dump/set1", world / "dump/set2") == 0, (
        exp / "train.log"
    ).read_text()
    log = (exp / "train.log").read_text()
    assert "cosine by language: en" in log and "share of the training frames by lang" in log
    config = tmp_path / "decode.yaml"
    config.write_text("{}")
    arguments = ["--config", str(config), "--exp_dir", str(exp), "--modes", "A", "--seed", "0"]
    decode_bin.main(["--sets", str(world / "dump/set2"), *arguments, str(tmp_path / "out")])
    (folder,) = {path.parent for path in (tmp_path / "out").rglob("decode.json")}
    assert json.loads((folder / "decode.json").read_text())["views"] == ["speech", "text"]
    assert len(read_table(folder / "text.scp")) == 4, "each sentence once"
    assert len(read_table(folder / "speech.scp")) == 5
    items = read_table(folder / "ref.item")
    assert items["s-20"] == items["s-24"], "any utterance of the sentence is right"
    with pytest.raises(
        SystemExit, match=r"set3/utt2teacher: has the vectors of teacher \w{8}, but"
    ):
        decode_bin.main(["--sets", str(world / "dump/set3"), *arguments, str(tmp_path / "out")])
    scored = score_condition(folder, Scoring(metric="r1"))
    directions = ["speech to text", "text to speech", "speech to speech"]
    assert [v["direction"] for v in scored.variants] == directions


def test_vectors_of_another_teacher_are_not_trained_on(world, tmp_path):
    exp = tmp_path / "exp"
    assert train(exp, world / "dump/set1", world / "dump/set3") == 1
    log = (exp / "train.log").read_text()
    assert "vectors of different teachers meet" in log and "set3/utt2teacher: s-30" in log


def test_one_set_with_two_teachers_is_refused(world, tmp_path):
    one, other = (read_data_dir(world / f"dump/set{n}") for n in (1, 3))
    joined = {
        name: {
            key: data.locate(name, key) if name.endswith(".scp") else value
            for data in (one, other)
            for key, value in data.tables[name].items()
        }
        for name in one.tables
    }
    write_data_dir(tmp_path / "both", joined)
    assert train(tmp_path / "exp", tmp_path / "both", world / "dump/set2") == 1
    assert "vectors of different teachers meet" in (tmp_path / "exp/train.log").read_text()


def test_sets_without_vectors_are_told_the_cure(world, tmp_path):
    bare = write_set(tmp_path, 4)
    assert train(tmp_path / "exp", dump(bare), world / "dump/set2") == 1
    assert (
        "teacher.scp: no such file, but the model reads teacher"
        in (tmp_path / "exp/train.log").read_text()
    )
