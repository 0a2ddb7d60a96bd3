"""What a finished run cost."""

from __future__ import annotations

import json

import pytest

from espnet_av.train import summary
from espnet_av.train.summary import SUMMARY, hardware, write_summary


@pytest.mark.parametrize(("cores", "text"), [(1, "1 CPU core"), (16, "16 CPU cores")])
def test_hardware_without_a_gpu_is_its_cores(monkeypatch, cores, text):
    monkeypatch.setattr(summary, "num_cores", lambda: cores)
    assert hardware(0, 1) == hardware(0, 4) == text


def test_gpus_of_all_machines_are_counted(monkeypatch):
    monkeypatch.setattr(summary.torch.cuda, "get_device_name", lambda: "NVIDIA H200")
    assert hardware(4, 8) == "8 x NVIDIA H200"


def test_figures_are_read_as_they_were_written(tmp_path):
    figures = {"data_sec": 0.1 + 0.2, "train_sec": 1e9, "steps": 7, "hardware": "1 CPU core"}
    write_summary(tmp_path, figures)
    text = (tmp_path / SUMMARY).read_text()
    assert json.loads(text) == figures and text.endswith("}\n")
    write_summary(tmp_path, {"steps": 8})
    assert json.loads((tmp_path / SUMMARY).read_text()) == {"steps": 8}
    assert [path.name for path in tmp_path.iterdir()] == [SUMMARY]
