"""A package of a user's own, as installed: its code and its entry points, in one folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType


def write_package(
    folder: Path,
    name: str,
    points: Mapping[str, Mapping[str, str]],
    code: Mapping[str, str] = MappingProxyType({}),
) -> Path:
    """Write the modules of a package, and what `pip install` would note of it.

    Args:
        folder: goes on PYTHONPATH.
        name: of the package.
        points: group without `espnet_av.` -> name -> `module:object`.
        code: of its modules, by name; none: they are somewhere else.
    """
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = []
    for group, entries in points.items():
        lines += [f"[espnet_av.{group}]", *(f"{key} = {value}" for key, value in entries.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for module, text in code.items():
        (folder / f"{module}.py").write_text(text, encoding="utf-8")
    return folder
