"""Ours beside s3prl's, on the same states, weights, names and turns; the page of results.

    python tools/superb_peers/compare.py WORK_DIR PEER... --out tools/superb_peers/RESULTS.md

A PEER is `<title>=<folder it was installed to>`; `run.sh` installs them and calls this.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from espnet_av.atomic import atomic_write
from espnet_av.config import to_dict
from espnet_av.corpora.speech_commands import hash_split
from espnet_av.data.readers.activity import activity
from espnet_av.data.table import Segment
from espnet_av.data.tokenizer import train_tokenizer
from espnet_av.models import MODELS
from espnet_av.models.abs_model import Sizes
from espnet_av.models.hubert import HubertConfig
from espnet_av.models.superb.probe import ProbeModel
from espnet_av.models.upstream import UpstreamConfig
from espnet_av.provenance import git_hash, versions

SEED, SIZE, NUM_STATES, MIDDLE = 0, 16, 4, 256
LENGTHS, SLOTS, NUM_WORDS = (30, 21, 12), (6, 14, 4), 12
VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"
UNITS = ["SIL", "SPN", *(f"{v}{n}" for v in VOWELS.split() for n in range(3)), *CONSONANTS.split()]
NAMES = [f"spk{n:04d}_nohash_{n % 3}.wav" for n in range(2000)]
NAMES += ["0a7c2a8d_nohash_0.wav", "noname.wav", "a_nohash_1_nohash_2.wav"]
TURNS: list[dict[str, Any]] = [
    {"seconds": 12, "turns": [("A", 0, 12), ("B", 5, 6)]},
    {"seconds": 12, "turns": [("A", 3.9, 8.1)]},
    {"seconds": 12, "turns": [("A", 4, 8)]},
    {"seconds": 12, "turns": [("A", 2, 4), ("A", 4, 6)]},
    {"seconds": 13.5, "turns": [("A", 0, 13.5), ("B", 13, 13.5)]},
]


def make_head(task: str) -> ProbeModel:
    """A head with random weights on a model that never runs."""
    encoder = {"num_layers": NUM_STATES - 1, "attention_heads": 2, "linear_units": 8}
    conf = to_dict(HubertConfig(feature_size=SIZE)) | {"encoder_conf": encoder}
    below = UpstreamConfig(model="hubert", model_conf=conf, sizes=Sizes(units=5))
    config_class, model_class = MODELS[f"superb_{task}"]
    labels = int(np.prod(SLOTS)) if task == "ic" else NUM_WORDS
    torch.manual_seed(SEED)
    model = model_class.from_config(
        config_class(upstream=below, states="stored"), Sizes(labels=labels, vocab=len(UNITS) + 3)
    )
    assert isinstance(model, ProbeModel)
    return model.eval()


def make_inputs() -> tuple[dict[str, np.ndarray], dict[str, ProbeModel], dict[str, Any]]:
    """What the peers get; our heads; our batch."""
    rng, heads = np.random.default_rng(SEED), {t: make_head(t) for t in ("ks", "ic", "pr", "sd")}
    count, longest = len(LENGTHS), max(LENGTHS)
    weights = rng.normal(size=NUM_STATES).astype(np.float32)
    slots = np.stack([rng.integers(n, size=count) for n in SLOTS], axis=1)
    phones = rng.integers(2, len(UNITS) + 2, size=(count, 4))
    phones[2, 2:] = -1
    inputs = {
        "states": rng.normal(size=(count, longest, NUM_STATES, SIZE)).astype(np.float32),
        "lengths": np.array(LENGTHS), "state_weights": weights, "slots": np.array(SLOTS),
        "label": rng.integers(NUM_WORDS, size=count), "slot_labels": slots,
        # Theirs: 0 pad, 1 end, 2 unknown, then units; ours: 0 blank, 1 unknown, units, end.
        "phones": np.where(phones < 0, -1, phones + 1),
        "activity": (rng.random((count, longest, 2)) < 0.5).astype(np.float32),
    }  # fmt: skip
    for row, length in zip(inputs["activity"], LENGTHS, strict=True):
        row[length:] = 0
    order = [0, len(UNITS) + 2, 1, *range(2, len(UNITS) + 2)]
    for task, model in heads.items():
        model.state_weights.data = torch.from_numpy(weights)
        for name, value in model.state_dict().items():
            if name.startswith(("project.", "head.", "lstm.", "ctc.ctc_lo.")):
                theirs = name.replace("ctc.ctc_lo.", "head.")
                array = value.numpy()[order] if "ctc_lo" in name else value.numpy()
                inputs[f"{task}.{theirs}"] = array.copy()
    lengths = torch.tensor(LENGTHS)
    batch = {
        "utt_id": ["a", "b", "c"],
        "states": torch.from_numpy(inputs["states"]), "states_lengths": lengths,
        "text": torch.from_numpy(phones), "text_lengths": torch.tensor([4, 4, 2]),
        "activity": torch.from_numpy(inputs["activity"]), "activity_lengths": lengths,
    }  # fmt: skip
    return inputs, heads, batch


def label_of(inputs: dict[str, np.ndarray], task: str) -> torch.Tensor:
    """(B,) classes."""
    if task == "ks":
        return torch.from_numpy(inputs["label"])
    numbers = np.ravel_multi_index(tuple(inputs["slot_labels"].T), SLOTS)
    return torch.from_numpy(np.asarray(numbers))


@torch.no_grad()
def ours(
    inputs: dict[str, np.ndarray], heads: dict[str, ProbeModel], batch: dict[str, Any]
) -> dict[str, Any]:
    """The same figures by this project."""
    mixed = heads["ks"].mix(batch)[0]
    plain = heads["ks"]
    object.__setattr__(plain.config, "normalise_states", True)
    normalised = plain.mix(batch)[0]
    object.__setattr__(plain.config, "normalise_states", False)
    losses = {
        task: float(
            model(**batch, label=label_of(inputs, task) if task in ("ks", "ic") else None)[0]
        )
        for task, model in heads.items()
    }
    return {"mixed": mixed.numpy(), "mixed_normalised": normalised.numpy(), **losses}


def our_turns(case: dict[str, Any], *, with_fault: bool) -> list[list[int]]:
    """Chunk -> frames of each talker; or the same without turns that go over a whole chunk."""
    frames = round(100 * case["seconds"])
    talkers = sorted({who for who, _, _ in case["turns"]})
    found = []
    for start in range(0, frames, 400):
        end = min(start + 400, frames)
        counts = []
        for talker in talkers:
            own = [Segment(a, b - a, talker) for who, a, b in case["turns"] if who == talker]
            if with_fault:
                own = [
                    t
                    for t in own
                    if not (t.start * 100 < start and (t.start + t.duration) * 100 > end)
                ]
            counts.append(int(activity(own, frames, 100.0)[start:end].sum()) if own else 0)
        found.append(counts)
    return found


def run_peer(folder: str, inputs: Path, out: Path) -> dict[str, Any] | str:
    """What a peer gives; or why it does not run."""
    script = Path(__file__).with_name("s3prl_outputs.py")
    ran = subprocess.run(
        [sys.executable, str(script), str(inputs), str(out)],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": folder},
    )  # fmt: skip
    if ran.returncode:
        return ran.stderr.strip().splitlines()[-1]
    found = dict(np.load(out))
    return {**{k: v for k, v in found.items() if k != "told"}, **json.loads(str(found["told"]))}


def rows_of(
    mine: dict[str, Any], peer: dict[str, Any], vocab: int
) -> list[tuple[str, str, str, str]]:
    """What, theirs, ours, whether they agree."""
    rows = []
    inside = [np.s_[i, :n] for i, n in enumerate(LENGTHS)]
    for key, title in (
        ("mixed", "weighted sum"),
        ("mixed_normalised", "the same, states normalised"),
    ):
        apart = max(float(np.abs(mine[key][part] - peer[key][part]).max()) for part in inside)
        rows.append((title, "", f"largest difference {apart:.1e}", agrees(apart < 1e-5)))
    for task in ("ks", "ic", "pr", "sd"):
        one, other = mine[task], float(peer[task])
        rows.append(
            (f"{task.upper()} loss", f"{other:.6f}", f"{one:.6f}", agrees(abs(one - other) < 1e-5))
        )
    sets = {name: hash_split(name) for name in NAMES}
    same = {k: v for k, v in sets.items() if v} == peer["split"]
    rows.append((f"KS split of {len(NAMES)} names", f"{len(peer['split'])} kept",
                 f"{sum(v is not None for v in sets.values())} kept", agrees(same)))  # fmt: skip
    rows.append(("PR tokens", str(peer["vocab"]), str(vocab), agrees(vocab == peer["vocab"])))
    for case, theirs in zip(TURNS, peer["turns"], strict=True):
        told = "; ".join(f"{who} {a}-{b}" for who, a, b in case["turns"])
        right, faulty = (our_turns(case, with_fault=fault) for fault in (False, True))
        verdict = "equal but for their lost turns" if theirs == faulty else agrees(False)
        verdict = agrees(True) if theirs == right else verdict
        title = f"SD labels, {told} of {case['seconds']} s"
        rows.append((title, str(theirs), str(right), verdict))
    return rows


def agrees(same: bool) -> str:
    return "equal" if same else "**DIFFERENT**"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("peers", nargs="+")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    inputs, heads, batch = make_inputs()
    told = {"units": UNITS, "names": NAMES, "turns": TURNS}
    np.savez(args.work / "inputs.npz", told=json.dumps(told), **inputs)
    mine = ours(inputs, heads, batch)
    vocab = train_tokenizer([" ".join(UNITS)], args.work / "tokens", "word", 0).vocab_size
    lines = [
        "# Heads of SUPERB beside s3prl's", "",
        f"git {git_hash()}; `tools/superb_peers/run.sh WORK_DIR`", "",
        f"Random states ({len(LENGTHS)} utterances of {', '.join(map(str, LENGTHS))} frames, "
        f"{NUM_STATES} states of {SIZE} numbers) and the same weights in both; losses equal within "
        "1e-5. Chunks of SD are of 400 frames of 10 ms, frames of each talker in each chunk: s3prl "
        "gives no label to a turn that begins before a chunk and ends behind it, ours does.",
    ]  # fmt: skip
    different = False
    for peer in args.peers:
        title, _, folder = peer.partition("=")
        found = run_peer(folder, args.work / "inputs.npz", args.work / "outputs.npz")
        lines += ["", f"## {title}", ""]
        if isinstance(found, str):
            lines.append(f"Does not run here: `{found}`")
            continue
        rows = rows_of(mine, found, vocab)
        different = different or any("DIFFERENT" in row[3] for row in rows)
        lines += [
            "| what | s3prl | here | |",
            "|---|---|---|---|",
            *(f"| {' | '.join(row)} |" for row in rows),
        ]
    lines += ["", ", ".join(f"{name} {version}" for name, version in versions().items()), ""]
    print("\n".join(lines))
    if args.out:
        with atomic_write(args.out) as stream:
            stream.write("\n".join(lines))
    sys.exit(int(different))


if __name__ == "__main__":
    main()
