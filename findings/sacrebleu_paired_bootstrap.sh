#!/usr/bin/env bash
# sacreBLEU's paired bootstrap calls equal systems different: identical ones get p = 1 / (n + 1).
#
# For each resample it takes the absolute difference of the two scores, and only then subtracts the
# mean to get what would be seen without a difference. The spread of absolute values is too small, so
# p is: of 60 pairs of systems that are equally good (the same references spoilt twice at random) some
# 15 % fall below .05 where 5 % should, and the mean p is .17 instead of .5. For two identical outputs
# every difference is 0, and p comes out as the smallest there can be. Its approximate randomisation
# (`ar`) is right. Papers that report "p < .05 (paired bootstrap)" with sacreBLEU may mean nothing.
#
# usage: sacrebleu_paired_bootstrap.sh [version of sacrebleu]
set -euo pipefail
sacrebleu=${1:-2.6.0}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet "sacrebleu==$sacrebleu" numpy==2.4.6
cat > "$work/pairs.py" <<'PY'
import logging
import os
import random
import statistics
import sys

import sacrebleu
from sacrebleu.metrics import BLEU
from sacrebleu.significance import PairedTest

logging.disable(logging.INFO)
WORDS = "the a cat dog sat ran on under mat tree big small red and then it slept quickly home away"


def sentence(draws):
    return " ".join(draws.choice(WORDS.split()) for _ in range(12))


def spoilt(draws, text):
    words = text.split()
    return " ".join(draws.choice(WORDS.split()) if draws.random() < 0.3 else w for w in words)


def p_value(references, one, other, kind, seed):
    os.environ["SACREBLEU_SEED"] = str(seed)
    systems = [("one", one), ("other", other)]
    metric = {"BLEU": BLEU(references=[references])}
    test = PairedTest(systems, metric, references=None, test_type=kind, n_samples=200)
    return test()[1]["BLEU"][1].p_value


print(f"sacrebleu {sacrebleu.__version__}, 200 resamples")
draws = random.Random(0)
references = [sentence(draws) for _ in range(60)]
output = [spoilt(draws, text) for text in references]
same = p_value(references, output, list(output), "bs", 1)
print(f"  identical outputs, bootstrap: p = {same:.4f}")
low = {}
for kind in ("bs", "ar"):
    found = []
    for number in range(60):
        draws = random.Random(100 + number)
        references = [sentence(draws) for _ in range(60)]
        pair = [[spoilt(draws, text) for text in references] for _ in range(2)]
        found.append(p_value(references, *pair, kind, number))
    low[kind] = statistics.mean(found)
    share = sum(p < 0.05 for p in found) / len(found)
    print(f"  60 equally good pairs, {kind}: mean p {low[kind]:.2f}, below .05: {share:.0%}")
sys.exit(0 if same < 0.05 and low["bs"] < 0.3 < low["ar"] else 1)
PY
if "$work/venv/bin/python" "$work/pairs.py"; then
    echo "as described"
else
    echo "CHANGED: equal systems are no longer called different"
    exit 1
fi
