"""The packages that are needed, and the tested set as a whole."""

from __future__ import annotations

import importlib.util
import platform
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from espnet_av.environment.finding import Finding
from espnet_av.package_set import GET_PYTHON, PYTHONS, SETS, normalised, read_lock, set_of

CORE = (
    "av", "espeakng-loader", "espnet", "humanfriendly", "jiwer", "lightning", "matplotlib", "numpy",
    "opencv-python-headless", "PyYAML", "sacrebleu", "safetensors", "scipy", "sentencepiece",
    "soundfile", "tensorboard", "torch", "tqdm", "typeguard",
)  # fmt: skip
_MODULES = {
    "espeakng-loader": "espeakng_loader",
    "opencv-python-headless": "cv2",
    "PyYAML": "yaml",
}
_MEANS = {
    "espnet": "names may have moved and configurations be read otherwise",
    "sentencepiece": "tokens that are trained anew may be other pieces",
    "torch": "numbers differ in their last digits",
}
"""What another version than the tested one can change, where that is known."""
_SHOWN = 4


def cure_of(lock: Path) -> str:
    """The command that installs the set of a lock."""
    return f"pip install --no-deps -r {lock}"


def check_python() -> Finding:
    """Is this Python one of those that are tested?"""
    python = platform.python_version()
    chosen = set_of()
    if chosen is None:
        note = f"tested with {', '.join(PYTHONS)}; {GET_PYTHON}"
        return Finding("python", "core", "broken", python, note)
    return Finding("python", "core", "ok", python, f"its tested set: ESPnet {chosen.espnet}")


def check_package(name: str, lock: Path | None) -> Finding:
    """Is a needed package there, can it be found for import, and is it the tested version?

    Args:
        name: a name of `CORE`.
        lock: tested versions; None: of no set.
    """
    cure = cure_of(lock) if lock else GET_PYTHON
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(name, "core", "broken", "", f"not installed; {cure}")
    module = _MODULES.get(name, name)
    # A module that is imported already may have no spec (humanfriendly replaces itself).
    if module not in sys.modules and importlib.util.find_spec(module) is None:
        note = f"installed but its files are gone; pip install --force-reinstall {name}"
        return Finding(name, "core", "broken", version, note)
    wanted = _pins(lock).get(normalised(name), "")
    if wanted and version.split("+")[0] != wanted:
        means = f": {_MEANS[name]}" if name in _MEANS else ""
        return Finding(name, "core", "differs", version, f"tested with {wanted}{means}")
    return Finding(name, "core", "ok", version)


def check_set(lock: Path | None) -> Finding:
    """How many of all installed packages are as tested, also those that others need."""
    name = "tested set"
    if lock is None:
        note = "none for this Python; there are " + "; ".join(one.description for one in SETS)
        return Finding(name, "core", "differs", "", note)
    pins = _pins(lock)
    if not pins:
        return Finding(name, "core", "differs", lock.stem, f"{lock}: no such file, or no versions")
    found = _installed(pins)
    others = [
        f"{one} {found[one]} (tested {pins[one]})" for one in found if found[one] != pins[one]
    ]
    if not others:
        note = f"all {len(found)} packages of it that are here are as tested"
        return Finding(name, "core", "ok", lock.stem, note)
    shown = ", ".join(others[:_SHOWN]) + (", ..." if len(others) > _SHOWN else "")
    note = f"{len(others)} of {len(found)} packages are others: {shown}. Most such differences are "
    note += f"harmless; if something fails or a number differs: {cure_of(lock)}"
    return Finding(name, "core", "differs", lock.stem, note)


def _pins(lock: Path | None) -> Mapping[str, str]:
    return read_lock(lock) if lock and lock.is_file() else {}


def _installed(pins: Mapping[str, str]) -> dict[str, str]:
    """Versions of the packages of a lock that are installed, without what follows a plus."""
    found = {}
    for name in pins:
        try:
            found[name] = metadata.version(name).split("+")[0]
        except metadata.PackageNotFoundError:
            continue
    return found
