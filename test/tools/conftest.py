"""Loads the benchmark that a test file is named after."""

import importlib.util

import pytest
import torch


@pytest.fixture
def bench(request, repo_root, monkeypatch):
    """tools/benchmarks/bench_x.py in test_bench_x.py, with its folder on the path as in a run."""
    folder = repo_root / "tools" / "benchmarks"
    monkeypatch.syspath_prepend(str(folder))
    name = request.path.stem.removeprefix("test_")
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    threads = torch.get_num_threads()
    yield module
    torch.set_num_threads(threads)
