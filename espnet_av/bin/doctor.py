"""What is installed, how it differs from the tested set, what is missing and how to get it."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from espnet_av.environment import optional, packages
from espnet_av.environment.finding import Finding
from espnet_av.environment.machine import check_machine, gpus
from espnet_av.environment.torch_build import check_build, check_torchaudio
from espnet_av.package_set import set_of

_MARKS = {"ok": "ok", "differs": "~", "missing": "-", "broken": "X"}
_ORDER = {"core": 0, "optional": 1, "machine": 2}


def examine(lock: Path | None) -> list[Finding]:
    """Every finding, core first.

    Args:
        lock: tested versions; None: this Python has no tested set.
    """
    found_gpus = gpus()
    findings = [packages.check_python(), packages.check_set(lock)]
    findings += [packages.check_package(name, lock) for name in packages.CORE]
    findings += check_build(len(found_gpus))
    findings += [check_torchaudio(), optional.check_k2(), optional.check_s3prl()]
    findings += [optional.check_package(name) for name in optional.PACKAGES]
    findings += [optional.check_program(name) for name in optional.PROGRAMS]
    findings += check_machine(found_gpus)
    return sorted(findings, key=lambda item: _ORDER[item.kind])


def render(findings: list[Finding]) -> str:
    """Table for people."""
    width = max(len(item.name) for item in findings)
    lines = ["ok = fine   ~ = not as tested   - = missing, optional   X = broken"]
    kind = ""
    for item in findings:
        if item.kind != kind:
            kind = item.kind
            lines.append(f"\n{kind}")
        line = f"  {_MARKS[item.status]:<3}{item.name:<{width}}  {item.version:<12} {item.note}"
        lines.append(line.rstrip())
    broken = broken_core(findings)
    lines.append("")
    lines.append(f"broken: {', '.join(broken)}" if broken else "all that is needed is there")
    return "\n".join(lines)


def broken_core(findings: list[Finding]) -> list[str]:
    """Names of what is needed and does not work."""
    return [item.name for item in findings if item.status == "broken" and item.kind == "core"]


def get_parser() -> argparse.ArgumentParser:
    """Options."""
    parser = argparse.ArgumentParser(prog="espnet-av doctor", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    tested = set_of()
    parser.add_argument(
        "--constraints",
        type=Path,
        default=tested and tested.lock,
        help="tested versions; default: those of this Python",
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
    return int(bool(broken_core(findings)))


if __name__ == "__main__":
    sys.exit(main())
