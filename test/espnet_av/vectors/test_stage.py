"""From texts to vectors: equal to the encoder's, once a sentence, of one teacher."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from oracles.text_encoder import write_text_encoder

from espnet_av.data.ark import read_array
from espnet_av.data.data_dir import read_data_dir
from espnet_av.data.shard_jobs import write_shards
from espnet_av.data.table import read_table
from espnet_av.errors import DataDirError, DroppedTooManyError
from espnet_av.vectors.config import VectorsConfig
from espnet_av.vectors.encoder import TextEncoder
from espnet_av.vectors.stage import finish_vectors, plan_vectors

SMALL = VectorsConfig(shard_sentences=2, batch_size=2)


def make(sets, out: Path, teacher: Path, config: VectorsConfig = SMALL, jobs: int = 1):
    for job in range(jobs, 0, -1):
        plan = plan_vectors(sets, out, TextEncoder(teacher, config), config)
        write_shards(plan.shards, job, jobs)
    return finish_vectors(plan)


def vector(data_dir: Path, utt_id: str) -> np.ndarray:
    data = read_data_dir(data_dir)
    name = data.key("teacher.scp", utt_id)
    return read_array(data.locate("teacher.scp", name), name, num_axes=1)


def arks(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.ark")}


def test_vectors_are_those_of_the_encoder(sets, teacher, tmp_path, monkeypatch):
    out = tmp_path / "dump" / "vectors"
    made = make(sets, out, teacher)
    assert len(made) == 3 and len(arks(out)) == 2
    monkeypatch.chdir(tmp_path / "data")  # pointers are found from anywhere
    encoder = TextEncoder(teacher, SMALL)
    tokens = encoder._tokenizer(["le chat est sur le tapis"], return_tensors="pt")
    with torch.no_grad():
        expected = encoder._model(**tokens).pooler_output[0]
    expected = (expected / expected.norm()).numpy()
    found = vector(sets[0], "s-1")
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert np.linalg.norm(found) == pytest.approx(1, abs=1e-3)


def test_a_sentence_is_computed_once_whoever_says_it(sets, teacher, tmp_path):
    out = tmp_path / "vectors"
    make(sets, out, teacher)
    names = [read_table(path / "utt2teacher") for path in sets]
    assert names[0]["s-0"] == names[0]["s-2"] == names[1]["s-8"] != names[0]["s-1"]
    assert len(read_table(sets[0] / "teacher.scp")) == 2
    np.testing.assert_array_equal(vector(sets[0], "s-0"), vector(sets[1], "s-8"))
    summary = yaml.safe_load((out / "vectors.yaml").read_text())
    told = summary.pop("teacher")
    assert summary == {"width": 8, "utterances": 5, "dropped": 0, "sentences": 3, "cut": 0}
    assert (told["model"], told["revision"]) == ("org/tiny", "abc123")
    assert told["pooling"] == "pooler" and len(told["sha256"]) == 64
    assert names[0]["s-0"].startswith(told["id"] + "-")


def test_jobs_change_nothing_and_what_is_done_is_kept(sets, teacher, tmp_path):
    make(sets, tmp_path / "one", teacher)
    for path in sets:
        (path / "teacher.scp").unlink()
        (path / "utt2teacher").unlink()
    make(sets, tmp_path / "two", teacher, jobs=3)
    assert arks(tmp_path / "one") == arks(tmp_path / "two")
    times = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "two").glob("*.ark")}
    make(sets, tmp_path / "two", teacher, VectorsConfig(shard_sentences=2, batch_size=2))
    assert times == {p.name: p.stat().st_mtime_ns for p in (tmp_path / "two").glob("*.ark")}


def test_vectors_of_another_teacher_are_refused(sets, teacher, tmp_path):
    make(sets, tmp_path / "one", teacher)
    other = tmp_path / "other"
    write_text_encoder(other, seed=1)
    with pytest.raises(DataDirError, match=r"one: has the vectors of another teacher .*org/tiny"):
        make(sets, tmp_path / "one", other)
    for changed in (VectorsConfig(pooling="mean"), VectorsConfig(max_tokens=5)):
        with pytest.raises(DataDirError, match="another teacher"):
            make(sets, tmp_path / "one", teacher, changed)
    with pytest.raises(DataDirError, match=r"train/teacher.scp: has the vectors of teacher \w{8},"):
        make(sets, tmp_path / "two", other)
    for path in sets:  # as the message says
        (path / "teacher.scp").unlink()
        (path / "utt2teacher").unlink()
    make(sets, tmp_path / "two", other)
    (sets[0] / "utt2teacher").unlink()
    (sets[0] / "teacher.scp").write_text("s-0 own.npy\n")
    with pytest.raises(DataDirError, match="a teacher that is not named"):
        make(sets, tmp_path / "two", other)


def test_vectors_that_are_no_numbers_are_reported(sets, teacher, tmp_path, monkeypatch):
    run = TextEncoder._run

    def broken(self, texts):
        vectors = run(self, texts).clone()
        vectors[[i for i, text in enumerate(texts) if "cat" in text.split()]] = torch.nan
        return vectors

    monkeypatch.setattr(TextEncoder, "_run", broken)
    with pytest.raises(DroppedTooManyError, match="3 of 5 utterances dropped"):
        make(sets, tmp_path / "v", teacher)
    make(sets, tmp_path / "v", teacher, VectorsConfig(shard_sentences=2, max_dropped_ratio=0.6))
    lines = (tmp_path / "v/dropped.tsv").read_text().splitlines()
    assert [line.split("\t")[0] for line in lines[1:]] == ["s-0", "s-2", "s-8"]
    assert set(read_table(sets[0] / "utt2teacher")) == {"s-1"}


def test_sets_without_texts_are_told(sets, teacher, tmp_path):
    (sets[1] / "text").unlink()
    with pytest.raises(DataDirError, match=r"valid/text: no such file, .* set text_lang"):
        make(sets, tmp_path / "v", teacher)


def test_vectors_of_translations(sets, teacher, tmp_path):
    (sets[0] / "text.de").write_text("s-0 der hund\ns-1 auf der matte\n")
    make(sets[:1], tmp_path / "v", teacher, VectorsConfig(text_lang="de"))
    assert set(read_table(sets[0] / "utt2teacher")) == {"s-0", "s-1"}
