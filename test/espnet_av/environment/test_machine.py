"""System, processors, GPUs."""

from __future__ import annotations

from pathlib import Path

import pytest

from espnet_av import processor
from espnet_av.environment import machine


def test_gpus_are_listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'H100, 81559 MiB, 570.1'\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    found = {item.name: item for item in machine.check_machine(machine.gpus())}["gpu"]
    assert (found.status, found.version) == ("ok", "1")
    assert "H100" in found.note
    program.write_text("#!/bin/sh\necho 'no driver'; exit 9\n", encoding="utf-8")
    assert machine.gpus() == []
    assert machine.check_machine([])[-1].note == "nvidia-smi finds no GPU"


def test_without_the_tool_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert machine.gpus() == []
    assert "--ngpu 0" in machine.check_machine([])[-1].note


@pytest.mark.parametrize(
    ("platform", "name", "release", "status", "told"),
    [
        ("linux", "Linux", "6.1.0", "ok", "tested"),
        ("darwin", "Darwin", "25.1.0", "ok", "supported; most tests run on Linux alone"),
        ("linux", "Linux", "6.6.87-microsoft-standard-WSL2", "ok", "not under /mnt/c"),
        ("win32", "Windows", "11", "broken", "WSL2"),
        ("freebsd14", "FreeBSD", "14", "ok", "not tried"),
    ],
)
def test_systems(monkeypatch, platform, name, release, status, told) -> None:
    monkeypatch.setattr(machine.sys, "platform", platform)
    monkeypatch.setattr(machine.platform, "system", lambda: name)
    monkeypatch.setattr(machine.platform, "release", lambda: release)
    found = machine._check_system()
    assert found.status == status
    assert told in found.note


def test_the_level_of_the_processor_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "has_half_lstm", lambda dtype: True)
    (told,) = machine.check_kernels()
    assert (told.name, told.version) == ("kernels", processor.kernels().level)
    assert told.note == processor.kernels().note


def test_what_the_processor_lacks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "has_half_lstm", lambda dtype: False)
    lacking = machine.check_kernels()[1]
    assert (lacking.name, lacking.status) == ("bfloat16 LSTM", "missing")
    assert "precision: bf16 those layers run in float32" in lacking.note


def test_without_torch_no_level_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(machine.sys.modules, "torch", None)
    assert machine.check_kernels() == []
