"""espnet-av doctor."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import pytest

from espnet_av import processor
from espnet_av.bin import doctor

ROOT = Path(__file__).resolve().parents[3]


def test_this_environment_is_fine(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.main([]) == 0
    shown = capsys.readouterr().out
    assert "all that is needed is there" in shown
    assert "mediapipe" in shown


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.main(["--json"]) == 0
    findings = {item["name"]: item for item in json.loads(capsys.readouterr().out)}
    assert findings["torch"]["version"] == metadata.version("torch")
    assert findings["espnet"]["kind"] == "core"


def test_another_version_than_the_tested_one_is_told(tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text("# old\nPyYAML==1.0 ; python_version > '3'\n", "utf-8")
    findings = {item.name: item for item in doctor.examine(tmp_path / "c.txt")}
    assert findings["PyYAML"].status == "differs"
    assert findings["PyYAML"].note == "tested with 1.0"
    assert findings["numpy"].status == "ok"


def test_missing_core_package_is_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = metadata.version

    def version(name: str) -> str:
        if name == "av":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(doctor.metadata, "version", version)
    assert doctor.main([]) == 1
    shown = capsys.readouterr().out
    assert "broken: av" in shown
    assert "pip install --no-deps -r constraints.txt -e ." in shown


def test_package_whose_files_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)
    monkeypatch.delitem(doctor.sys.modules, "espeakng_loader", raising=False)
    finding = doctor.check_package("espeakng-loader", {})
    assert finding.status == "broken"
    assert "--force-reinstall espeakng-loader" in finding.note


def test_gpus_are_listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'H100, 81559 MiB, 570.1'\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    gpu = {item.name: item for item in doctor.check_machine()}["gpu"]
    assert (gpu.status, gpu.version) == ("ok", "1")
    assert "H100" in gpu.note


def test_core_list_is_that_of_setup_py() -> None:
    text = (ROOT / "setup.py").read_text(encoding="utf-8")
    listed = text.split("INSTALL_REQUIRES = [")[1].split("]")[0]
    names = {line.strip(' ",').split(">")[0].split("=")[0] for line in listed.split("\n")}
    assert names - {""} == set(doctor._CORE)


def test_every_requirement_is_pinned() -> None:
    pins = doctor.read_constraints(ROOT / "constraints.txt")
    for name in doctor._CORE:
        assert name.lower().replace("_", "-") in pins


def test_another_lock_file_is_compared_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pins.txt").write_text("PyYAML==0.0.1\n")
    doctor.main(["--json", "--constraints", str(tmp_path / "pins.txt")])
    (found,) = [row for row in json.loads(capsys.readouterr().out) if row["name"] == "PyYAML"]
    assert (found["status"], found["note"]) == ("differs", "tested with 0.0.1")


def test_the_level_of_the_processor_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "has_half_lstm", lambda dtype: True)
    (told,) = doctor.check_kernels()
    assert (told.name, told.version) == ("kernels", processor.kernels().level)
    assert told.note == processor.kernels().note


def test_what_the_processor_lacks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "has_half_lstm", lambda dtype: False)
    lacking = doctor.check_kernels()[1]
    assert (lacking.name, lacking.status) == ("bfloat16 LSTM", "missing")
    assert "precision: bf16 those layers run in float32" in lacking.note


def test_without_torch_no_level_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(doctor.sys.modules, "torch", None)
    assert doctor.check_kernels() == []
