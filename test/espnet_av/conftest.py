"""Fixtures of the package's tests."""

from __future__ import annotations

import pytest
from oracles.tiny_run import TinyRun, make_tiny_run


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> TinyRun:
    """Dump, tokenizer and configuration of a training run that takes a second or two."""
    return make_tiny_run(tmp_path_factory.mktemp("tiny_run"))
