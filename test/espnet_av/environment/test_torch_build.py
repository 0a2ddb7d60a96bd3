"""Builds of torch, and torchaudio beside it."""

from __future__ import annotations

import importlib
import sys
from importlib import metadata
from types import SimpleNamespace

import pytest

from espnet_av.environment import torch_build


@pytest.mark.parametrize(
    ("cuda", "num_gpus", "status", "told"),
    [
        ("13.0", 1, "ok", "suits this machine"),
        (None, 0, "ok", "suits this machine"),
        ("13.0", 0, "ok", "about 4 GB that nothing here uses"),
        (None, 2, "differs", "TORCH=cuda make install"),
    ],
)
def test_builds_for_machines(monkeypatch, cuda, num_gpus, status, told) -> None:
    version = SimpleNamespace(cuda=cuda, hip=None)
    fake = SimpleNamespace(version=version, __version__="2.14.1")
    monkeypatch.setitem(sys.modules, "torch", fake)
    (found,) = torch_build.check_build(num_gpus)
    assert found.status == status
    assert told in found.note


def test_without_torch_there_is_no_build(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert torch_build.check_build(0) == []


def test_the_pair_of_this_environment_works() -> None:
    pytest.importorskip("torchaudio")
    found = torch_build.check_torchaudio()
    assert found.status == "ok"
    assert f"works beside torch {metadata.version('torch')}" in found.note


def test_torchaudio_may_be_absent(monkeypatch) -> None:
    def version(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)
    found = torch_build.check_torchaudio()
    assert (found.kind, found.status) == ("optional", "missing")
    assert "torchaudio==2.11.*" in found.note


@pytest.mark.parametrize("error", [OSError("undefined symbol: _ZN3c10"), ImportError("no _C")])
def test_a_pair_that_does_not_work(monkeypatch, error) -> None:
    def loaded(name):
        raise error

    monkeypatch.setattr(metadata, "version", lambda name: "2.7.0")
    monkeypatch.setattr(importlib, "import_module", loaded)
    found = torch_build.check_torchaudio()
    assert (found.status, found.version) == ("broken", "2.7.0")
    assert str(error) in found.note
    assert "torchaudio==2.11.*" in found.note
