"""A corpus is indexed with a SAMU model, and asked in words and with sounds."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
import yaml
from oracles import samu
from oracles.text_encoder import write_text_encoder

from espnet_av.bin import index as index_bin
from espnet_av.bin import search as search_bin
from espnet_av.config import to_dict
from espnet_av.data.ark import ArkWriter
from espnet_av.data.batch import collate
from espnet_av.data.data_dir import write_data_dir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.index.meaning_index import MeaningIndex
from espnet_av.pack import pack_model
from espnet_av.rates import SAMPLE_RATE
from espnet_av.roi.config import RoiConfig
from espnet_av.vectors.config import VectorsConfig
from espnet_av.vectors.encoder import TextEncoder, describe_teacher

WIDTH = 8
SENTENCES = ("the cat sat", "der hund liegt", "le chat est", "a b c", "d e f", "the mat")
POOLING = VectorsConfig(pooling="mean", max_tokens=12)


def write_dump(path: Path, sentences=SENTENCES, seed: int = 0) -> Path:
    """Noise of three to five frames an utterance."""
    rng = np.random.default_rng(seed)
    path.mkdir(parents=True)
    utt_ids = [f"{path.name}-{i}" for i in range(len(sentences))]
    waves = {u: rng.normal(0, 0.1, 640 * (3 + i % 3)) for i, u in enumerate(utt_ids)}
    with ArkWriter(path / "audio.ark") as ark:
        sounds = {u: ark.write_audio(u, wave, SAMPLE_RATE) for u, wave in waves.items()}
    tables = {
        "wav.scp": sounds,
        "utt2num_samples": {u: str(len(wave)) for u, wave in waves.items()},
        "text": dict(zip(utt_ids, sentences, strict=True)),
        "utt2spk": dict.fromkeys(utt_ids, "s"),
        "utt2lang": {u: ("en", "fr")[i % 2] for i, u in enumerate(utt_ids)},
    }
    write_data_dir(path, tables)
    return path


def write_experiment(path: Path, teacher: Path | None, seed: int = 0) -> Path:
    """A trained experiment, as far as an index needs it."""
    path.mkdir()
    model = samu.model(seed, vector_size=WIDTH)
    config = {
        "model": "samu",
        "model_conf": to_dict(samu.config(vector_size=WIDTH)),
        "best_model_criterion": [["valid", "cosine_macro", "max"]],
        "average": 0,
    }
    (path / "config.yaml").write_text(yaml.safe_dump(config))
    torch.save(model.state_dict(), path / "valid.cosine_macro.best.pth")
    if teacher is not None:
        note = {"teacher": describe_teacher(teacher, POOLING).id}
        (path / "teacher.yaml").write_text(yaml.safe_dump(note))
    return path


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    """A teacher, another one, a model, a dump, and its index."""
    pytest.importorskip("transformers")
    root = tmp_path_factory.mktemp("search")
    write_text_encoder(root / "teacher", size=WIDTH)
    write_text_encoder(root / "other", seed=1, size=WIDTH)
    write_experiment(root / "exp", root / "teacher")
    write_dump(root / "dump/test")
    make_index(root, root / "index", "--teacher", root / "teacher")
    return root


def make_index(root: Path, out: Path, *more: object, exp: str = "exp", dumps=("test",)) -> None:
    arguments = [out, "--model", root / exp, *more, "--data_dirs"]
    index_bin.main([*map(str, arguments), *(str(root / "dump" / name) for name in dumps)])


def search(capsys, *arguments: object) -> str:
    search_bin.main([*map(str, arguments)])
    return capsys.readouterr().out


def refused(*arguments: object) -> str:
    with pytest.raises(SystemExit) as caught:
        search_bin.main([*map(str, arguments)])
    return str(caught.value)


def vectors_by_hand(world: Path, dump: Path) -> torch.Tensor:
    """Of one utterance at a time."""
    model = samu.model(vector_size=WIDTH).eval()
    dataset = AVDataset(dump, None, DatasetConfig(), modalities="A")
    with torch.no_grad():
        rows = [model.vectors(collate([dataset[i]]).as_dict())[0] for i in range(len(dataset))]
    return torch.nn.functional.normalize(torch.stack(rows), dim=1)


def test_words_find_what_is_nearest_to_the_teachers_vector(world, capsys):
    encoder = TextEncoder(world / "teacher", POOLING)
    ((_, asked, _),) = encoder.encode(["the cat sat"])
    scores = vectors_by_hand(world, world / "dump/test") @ torch.from_numpy(asked)
    order = scores.argsort(descending=True).tolist()
    out = search(capsys, "the", "cat  sat", "--index", world / "index", "--json", "--num", 3)
    found = json.loads(out)
    assert found["question"] == "the cat  sat"
    assert [hit["utt_id"] for hit in found["found"]] == [f"test-{i}" for i in order[:3]]
    assert [hit["rank"] for hit in found["found"]] == [1, 2, 3]
    best = found["found"][0]
    assert best["score"] == pytest.approx(scores[order[0]].item(), abs=2e-3)  # float16
    assert best["text"] == SENTENCES[order[0]] and best["lang"] == ("en", "fr")[order[0] % 2]
    assert best["seconds"] == pytest.approx((3 + order[0] % 3) / 25) and best["set_name"] == "test"


def test_a_sound_of_the_corpus_finds_itself(world, capsys, tmp_path):
    folder = tmp_path / "found"
    search(capsys, "x", "--index", world / "index", "--num", 6, "--sounds", folder)
    for place in (1, 4):
        (wave,) = folder.glob(f"*.test-{place}.wav")
        out = search(capsys, wave, "--index", world / "index")
        lines = out.splitlines()
        assert lines[0] == f"# {wave}" and lines[1].split()[:3] == ["rank", "score", "utterance"]
        first = lines[2].split()
        assert first[:4] == ["1", "1.000", f"test-{place}", "test"]
        assert lines[2].endswith(SENTENCES[place])


def test_several_files_are_several_questions(world, capsys, tmp_path):
    for name in ("a", "b"):
        wave = np.random.default_rng(len(name)).normal(0, 0.1, 3000)
        soundfile.write(tmp_path / f"{name}.wav", wave, SAMPLE_RATE)
    files = [tmp_path / "a.wav", tmp_path / "b.wav"]
    out = search(capsys, *files, "--index", world / "index", "--json", "--num", 1)
    assert [json.loads(line)["question"] for line in out.splitlines()] == [str(f) for f in files]


def test_jobs_make_the_same_bytes_and_several_sets_one_index(world, tmp_path, monkeypatch):
    from espnet_av.index import config

    write_dump(tmp_path / "dump/more", ("a a", "b"), seed=5)
    shutil.copytree(world / "dump/test", tmp_path / "dump/test")
    shutil.copytree(world / "exp", tmp_path / "exp")
    monkeypatch.setitem(config.IndexConfig.__init__.__kwdefaults__, "shard_utts", 4)
    sets = ("test", "more")
    make_index(tmp_path, tmp_path / "one", dumps=sets)
    for more in (["--job", 2], ["--job", 1], ["--finish"]):
        make_index(tmp_path, tmp_path / "two", "--num_jobs", 2, *more, dumps=sets)
    names = sorted(path.name for path in (tmp_path / "one").glob("*.ark"))
    assert len(names) == 3
    for name in [*names, "rows.tsv", "rows.npy"]:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    index = MeaningIndex(tmp_path / "two")
    assert len(index) == 8 and index.report.sets == {"test": 6, "more": 2}
    own = torch.cat(list(index.blocks())).float().numpy()
    assert [hits[0].row.utt_id for hits in index.nearest(own, 2)] == [
        *(f"test-{i}" for i in range(6)), "more-0", "more-1"
    ]  # fmt: skip


def test_an_index_and_its_dump_may_be_moved_together(world, tmp_path, capsys):
    shutil.copytree(world, tmp_path / "moved", dirs_exist_ok=True)
    out = search(capsys, "a b", "--index", tmp_path / "moved/index", "--json", "--num", 1)
    where = json.loads(out)["found"][0]["where"]
    assert where.startswith(str(tmp_path / "moved/dump/test/audio.ark:"))


def test_another_teacher_is_refused(world):
    told = refused("a b", "--index", world / "index", "--teacher", world / "other")
    assert "is not the text encoder of" in told and "--teacher" in told


def test_words_without_the_teacher_are_told_the_cure(world, tmp_path, capsys):
    make_index(world, tmp_path / "bare")
    told = refused("a b", "--index", tmp_path / "bare")
    assert "not at hand" in told and "--teacher" in told
    capsys.readouterr()
    out = search(capsys, "a b", "--index", tmp_path / "bare", "--teacher", world / "teacher")
    assert out == search(capsys, "a b", "--index", world / "index")


def test_an_index_is_not_made_with_another_teacher(world, tmp_path):
    with pytest.raises(SystemExit, match=r"is not the text encoder that .* learned from"):
        make_index(world, tmp_path / "index", "--teacher", world / "other")
    write_experiment(world / "untold", None)
    with pytest.raises(SystemExit, match=r"no teacher\.yaml"):
        make_index(world, tmp_path / "index", "--teacher", world / "teacher", exp="untold")
    make_index(world, tmp_path / "index", exp="untold")
    assert "words mean nothing to it" in refused("a b", "--index", tmp_path / "index")


def test_another_model_is_refused_for_sounds_and_words_go_on(world, tmp_path, capsys):
    soundfile.write(tmp_path / "a.wav", np.zeros(3000), SAMPLE_RATE)
    write_experiment(tmp_path / "exp2", world / "teacher", seed=1)
    arguments = ("--index", world / "index", "--model", tmp_path / "exp2")
    assert "is not the model that made" in refused(tmp_path / "a.wav", *arguments)
    assert "test-" in search(capsys, "a b", *arguments)


def test_a_packed_model_is_the_same_as_its_experiment(world, tmp_path, capsys):
    pack_model(world / "exp", tmp_path / "samu.zip", roi=RoiConfig())
    make_index(world, tmp_path / "index", exp=str(tmp_path / "samu.zip"))
    first, second = (path / "vectors.000001.ark" for path in (world / "index", tmp_path / "index"))
    assert first.read_bytes() == second.read_bytes()
    soundfile.write(tmp_path / "a.wav", np.random.default_rng(0).normal(0, 0.1, 3000), SAMPLE_RATE)
    capsys.readouterr()
    answers = {
        search(capsys, tmp_path / "a.wav", "--index", world / "index", *more)
        for more in ((), ("--model", tmp_path / "samu.zip"))
    } | {search(capsys, tmp_path / "a.wav", "--index", tmp_path / "index")}
    assert len(answers) == 1


def test_questions_that_are_none(world, tmp_path):
    (tmp_path / "a.txt").write_text("x")
    index = ("--index", world / "index")
    assert "no such file" in refused("gone.wav", *index)
    assert "is no file, but" in refused("words", tmp_path / "a.txt", *index)
    assert "a.txt: " in refused(tmp_path / "a.txt", *index)
    assert "without a word" in refused(" ", *index)
    assert "--num 0" in refused("a", "--num", 0, *index)


def test_an_index_that_is_none_is_told(world, tmp_path):
    assert "no such folder" in refused("a", "--index", tmp_path / "gone")
    assert "no index (index.yaml" in refused("a", "--index", world / "dump/test")
    spoiled = shutil.copytree(world / "index", tmp_path / "spoiled")
    (spoiled / "rows.tsv").write_text("x\n")
    assert "rows.tsv and rows.npy" in refused("a", "--index", spoiled)
    shutil.copy(world / "index/rows.tsv", spoiled)
    ark = spoiled / "vectors.000001.ark"
    ark.write_bytes(ark.read_bytes()[:-10])
    assert "make the index again" in refused("a", "--index", spoiled)


def test_models_without_vectors_of_speech_are_refused(world, tmp_path):
    shutil.copytree(world / "exp", tmp_path / "exp")
    path = tmp_path / "exp/config.yaml"
    config = yaml.safe_load(path.read_text()) | {"model": "vgs", "model_conf": {}}
    path.write_text(yaml.safe_dump(config))
    with pytest.raises(SystemExit, match="index: "):
        index_bin.main(
            [str(tmp_path / "index"), "--model", str(tmp_path / "exp"), "--data_dirs",
             str(world / "dump/test")]
        )  # fmt: skip
