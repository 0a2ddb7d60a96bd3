"""Do two versions of the project run the same in every recipe? Prints what differs, and a count.

    python tools/compare_plans.py <tree of the older version> <tree of the newer>

Each case is a script of a recipe with options. First both versions print their commands
(--dry_run). Then the older one runs, its programs pretended, and the newer one is run in the same
folder: what it starts is what it does not take for finished: another marker, input or command.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

PYTHON = """#!/usr/bin/env bash
# Stands in for the programs of stages: notes the call, leaves tables that later stages look for.
if [ "$1" != -m ] || [ "${{2##*.}}" = plan ]; then exec {python} "$@"; fi
echo "${{2##*.}} ${{*:3}}" >>"$CALLS"
case "$*" in
    *bin.dump*--finish)
        out=${{@: -2:1}}
        for table in text utt2lang text.en; do echo "u1 a" >"$out/$table"; done ;;
    *bin.score*) echo "WER 5" ;;
esac
"""
DATA = """#!/usr/bin/env bash
while [ "$1" != --datadir ]; do shift; done
for name in train valid test dev; do
    mkdir -p "$2/$name"
    for table in text wav.scp; do echo "u1 a" >"$2/$name/$table"; done
done
"""
MINI = "egs2/mini_av/avsr1"
PRETRAINED = "--ssl_config conf/train_wav2vec2.yaml --units_config conf/units_wav2vec2.yaml "
PRETRAINED += "--avssl_config conf/train_xlavsr.yaml"


@dataclass(frozen=True)
class Case:
    """A script with options."""

    recipe: str
    options: tuple[str, ...] = ()
    script: str = "run.sh"
    env: tuple[tuple[str, str], ...] = ()


def words(text: str) -> tuple[str, ...]:
    """Options of several words stand in brackets."""
    return tuple(a or b for a, b in re.findall(r"\[([^\]]*)\]|(\S+)", text))


CASES = [
    *(Case(recipe) for recipe in (MINI, "egs2/mini_av/avst1", "egs2/grid/avsr1", "egs2/lrs3/avsr1",
      "egs2/muavic/avsr1", "egs2/muavic/avst1", "egs2/voxceleb2/ssl1")),
    *(Case(MINI, script=f"run_{name}.sh") for name in ("avhubert", "uhubert", "xlavsr")),
    Case("egs2/lrs3/avsr1", script="run_fava.sh"),
    Case("egs2/lrs3/avsr1", words("--finetune_from none --system fava_scratch --train_config "
         "conf/train_fava_120m.yaml"), "run_fava.sh"),
    Case("egs2/lrs3/avsr1", words("--stage 4 --stop_stage 9 --tag fava_audio --train_args "
         "[--override model_conf.fusion=none --override dataset.modalities=A]"), "run_fava.sh"),
    Case("egs2/lrs3/avsr1", words("--conf conf/tiny --train_set train_30h --ngpu 8 --num_nodes 2")),
    Case("egs2/muavic/avsr1", words("--conf conf/tiny --noises [clean babble:0 music:0]"),
         env=(("FLEURS", "/a b/fleurs"), ("MUSAN", "/my disk/musan"), ("MUAVIC", "/a b"))),
    Case("egs2/muavic/avst1", words("--ngpu 1"), env=(("tgt", "el"), ("languages", "es it"))),
    Case("egs2/voxceleb2/ssl1", words("--ssl_config conf/train_bestrq_25m.yaml --ngpu 1")),
    Case(MINI, words("--langs [de es] --token_type bpe --nbpe 99 --token_args [--temperature 2]")),
    Case(MINI, words("--tgt_lang el --train_args [--override max_steps=5] --decode_model a.pth")),
    Case(MINI, words(f"{PRETRAINED} --rounds 3 --avssl_args [--override seed=2]")),
    Case(MINI, words(f"{PRETRAINED} --avssl_from none --finetune_from ssl --modes A")),
    Case(MINI, words(f"{PRETRAINED} --ssl_sets [train valid] --units_from mfcc --avssl_tag x")),
    Case(MINI, words("--noise_config none --finetune_from ../x/exp/y/ --decode_args "
         "[--override lm_file=data/lm.arpa]")),
    Case(MINI, words("--babble_sets [test train] --skip_stages [2 12] --datadir d --expdir e")),
    Case(MINI, words("--stage 5 --stop_stage 9 --ssl_tag done --finetune_from ssl")),
]  # fmt: skip


def make_project(target: Path, tree: Path) -> None:
    """The recipes and scripts of a version, over what is in `target`."""
    for link in [path for path in target.rglob("*") if path.is_symlink()]:
        link.unlink()
    for name in ("egs2", "utils"):
        shutil.copytree(tree / name, target / name, symlinks=True, dirs_exist_ok=True)
    for data in target.glob("egs2/*/*/local/data.sh"):
        data.write_text(DATA, encoding="utf-8")


def run(project: Path, tree: Path, case: Case, *more: str) -> tuple[str, list[str]]:
    """What a script prints, and the programs it starts."""
    calls = project / "calls"
    calls.unlink(missing_ok=True)
    env = {**os.environ, "VIRTUAL_ENV": str(project / "venv"), "CALLS": str(calls)}
    env |= {"PYTHONPATH": str(tree), **dict(case.env)}
    result = subprocess.run(
        ["bash", f"./{case.script}", *case.options, *more],
        cwd=project / case.recipe,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=env,
    )
    started = calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []
    text = re.sub(r"^\d{4}-\d\d-\d\d [\d:]{8} ", "", result.stdout, flags=re.MULTILINE)
    return f"{text}exit status {result.returncode}\n", started


def commands(text: str) -> list[str]:
    """Commands and titles, without those of a mid-training that is not configured."""
    text = re.sub(r"^stage 7 mid: .*\n.*not configured.*\n", "", text, flags=re.MULTILINE)
    # The title of a decoding shows its sets as they were written, in several lines perhaps.
    text = re.sub(r"^stage 10 decode: .*? -> \S+$", "", text, flags=re.MULTILINE | re.DOTALL)
    return text.splitlines()


def differences(case: Case, old: Path, new: Path) -> list[str]:
    """What the newer version does otherwise."""
    found = []
    printed = []
    with tempfile.TemporaryDirectory() as folder:
        for tree in (old, new):
            project = Path(folder) / tree.name / "dry"
            fake_python(project)
            make_project(project, tree)
            printed.append(commands(run(project, tree, case, "--dry_run")[0]))
        if len(printed[0]) < 4 or printed[0][-1] != "exit status 0":
            found.append(f"the older version fails: {printed[0]}")
        found += printed[1] if printed[1][-1] != "exit status 0" else []
        found += [line for line in printed[0] if line not in printed[1]]
        found += [f"new: {line}" for line in printed[1] if line not in printed[0]]
        project = Path(folder) / "both"
        fake_python(project)
        make_project(project, old)
        # Not part of a mark, and this machine may have none.
        no_gpu = ("--ngpu", "0", "--num_nodes", "1")
        text, started = run(project, old, case, *no_gpu)
        if not started or not text.endswith("exit status 0\n"):
            found.append(f"the older version fails: {text}")
        make_project(project, new)
        text, started = run(project, new, case, *no_gpu)
        found += [f"done again: {call}" for call in started]
        found += [] if text.endswith("exit status 0\n") else [text]
    return found


def fake_python(project: Path) -> None:
    """A python3 that pretends."""
    python = project / "venv/bin/python3"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON.format(python=sys.executable), encoding="utf-8")
    python.chmod(0o755)


def main() -> int:
    """Compare every case."""
    old, new = (Path(word).resolve() for word in sys.argv[1:3])
    failed = 0
    for case in CASES[int(sys.argv[3]) if sys.argv[3:] else 0 :]:
        found = differences(case, old, new)
        failed += bool(found)
        print("differs" if found else "same", case.recipe, case.script, *case.options)
        for line in found[:8]:
            print(f"    {line[:1500]}")
    print(f"{len(CASES) - failed} of {len(CASES)} cases are the same")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
