"""The second half of the toys of `toy_changes.py`: schedules, scores, stages, experiments."""

from __future__ import annotations

from oracles.toy_changes import THERE, Toy, after, before

SCHEDULE = Toy(
    edits={
        "espnet_av/train/schedules.py": [
            before(
                "SCHEDULES: dict[",
                """@dataclass(frozen=True, kw_only=True)
class ToyStairs:
    every: int = 2

    def scale(self, step: int, max_steps: int) -> float:
        return 0.5 ** (step // self.every)


""",
            ),
            after("SCHEDULES: dict[str, type[Schedule]] = {\n", '"toy_stairs": ToyStairs,\n'),
        ],
        "espnet_av/train/optimizers.py": [
            before("OPTIMIZERS: dict[", "class ToyAdam(torch.optim.Adam):\n    pass\n\n\n"),
            after(
                "OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {\n",
                '    "toy_adam": ToyAdam,\n',
            ),
        ],
    },
    check="""
import torch
from espnet_av.config import build
from espnet_av.train.config import TrainConfig
from espnet_av.train.optimizers import build_optimizer
from espnet_av.train.schedules import build_scheduler
told = {"optim": "toy_adam", "scheduler": "toy_stairs", "scheduler_conf": {"every": 3}}
config = build(TrainConfig, told)
optimizer = build_optimizer(torch.nn.Linear(1, 1), config.optim, config.optim_conf)
scheduler = build_scheduler(optimizer, config.scheduler, config.scheduler_conf, 9)
assert type(optimizer).__name__ == "ToyAdam"
rates = []
for _ in range(7):
    rates.append(optimizer.param_groups[0]["lr"] / config.optim_conf.lr)
    optimizer.step()
    scheduler.step()
assert rates == [1, 1, 1, 0.5, 0.5, 0.5, 0.25]
""",
)

SCORER = """
from dataclasses import dataclass

from espnet_av.score.conditions import read_references, read_rows
from espnet_av.score.metric import Metric
from espnet_av.score.scorer import NO_TEXT, NO_TURNS, Scored, Scorer

SHARE = Metric(name="{name}", title="Share", words="share")


@dataclass(frozen=True)
class ToyScored(Scored):
    condition: object
    refs: dict
    hyps: dict

    def figures(self, utt_ids, resampling, axes):
        share = 100 * sum(self.hyps[u] == "{counted}" for u in utt_ids) / len(utt_ids)
        return {{"{name}": {{"rate": share, "ci95": [share, share], "num_utts": len(utt_ids)}}}}


def read(condition, scoring):
    refs = read_references(condition, "ref.label", "utt2label")
    return ToyScored(condition, refs, read_rows(condition.folder / "{file}"))


TOY = Scorer(
    name="{name}", kind="{kind}", metrics=(SHARE,), read=read, refuses=NO_TEXT | NO_TURNS
)
"""
SCORED = """
from pathlib import Path
import yaml
from oracles.toy_predictions import predict
from espnet_av.score.bootstrap import Resampling
from espnet_av.score.published.expected import read_expected
from espnet_av.score.report import write_report
labels = {{f"u{{n}}": ("cat", "dog")[n % 2] for n in range(4)}}
answers = [[9.0, 0.0], [9.0, 0.0], [9.0, 0.0], [0.0, 9.0]]
predict(Path("out"), "{kind}", answers, {{"utt2label": labels}}, labels=("cat", "dog"))
target = {{"set": "test", "mode": "A", "target": 70}}
Path("expected_scores.yaml").write_text(
    yaml.safe_dump({{"scoring": {{"metric": "{name}"}}, "targets": [target]}})
)
expected = read_expected("expected_scores.yaml")
scores = write_report(Path("out"), expected, command="", resampling=Resampling(10, 0))
assert scores["targets"][0]["got"] == 75.0
assert scores["targets"][0]["met"] is True
"""


def _entry_of_scorer(module: str) -> dict[str, list[tuple[str, str]]]:
    return {
        "espnet_av/score/scorers.py": [
            after(
                "from espnet_av.score.activity import ACTIVITY\n",
                f"from espnet_av.score.{module} import TOY as {module.upper()}\n",
            ),
            (r"\(\s*ERROR_RATES,", f"{THERE} {module.upper()},"),
        ]
    }


SCORE = Toy(
    files={
        "espnet_av/score/toyshare.py": SCORER.format(
            name="toyshare", kind="label", file="label", counted="cat"
        )
    },
    edits=_entry_of_scorer("toyshare"),
    check=SCORED.format(kind="label", name="toyshare"),
)

PREDICTION = Toy(
    files={
        "espnet_av/predict/toyguess.py": """
from dataclasses import dataclass

from espnet_av.data.table import write_table
from espnet_av.predict.prediction import Predictions


@dataclass(frozen=True, kw_only=True)
class ToyGuesses(Predictions):
    def write(self, folder, data):
        write_table(folder / "guess", {u: self.found[u] for u in self.ordered(data)})
        write_table(folder / "ref.label", data.tables["utt2label"])


def predict_guesses(work, dataset, advance):
    found = {}
    for batch, on_device in work.batches(dataset):
        guesses = work.model.predict_labels(on_device).argmax(1).tolist()
        found |= {u: "much" if n == 0 else "little" for u, n in zip(batch.utt_id, guesses)}
        advance(len(guesses))
    return ToyGuesses(work=work, dataset=dataset, found=found)
""",
        "espnet_av/score/toymuch.py": SCORER.format(
            name="toymuch", kind="toyguess", file="guess", counted="much"
        ),
    },
    edits={
        "espnet_av/predict/kinds.py": [
            after(
                "from espnet_av.predict.text import predict_texts\n",
                "from espnet_av.predict.toyguess import predict_guesses\n",
            ),
            after(
                "_OWN = {\n",
                '    "toyguess": Kind(predict=predict_guesses, offers=("predict_labels",)),\n',
            ),
        ],
        **_entry_of_scorer("toymuch"),
    },
    check="""
from espnet_av.predict.kinds import kind_of
class Guesser:
    predicts = ("toyguess",)
    predict_labels = None
assert kind_of(Guesser()) == "toyguess"
"""
    + SCORED.format(kind="toyguess", name="toymuch"),
)

STAGE = Toy(
    files={
        "espnet_av/bin/toyshout.py": '''"""Shouts: a stage of a toy."""

import argparse


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="espnet-av toyshout", description=__doc__)
    parser.add_argument("out")
    print(parser.parse_args(arguments).out.upper())
    return 0


if __name__ == "__main__":
    main()
'''
    },
    edits={
        "espnet_av/bin/main.py": [after("VERBS = {\n", '    "toyshout": "shout",\n')],
        "espnet_av/recipe/stages.py": [
            before(
                "def roi_steps(",
                """def toyshout_steps(options: Options) -> Parts:
    out = f"{options.dumpdir}/shout"
    jobs = python_job(f"{out}/logdir/shout.log", "toyshout", out)
    return [log(f"    shout -> {out}"), Step(f"{out}/.done", (), *jobs)]


""",
            )
        ],
        "espnet_av/recipe/plan.py": [
            after("    tokens_steps,\n", "    toyshout_steps,\n"),
            after(
                "    plan = _Plan(full)\n",
                '    plan.add("roi", lambda: toyshout_steps(full))\n',
            ),
        ],
    },
    check="""
import contextlib, io
from pathlib import Path
from espnet_av.bin.main import main
from espnet_av.bin.plan import main as plan
for name in ("roi", "dump", "noise", "train_avsr", "decode"):
    Path("conf").mkdir(exist_ok=True)
    Path(f"conf/{name}.yaml").touch()
with contextlib.redirect_stdout(io.StringIO()) as said:
    plan(["--stage", "roi", "--stop_stage", "roi"])
    main(["toyshout", "hello"])
assert "python3 -m espnet_av.bin.toyshout dump/shout" in said.getvalue()
assert "once dump/shout/.done" in said.getvalue() and "HELLO" in said.getvalue()
""",
)

EXPERIMENT = Toy(
    files={
        "egs2/toytown/avsr1/conf/experiments_toy.yaml": """
experiments:
  start: {config: train.yaml, seeds: [1, 2]}
  end: {config: train.yaml, from: start, tokens: {}, seeds: [1, 2], tests: [plain]}
  other: {config: train.yaml, tokens: {}, seeds: [1, 2], tests: [plain]}
tests:
  plain: {config: train.yaml, expected: train.yaml}
tables:
  results/toy.md: {rows: {other: without, end: with a start}}
"""
    },
    check="""
import contextlib, io
from pathlib import Path
from espnet_av.bin.plan import main as plan
Path("train.yaml").touch()
path = str(TREE / "egs2/toytown/avsr1/conf/experiments_toy.yaml")
asked = ["--experiments", path, "--stage", "train", "--stop_stage", "score"]
with contextlib.redirect_stdout(io.StringIO()) as said:
    plan(asked)
for name in ("start_s1", "end_s2", "other_s1"):
    assert f"once exp/{name}/.done" in said.getvalue(), name
assert "espnet_av.bin.compare" in said.getvalue()
with contextlib.redirect_stdout(io.StringIO()) as said:
    plan([*asked, "--only", "end_s2"])
assert "exp/start_s2" in said.getvalue() and "exp/other_s1" not in said.getvalue()
""",
)

PACKAGE = Toy(
    check="""
import subprocess, sys
from oracles.own_package import write_package
from pathlib import Path
names = {"models": "oracles.sketch_models:LabelSketch", "corpora": "own:prepare"}
write_package(Path("own"), "own", {group: {"own_toy": place} for group, place in names.items()})
code = "from espnet_av.models import MODELS; from espnet_av.corpora import CORPORA; print(\\
    MODELS['own_toy'][1].__name__, CORPORA['own_toy'])"
told = subprocess.run(
    [sys.executable, "-c", code],
    env={"PYTHONPATH": f"own:{TREE}:{TREE}/test"}, check=True, capture_output=True, text=True,
)
assert told.stdout.split() == ["LabelSketch", "own:prepare"], told
""",
)

CLUSTER = Toy(
    edits={
        "egs2/TEMPLATE/av1/conf/slurm.conf": [("--partition gpu ", "--partition toys ")],
        "egs2/TEMPLATE/av1/cmd.sh": [
            before(
                '    stdout) export train_cmd="stdout.pl"',
                '    toy) export train_cmd="toy.pl" cuda_cmd="toy.pl" decode_cmd="toy.pl" ;;\n',
            )
        ],
    },
    check="""
import subprocess, sys
folder = TREE / "egs2/TEMPLATE/av1"
slurm = [sys.executable, str(TREE / "utils/slurm.pl"), "--dry_run", "--gpu", "1", "x.log", "true"]
told = subprocess.run(slurm, cwd=folder, check=True, capture_output=True, text=True)
assert "--partition toys" in told.stdout, told
script = "cmd_backend=toy; . ./cmd.sh; echo ${cuda_cmd}"
told = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True)
assert told.stdout == "toy.pl\\n", told
""",
)
