"""espnet-av <verb>."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

from espnet_av import __version__
from espnet_av.bin import main as command


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([]) == 0
    assert command.main(["--help"]) == 0
    shown = capsys.readouterr().out
    for verb in command.VERBS:
        assert f"  {verb} " in shown


def test_every_verb_is_a_program() -> None:
    for verb in command.VERBS:
        assert importlib.util.find_spec(command.module_of(verb)) is not None, verb


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == __version__


@pytest.mark.parametrize(
    ("verb", "message"),
    [("trane", "did you mean 'train'?"), ("main", "no verb 'main'"), ("../x", "no verb '../x'")],
)
def test_unknown_verb(verb: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([verb]) == 2
    assert message in capsys.readouterr().err


def test_verb_gets_the_remaining_arguments(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["espnet-av"])
    with pytest.raises(SystemExit) as end:
        command.main(["prepare", "grid", "--help"])
    assert end.value.code == 0
    assert "--max_missing_ratio" in capsys.readouterr().out


def test_users_error_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from espnet_av.errors import MediaError

    def broken(*_: object, **__: object) -> None:
        msg = "clip.mp4: no such file; check the path"
        raise MediaError(msg)

    monkeypatch.setattr(sys, "argv", ["espnet-av"])
    monkeypatch.setattr(command.runpy, "run_module", broken)
    assert command.main(["doctor"]) == 1
    assert capsys.readouterr().err == "espnet-av doctor: clip.mp4: no such file; check the path\n"


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_who_reads_the_output_may_stop(unbuffered: str) -> None:
    script = "from espnet_av.bin.main import main; import sys; sys.exit(main(['doctor']))"
    reader, writer = os.pipe()
    os.close(reader)
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, stdout=writer, stderr=subprocess.PIPE, text=True, env=environment, check=False
    )
    os.close(writer)
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr
