"""Poolings against the model by hand; what is cut; encoders that lack something."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch
from oracles.text_encoder import write_text_encoder

from espnet_av.errors import CheckpointError
from espnet_av.hf import load_file, save_file
from espnet_av.vectors.config import VectorsConfig
from espnet_av.vectors.encoder import TextEncoder, describe_teacher

TEXTS = ["the cat", "der hund liegt auf der matte", "a"]


@pytest.mark.parametrize("pooling", ["pooler", "mean", "cls"])
def test_padding_and_order_change_no_vector(teacher, pooling):
    encoder = TextEncoder(teacher, VectorsConfig(pooling=pooling, batch_size=3))
    found = {place: vector for place, vector, _ in encoder.encode(TEXTS)}
    assert list(found) == [1, 0, 2], "the longest first"
    for place, text in enumerate(TEXTS):
        with torch.no_grad():
            out = encoder._model(**encoder._tokenizer([text], return_tensors="pt"))
        states = out.last_hidden_state[0]
        wanted = {"pooler": out.pooler_output[0], "mean": states.mean(0), "cls": states[0]}[pooling]
        np.testing.assert_allclose(found[place], wanted / wanted.norm(), atol=1e-5)


def test_long_sentences_are_cut_and_counted(teacher):
    encoder = TextEncoder(teacher, VectorsConfig(max_tokens=4, batch_size=1))
    found = {
        place: (vector, cut) for place, vector, cut in encoder.encode(["the cat", "the cat sat on"])
    }
    assert [found[i][1] for i in (0, 1)] == [False, True]
    np.testing.assert_allclose(found[0][0], found[1][0], atol=1e-6)


def test_files_and_use_tell_one_teacher_from_another(teacher, tmp_path):
    one = describe_teacher(teacher, VectorsConfig())
    assert one == describe_teacher(teacher, VectorsConfig(batch_size=7))
    assert one.id != describe_teacher(teacher, VectorsConfig(pooling="cls")).id
    shutil.copytree(teacher, tmp_path / "copy")
    copy = describe_teacher(tmp_path / "copy", VectorsConfig(model_id="org/x", revision="r2"))
    assert copy.id == one.id and (copy.model, copy.revision) == ("org/x", "r2")
    weights = load_file(tmp_path / "copy" / "model.safetensors")
    name = next(iter(weights))
    weights[name] = weights[name] + 1
    save_file(weights, tmp_path / "copy" / "model.safetensors", metadata={"format": "pt"})
    assert describe_teacher(tmp_path / "copy", VectorsConfig()).id != one.id


def test_a_pooler_that_is_not_in_the_file_is_not_made_up(teacher, tmp_path):
    folder = tmp_path / "bare"
    shutil.copytree(teacher, folder)
    path = folder / "model.safetensors"
    weights = {k: v for k, v in load_file(path).items() if not k.startswith("pooler")}
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match=r"bare: its weights lack pooler\.dense\.bias"):
        list(TextEncoder(folder, VectorsConfig()).encode(TEXTS))
    mean = TextEncoder(folder, VectorsConfig(pooling="mean")).encode(TEXTS)
    assert len(list(mean)) == 3
    weights.pop("encoder.layer.1.output.dense.weight")
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match=r"lack encoder\.layer\.1\.output\.dense"):
        list(TextEncoder(folder, VectorsConfig(pooling="mean")).encode(TEXTS))


def test_folders_that_are_no_encoder(teacher, tmp_path):
    with pytest.raises(CheckpointError, match=r"no model\.safetensors.*huggingface-cli download"):
        TextEncoder(tmp_path, VectorsConfig())
    folder = tmp_path / "no_tokenizer"
    write_text_encoder(folder)
    for path in folder.glob("*token*"):
        path.unlink()
    for path in folder.glob("vocab*"):
        path.unlink()
    with pytest.raises(CheckpointError, match="has no tokenizer, or one without words"):
        list(TextEncoder(folder, VectorsConfig()).encode(TEXTS))
