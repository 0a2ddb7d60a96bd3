"""Packages that a metric needs and this one does not: detected, and named where they are not."""

from __future__ import annotations

import importlib
from importlib import metadata
from typing import Any

from espnet_av.errors import ConfigError


def import_for(metric: str, module: str, package: str) -> Any:
    """A module of an optional package.

    Raises:
        ConfigError: it is not installed, or cannot be imported; the cure is named.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        is_there = error.name is not None and not module.startswith(error.name)
        problem = f"cannot be imported ({error})" if is_there else "is not installed"
        msg = (
            f"metric {metric}: needs the package {package}, which {problem}; pip install "
            f"{package}, or leave {metric} out of scoring: metrics"
        )
        raise ConfigError(msg) from error


def version_of(package: str) -> str:
    """Its version, for a signature."""
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:  # a copy on the path
        return package
