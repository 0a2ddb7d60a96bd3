"""How strong the tests are: the share of small random changes of the sources that they notice.

    python tools/mutation/measure.py --work ../mutation --out page.md

One run of the suite tells which tests reach which lines. Then each change is made in a copy of the
tree, and the tests that reach its line are run until one fails. A change that none notices has
survived: look at each, and strike out in `equivalent.txt` (a key a line, then why) those that mean
the same as before. What was tried is kept in <work>: the next run goes on from there.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

import covering
import trial
from mutants import sample

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ["ops", "data", "score", "search", "media", "train", "pack", "models", "units", "corpora",
           "speech2text", "roi", "predict", "dump"]  # fmt: skip
EQUIVALENT = Path(__file__).with_name("equivalent.txt")


def main() -> None:
    """Measure, going on from what an earlier run did, and write the page."""
    options = _options()
    tree = _copy_tree(options.work)
    kept = options.work / "covering"
    if not (kept / "junit.xml").exists():
        covering.run_suite(tree, kept, options.tests, options.jobs)
    reached = covering.read(tree, kept)
    record = options.work / f"trials.{options.part}.jsonl"
    trial.load_libraries()
    known = {
        line["key"]: line for path in options.work.glob("trials.*.jsonl") for line in _lines(path)
    }
    drawn = []
    for folder in options.folders:
        found = sample(tree, f"espnet_av/{folder}", options.count, reached.lines(), options.seed)
        drawn += [(folder, mutant) for mutant in found]
    for number, (folder, mutant) in enumerate(drawn[options.part :: options.parts]):
        if mutant.key in known:
            continue
        tests = _within(reached, reached.of(mutant.path, mutant.line), options.limit_sec)
        seconds = sum(reached.seconds[test] for test in tests)
        killed = bool(tests) and trial.is_killed(
            tree, mutant, tests, seconds, options.work / f"log.{options.part}"
        )
        line = {"key": mutant.key, "folder": folder, "killed": killed, "tests": len(tests)}
        with record.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        known[mutant.key] = line
        print(f"{number + 1} {'killed  ' if killed else 'SURVIVED'} {mutant.key}", flush=True)
    page = _page([known[mutant.key] for _, mutant in drawn if mutant.key in known])
    print(page)
    if options.out:
        options.out.write_text(page, encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folders", nargs="+", default=FOLDERS, help="parts of the package")
    parser.add_argument("--count", type=int, default=40, help="mutants a folder (default: 40)")
    parser.add_argument("--seed", type=int, default=0, help="of the draw (default: 0)")
    parser.add_argument("--work", type=Path, required=True, help="folder for what was tried")
    parser.add_argument("--out", type=Path, help="page to write")
    parser.add_argument("--jobs", type=int, default=2, help="processes of the suite (default: 2)")
    parser.add_argument(
        "--tests", nargs="+", default=["test/espnet_av", "test/parity", "test/faults"]
    )
    parser.add_argument("--part", type=int, default=0, help="which of --parts this process tries")
    parser.add_argument("--parts", type=int, default=1, help="processes that share the mutants")
    parser.add_argument(
        "--limit_sec", type=float, default=60.0, help="tests of one mutant together (default: 60)"
    )
    return parser.parse_args()


def _copy_tree(work: Path) -> Path:
    """Files of git as they are in the working tree, copied once."""
    tree = work / "tree"
    if not tree.exists():
        listing = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout
        for name in filter(None, listing.split("\0")):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name, follow_symlinks=False)
        if (ROOT.parent / "shared").exists():
            (work / "shared").symlink_to(ROOT.parent / "shared")
    return tree


def _within(reached: covering.Covering, tests: list[str], limit_sec: float) -> list[str]:
    """The first tests that take no longer than the limit together, at least one."""
    chosen, total = [], 0.0
    for test in tests:
        total += reached.seconds[test]
        if chosen and total > limit_sec:
            break
        chosen.append(test)
    return chosen


def _lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _equivalent() -> dict[str, str]:
    lines = EQUIVALENT.read_text(encoding="utf-8").splitlines() if EQUIVALENT.exists() else []
    pairs = [line.partition("\t") for line in lines if line and not line.startswith("#")]
    return {key: why for key, _, why in pairs}


def _change(key: str) -> str:
    """A mutant's key without its line, which moves with everything above it."""
    path, _, rest = key.partition(":")
    return f"{path}:{rest.partition(':')[2]}"


def _page(lines: list[dict]) -> str:
    struck = _equivalent()
    text = "| folder | mutants | equivalent | killed | share |\n|---|--:|--:|--:|--:|\n"
    for folder in dict.fromkeys(line["folder"] for line in lines):
        mine = [line for line in lines if line["folder"] == folder]
        equivalent = [
            line for line in mine if not line["killed"] and _change(line["key"]) in struck
        ]
        killed = sum(line["killed"] for line in mine)
        share = killed / max(len(mine) - len(equivalent), 1)
        text += f"| {folder} | {len(mine)} | {len(equivalent)} | {killed} | {share:.0%} |\n"
    survived = [line["key"] for line in lines if not line["killed"]]
    left = [key for key in survived if _change(key) not in struck]
    return text + "\nSurvivors:\n\n" + "".join(f"- `{key}`\n" for key in left or ["none"])


if __name__ == "__main__":
    sys.exit(main())
