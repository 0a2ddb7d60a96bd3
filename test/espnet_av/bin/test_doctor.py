"""espnet-av doctor."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import pytest

from espnet_av.bin import doctor
from espnet_av.environment.finding import Finding
from espnet_av.package_set import set_of


def test_this_environment_is_fine(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.main([]) == 0
    shown = capsys.readouterr().out
    assert "all that is needed is there" in shown
    for told in ("tested set", "torch build", "torchaudio", "k2", "s3prl", "mediapipe", "system"):
        assert f" {told} " in shown


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.main(["--json"]) == 0
    findings = {item["name"]: item for item in json.loads(capsys.readouterr().out)}
    assert findings["torch"]["version"] == metadata.version("torch")
    assert findings["espnet"]["kind"] == "core"
    assert findings["python"]["note"].endswith(set_of().espnet)


def test_missing_core_package_is_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = metadata.version

    def version(name: str) -> str:
        if name == "av":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "version", version)
    assert doctor.main([]) == 1
    shown = capsys.readouterr().out
    assert "broken: av" in shown
    assert f"pip install --no-deps -r {set_of().lock}" in shown


def test_another_lock_file_is_compared_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pins.txt").write_text("PyYAML==0.0.1\n")
    doctor.main(["--json", "--constraints", str(tmp_path / "pins.txt")])
    (found,) = [row for row in json.loads(capsys.readouterr().out) if row["name"] == "PyYAML"]
    assert (found["status"], found["note"]) == ("differs", "tested with 0.0.1")


def test_a_python_without_a_set_is_told_how_to_get_another(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in (doctor, doctor.packages):
        monkeypatch.setattr(module, "set_of", lambda: None)
    assert doctor.main([]) == 1
    shown = capsys.readouterr().out
    assert "broken: python" in shown
    assert "uv python install 3.13, or pyenv install 3.13" in shown
    assert "none for this Python; there are ESPnet 202611, torch 2.14" in shown


def test_what_may_be_absent_breaks_nothing() -> None:
    findings = [Finding("k2", "optional", "broken"), Finding("av", "core", "differs")]
    assert doctor.broken_core(findings) == []
    assert "all that is needed is there" in doctor.render(findings)
