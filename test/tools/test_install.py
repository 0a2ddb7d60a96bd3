"""`make install`: the set of this Python, and which build of torch."""

from __future__ import annotations

import importlib.util
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from espnet_av.package_set import SETS, read_lock, set_of


@pytest.fixture
def script(repo_root, monkeypatch):
    """The program as a module; pip's commands are kept, its list of versions is `offered`."""
    spec = importlib.util.spec_from_file_location("install", repo_root / "tools/install.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.started, module.offered, module.gpus = [], "1.0", ""

    def run(command, **given):
        if command[0] == "nvidia-smi":
            return SimpleNamespace(returncode=0, stdout=module.gpus)
        if "index" in command:
            text = f"torch (9)\nAvailable versions: {module.offered}\n"
            return SimpleNamespace(returncode=0, stdout=text)
        with Path(command[command.index("-r") + 1]).open() as lock:
            module.started.append((command, lock.read()))
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(module.subprocess, "run", run)
    monkeypatch.setattr(module.sys, "platform", "linux")
    return module


def cpu_of_this_python() -> str:
    return f"{read_lock(set_of().lock)['torch']}+cpu"


def names(lock: str) -> set[str]:
    return {line.split("=")[0] for line in lock.splitlines() if "==" in line}


def test_the_whole_lock_where_a_gpu_is(script, capsys):
    script.gpus, script.offered = "GPU 0: H100", cpu_of_this_python()
    assert script.main(["--pre"]) == 0
    ((command, lock),) = script.started
    assert lock == set_of().lock.read_text()
    assert command[1:4] == ["-m", "pip", "install"]
    assert {"--pre", "--no-deps", "-e"} <= set(command)
    shown = capsys.readouterr().out
    assert set_of().description in shown
    assert "a GPU is there" in shown


def test_the_build_without_cuda_where_none_is(script, capsys):
    script.offered = f"9.9.9, {cpu_of_this_python()}, 1.0"
    assert script.main([]) == 0
    ((_, lock),) = script.started
    assert f"torch=={cpu_of_this_python()}" in lock.splitlines()
    left_out = names(set_of().lock.read_text()) - names(lock)
    assert "triton" in left_out
    assert all(name.startswith(("nvidia-", "cuda-", "triton")) for name in left_out)
    assert not [name for name in names(lock) if name.startswith("nvidia")]
    assert "2.3 GB on disk" in capsys.readouterr().out


@pytest.mark.parametrize("offered", ["9.9.9, 1.0", "9.9.9+cpu", ""])
def test_its_cost_is_told_where_no_other_is_to_be_had(script, capsys, offered):
    script.offered = offered
    assert script.main([]) == 0
    assert script.started[0][1] == set_of().lock.read_text()
    shown = capsys.readouterr().out
    assert "no GPU is seen" in shown
    assert "3.4 GB to download, 6 to 7 GB on disk" in shown
    assert "PIP_EXTRA_INDEX_URL" in shown


def test_who_asks_for_the_build_without_cuda_gets_no_other(script):
    with pytest.raises(SystemExit, match=r"\+cpu for Python .* nothing was installed.*TORCH=cpu"):
        script.main(["--torch", "cpu"])
    assert script.started == []


def test_who_asks_for_cuda_gets_it(script):
    script.offered = cpu_of_this_python()
    script.main(["--torch", "cuda"])
    assert script.started[0][1] == set_of().lock.read_text()


def test_a_mac_has_one_build(script, monkeypatch, capsys):
    monkeypatch.setattr(script.sys, "platform", "darwin")
    script.main([])
    assert script.started[0][1] == set_of().lock.read_text()
    assert "CUDA" not in capsys.readouterr().out


def test_without_the_tool_of_nvidia_there_is_no_gpu(script, monkeypatch):
    def run(command, **given):
        raise FileNotFoundError(command[0])

    monkeypatch.setattr(script.subprocess, "run", run)
    assert not script.has_gpu()


def test_a_python_without_a_set_is_refused(script, monkeypatch, capsys):
    monkeypatch.setattr(script, "set_of", lambda: None)
    assert script.main([]) == 1
    assert "has no tested set" in capsys.readouterr().err
    assert script.started == []


def test_every_lock_can_do_without_cuda(script, monkeypatch):
    for one in SETS:
        script.offered = f"{read_lock(one.lock)['torch']}+cpu"
        assert "triton" not in names(script.without_cuda(one.lock, []))


def test_pip_finds_builds_without_a_download(repo_root, tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("install", repo_root / "tools/install.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with zipfile.ZipFile(tmp_path / "torch-2.11.0+cpu-py3-none-any.whl", "w") as wheel:
        wheel.writestr("nothing", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert module.cpu_build("torch", "2.11.0", []) == "2.11.0+cpu"
    assert module.cpu_build("torch", "2.11.1", []) is None
    assert module.cpu_build("torchaudio", "2.11.0", []) is None
