"""What is installed, how it differs from the tested set, what is missing and how to get it."""

from __future__ import annotations

import argparse
import importlib.util
import json
import platform
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from espnet_av.cores import num_cores

Status = Literal["ok", "differs", "missing", "broken"]

_MARKS = {"ok": "ok", "differs": "~", "missing": "-", "broken": "X"}
_INSTALL = "pip install --no-deps -r constraints.txt -e ."
_CORE = (
    "av", "espeakng-loader", "espnet", "humanfriendly", "jiwer", "kaldiio", "lightning",
    "matplotlib", "numpy", "opencv-python-headless", "PyYAML", "sacrebleu", "safetensors",
    "scikit-learn", "scipy", "sentencepiece", "soundfile", "tensorboard", "torch", "torchaudio",
    "tqdm", "typeguard",
)  # fmt: skip
_MODULES = {
    "espeakng-loader": "espeakng_loader",
    "opencv-python-headless": "cv2",
    "PyYAML": "yaml",
    "scikit-learn": "sklearn",
}
_OPTIONAL = {
    "mediapipe": ("finer face tracking", "pip install --no-deps -r tools/mediapipe.txt"),
    "whisper-normalizer": (
        "text normalisation of published English results",
        "pip install 'espnet_av[normalizer]'",
    ),
    "k2": ("pruned transducer loss from k2", "wheel for your torch and CUDA: k2-fsa's page"),
    "transformers": ("parity tests against Hugging Face", "pip install 'espnet_av[test]'"),
}
_PROGRAMS = {
    "ffmpeg": ("not needed; PyAV brings its own codecs", "your system's package manager"),
    "sbatch": ("cluster jobs (cmd_backend=slurm)", "on your cluster's login node"),
}


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    name: str
    kind: Literal["core", "optional", "machine"]
    status: Status
    version: str = ""
    note: str = ""


def read_constraints(path: Path) -> dict[str, str]:
    """Tested versions by lower-case name; empty where the file is absent (installed wheel)."""
    if not path.exists():
        return {}
    pins: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, separator, version = line.split(";")[0].split("#")[0].partition("==")
        if separator:
            pins[name.strip().lower().replace("_", "-")] = version.strip()
    return pins


def check_package(name: str, pins: dict[str, str]) -> Finding:
    """Is a core package there, can it be found for import, and is it the tested version?"""
    wanted = pins.get(name.lower().replace("_", "-"), "")
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(name, "core", "broken", "", f"not installed; {_INSTALL}")
    module = _MODULES.get(name, name)
    # A module that is imported already may have no spec (humanfriendly replaces itself).
    if module not in sys.modules and importlib.util.find_spec(module) is None:
        note = f"installed but its files are gone; pip install --force-reinstall {name}"
        return Finding(name, "core", "broken", version, note)
    if wanted and version.split("+")[0] != wanted:
        return Finding(name, "core", "differs", version, f"tested with {wanted}")
    return Finding(name, "core", "ok", version)


def check_optional(name: str) -> Finding:
    """Is an optional package there?"""
    purpose, cure = _OPTIONAL[name]
    try:
        return Finding(name, "optional", "ok", metadata.version(name), purpose)
    except metadata.PackageNotFoundError:
        return Finding(name, "optional", "missing", "", f"{purpose}: {cure}")


def check_program(name: str) -> Finding:
    """Is an optional program on the PATH?"""
    purpose, cure = _PROGRAMS[name]
    path = shutil.which(name)
    if path:
        return Finding(name, "optional", "ok", "", f"{purpose} ({path})")
    return Finding(name, "optional", "missing", "", f"{purpose}: {cure}")


def check_machine() -> list[Finding]:
    """Python, processors, GPUs."""
    python = platform.python_version()
    old = sys.version_info < (3, 11)
    findings = [
        Finding("python", "core", "broken" if old else "ok", python, "3.11 or newer" if old else "")
    ]
    cores = num_cores()
    findings.append(Finding("cpu", "machine", "ok", f"{cores} cores", platform.machine()))
    findings += check_kernels()
    if shutil.which("nvidia-smi") is None:
        note = "none seen; recipes run on the CPU (--ngpu 0)"
        return [*findings, Finding("gpu", "machine", "missing", "", note)]
    query = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    result = subprocess.run(query, capture_output=True, text=True, check=False)
    lines = result.stdout.strip().splitlines() if result.returncode == 0 else []
    status: Status = "ok" if lines else "missing"
    note = "; ".join(lines) or "nvidia-smi finds no GPU"
    return [*findings, Finding("gpu", "machine", status, f"{len(lines)}", note)]


def check_kernels() -> list[Finding]:
    """Level of the processor's instructions, and what is lacking there."""
    try:
        import torch

        from espnet_av.processor import has_half_lstm, kernels
    except (ImportError, OSError):  # a torch that does not load has its own line
        return []
    found = kernels()
    findings = [Finding("kernels", "machine", "ok", found.level, found.note)]
    if not has_half_lstm(torch.bfloat16):
        note = "this processor has no kernel; with precision: bf16 those layers run in float32"
        findings.append(Finding("bfloat16 LSTM", "machine", "missing", "", note))
    return findings


def examine(constraints: Path) -> list[Finding]:
    """Every finding, core first."""
    pins = read_constraints(constraints)
    findings = check_machine()
    findings += [check_package(name, pins) for name in _CORE]
    findings += [check_optional(name) for name in _OPTIONAL]
    findings += [check_program(name) for name in _PROGRAMS]
    order = {"core": 0, "optional": 1, "machine": 2}
    return sorted(findings, key=lambda item: order[item.kind])


def render(findings: list[Finding]) -> str:
    """Table for people."""
    width = max(len(item.name) for item in findings)
    lines = ["ok = fine   ~ = not the tested version   - = missing, optional   X = broken"]
    kind = ""
    for item in findings:
        if item.kind != kind:
            kind = item.kind
            lines.append(f"\n{kind}")
        line = f"  {_MARKS[item.status]:<3}{item.name:<{width}}  {item.version:<12} {item.note}"
        lines.append(line.rstrip())
    broken = [item.name for item in findings if item.status == "broken"]
    lines.append("")
    lines.append(f"broken: {', '.join(broken)}" if broken else "all that is needed is there")
    return "\n".join(lines)


def get_parser() -> argparse.ArgumentParser:
    """Options."""
    parser = argparse.ArgumentParser(prog="espnet-av doctor", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    root = Path(__file__).resolve().parent.parent.parent
    parser.add_argument(
        "--constraints", type=Path, default=root / "constraints.txt", help="tested versions"
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    """Print the report; 1 if something needed is broken."""
    args = get_parser().parse_args(argv)
    findings = examine(args.constraints)
    if args.json:
        print(json.dumps([asdict(item) for item in findings], indent=1))
    else:
        print(render(findings))
    return int(any(item.status == "broken" for item in findings))


if __name__ == "__main__":
    sys.exit(main())
