"""What the processor can do: its level by name, and what is tried because no flag tells it."""

from pathlib import Path

import pytest
import torch

from espnet_av import processor
from espnet_av.processor import has_half_lstm, kernels, mkl_holds_back


@pytest.fixture
def machine(monkeypatch):
    """Sets the machine and the level that torch finds there, without limits by variables."""
    for name in ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"):
        monkeypatch.delenv(name, raising=False)

    def put(architecture, capability):
        monkeypatch.setattr(processor.platform, "machine", lambda: architecture)
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)

    return put


@pytest.mark.parametrize(
    ("architecture", "capability", "level", "note"),
    [
        ("x86_64", "AVX512", "AVX-512", "the fastest kernels"),
        ("AMD64", "AVX2", "AVX2", "as on most laptops"),
        ("x86_64", "DEFAULT", "SSE", "neither AVX2 nor AVX-512"),
        ("arm64", "DEFAULT", "NEON", "ARM"),
        ("aarch64", "SVE256", "SVE256", "ARM"),
        ("ppc64le", "VSX", "VSX", "not among those that were tried"),
    ],
)
def test_level_by_name(machine, architecture, capability, level, note):
    machine(architecture, capability)
    found = kernels()
    assert found.level == level
    assert note in found.note
    assert "limited" not in found.note


def test_what_limits_the_level_is_named(machine, monkeypatch):
    machine("x86_64", "AVX2")
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "avx2")
    assert "limited by ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2" in kernels().note


@pytest.fixture
def fresh():
    """The one trial is made anew."""
    has_half_lstm.cache_clear()
    yield
    has_half_lstm.cache_clear()


def test_half_lstm_is_tried_once(fresh, monkeypatch):
    tried = []

    def lstm(*size):
        tried.append(torch.get_autocast_dtype("cpu"))
        message = "could not create a primitive descriptor"

        def fail(x):
            tried.append(torch.get_autocast_dtype("cpu"))
            raise RuntimeError(message)

        return fail

    monkeypatch.setattr(torch.nn, "LSTM", lstm)
    assert not has_half_lstm(torch.bfloat16)
    assert not has_half_lstm(torch.bfloat16)
    assert tried[1:] == [torch.bfloat16]


def test_half_lstm_is_there_where_it_runs(fresh, monkeypatch):
    monkeypatch.setattr(torch.nn, "LSTM", lambda *size: lambda x: x)
    assert has_half_lstm(torch.float16)


def test_the_trial_draws_nothing_from_the_caller(fresh):
    """Otherwise the first bf16 step of a process has other dropout than a run without a stop."""
    torch.manual_seed(0)
    has_half_lstm(torch.bfloat16)
    after = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(torch.rand(1), after)


@pytest.mark.parametrize(
    ("capability", "cpuinfo", "expected"),
    [
        ("AVX512", "processor\t: 0\nvendor_id\t: AuthenticAMD\n", True),
        ("AVX512", "vendor_id\t: GenuineIntel\n", False),
        ("AVX2", "vendor_id\t: AuthenticAMD\n", False),
        ("AVX512", "processor : 0\n", False),
        ("AVX512", None, False),
    ],
)
def test_mkl_holds_back_on_others_processors(monkeypatch, capability, cpuinfo, expected):
    def read_text(path, **_):
        assert str(path) == "/proc/cpuinfo"
        if cpuinfo is None:
            raise FileNotFoundError(path)
        return cpuinfo

    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: True)
    monkeypatch.setattr(Path, "read_text", read_text)
    assert mkl_holds_back.__wrapped__() is expected
