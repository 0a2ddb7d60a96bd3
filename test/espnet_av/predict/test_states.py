"""States of all layers, stored: a data dir whose labels are those of the set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from oracles import bestrq
from oracles.tiny_run import write_tiny_dump

from espnet_av.bin import decode as decode_bin
from espnet_av.config import save_yaml, to_dict
from espnet_av.data.ark import read_half
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.train.config import TrainConfig
from espnet_av.train.loading import default_checkpoint


@pytest.fixture
def below(tmp_path: Path) -> Path:
    """A pre-trained experiment of two layers."""
    config = TrainConfig(model="bestrq", model_conf=to_dict(bestrq.config()))
    (tmp_path / "below").mkdir()
    save_yaml(config, tmp_path / "below/config.yaml")
    weights = bestrq.model().state_dict()
    torch.save(weights, tmp_path / "below" / default_checkpoint(config))
    return tmp_path / "below"


def store(below: Path, dump: Path, out: Path, *words: str) -> Path:
    config = out.parent / "decode.yaml"
    config.write_text("batch_frames: 60\n", encoding="utf-8")
    options = ["--config", str(config), "--exp_dir", str(below), "--kind", "states", *words]
    decode_bin.main([*options, "--modes", "A", "--sets", str(dump), "--", str(out)])
    return out / dump.name / "A_clean"


def test_what_is_stored(below: Path, tmp_path: Path) -> None:
    dump = tmp_path / "dump/train"
    write_tiny_dump(dump, 5, seed=3)
    data = read_data_dir(dump)
    tables = {**data.tables, "utt2label": dict.fromkeys(data.utt_ids, "up")}
    write_data_dir(dump, tables)
    folder = store(below, dump, tmp_path / "states")
    stored = read_data_dir(folder)
    assert list(stored.utt_ids) == list(data.utt_ids)
    assert {"wav.scp", "video.scp"}.isdisjoint(stored.tables)
    for name in ("text", "utt2label", "utt2num_samples"):
        assert dict(stored.tables[name]) == dict(tables[name]), name
    told = json.loads((folder / "decode.json").read_text(encoding="utf-8"))
    assert (told["states"], told["frame_hz"]) == ([0, 1, "output"], 25.0)

    model = bestrq.model().eval()
    dataset = AVDataset(dump, None, DatasetConfig(modalities="A"))
    for number, utt_id in enumerate(data.utt_ids):
        speech = torch.from_numpy(dataset[number].speech)[None]
        batch = {"speech": speech, "speech_lengths": torch.tensor([speech.size(1)])}
        with torch.no_grad():
            states, lengths = model.extract_features(batch, [0, 1, None])
        found = read_half(stored.locate("states.scp", utt_id), utt_id, num_axes=3)
        assert found.shape == (int(lengths), 3, 8)
        # float16 rounds by 2 ** -11 at most.
        expected = torch.stack(states, dim=2)[0].numpy()
        np.testing.assert_allclose(found, expected, rtol=2**-10, atol=2e-5)


def test_layers_by_number(below: Path, tmp_path: Path) -> None:
    write_tiny_dump(tmp_path / "dump/a", 1, seed=3)
    folder = store(below, tmp_path / "dump/a", tmp_path / "states", "--layers", "2")
    told = json.loads((folder / "decode.json").read_text(encoding="utf-8"))
    assert told["states"] == [2]
    (pointer,) = read_data_dir(folder).tables["states.scp"].values()
    assert read_half(f"{folder}/{pointer}", num_axes=3).shape[1:] == (1, 8)


def test_speech_without_a_frame_is_told(
    below: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write_tiny_dump(tmp_path / "dump/a", 3, seed=3)
    extract = bestrq.BestRQModel.extract_features
    shortest: list[int] = [1]

    def cut(self: Any, batch: Any, layers: Any) -> Any:
        found, lengths = extract(self, batch, layers)
        return found, lengths.index_fill(0, torch.tensor(range(shortest[0])), 0)

    monkeypatch.setattr(bestrq.BestRQModel, "extract_features", cut)
    folder = store(below, tmp_path / "dump/a", tmp_path / "states")
    lost = (folder / "dropped.tsv").read_text(encoding="utf-8")
    assert lost.count("shorter than one frame of the model") >= 1
    assert len(read_data_dir(folder).utt_ids) == 3 - lost.count("shorter than")
    assert "3 utterances are shorter than one frame" in caplog.text
    shortest[0] = 3
    monkeypatch.setattr(bestrq.BestRQModel, "extract_features", lambda self, batch, layers: (
        extract(self, batch, layers)[0], torch.zeros(len(batch["utt_id"]), dtype=torch.int64)
    ))  # fmt: skip
    with pytest.raises(SystemExit, match="all 3 utterances are shorter than one frame"):
        store(below, tmp_path / "dump/a", tmp_path / "none")
