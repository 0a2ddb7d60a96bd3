"""From decoded folders to `scores.json`, tables and pictures."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from espnet_av.atomic import atomic_write
from espnet_av.progress import progress
from espnet_av.provenance import git_hash, versions
from espnet_av.score.alignment_text import format_alignments
from espnet_av.score.condition_score import (
    ConditionScore,
    as_record,
    find_conditions,
    score_condition,
)
from espnet_av.score.expected import Target, compare
from espnet_av.score.matrix import noise_title, sets_of
from espnet_av.score.normaliser import NormaliserName, get_normaliser
from espnet_av.score.plot_alignment import plot_alignment
from espnet_av.score.plot_confusion import plot_confusion
from espnet_av.score.plot_snr import categories_of, plot_snr
from espnet_av.score.results import format_results
from espnet_av.search.example import EXAMPLE

SCORES, RESULTS = "scores.json", "RESULTS.md"
TRAINING = "train_summary.json"
"""What training may leave in its experiment: `data_sec`, `train_sec`, `steps`, `hardware`."""


def write_report(
    decode_dir: Path,
    targets: Sequence[Target],
    *,
    command: str,
    normaliser: NormaliserName = "none",
    num_resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Score every condition below a decoding folder and write everything there is to see.

    Files: `scores.json`, `RESULTS.md`, pictures, and in each condition's folder
    `score_wer/result.txt` and `score_cer/result.txt` with every alignment.

    Args:
        decode_dir: output of the decode stage.
        targets: of the recipe; may be empty.
        command: what was typed, for the record.
        normaliser: rewriting of both texts before they are compared.
        num_resamples: of the bootstrap.
        seed: of the bootstrap.

    Returns:
        the content of `scores.json`.
    """
    normalise = get_normaliser(normaliser)
    scored = [
        score_condition(folder, normalise)
        for folder in progress(find_conditions(decode_dir), desc="score", unit="condition")
    ]
    records = [as_record(score, num_resamples=num_resamples, seed=seed) for score in scored]
    for score, record in zip(scored, records, strict=True):
        record["folder"] = str(score.folder.relative_to(decode_dir))
        _write_alignments(score)
    scores = {
        **_origin(decode_dir, scored[0], command),
        "normaliser": normaliser,
        "bootstrap": {"num_resamples": num_resamples, "seed": seed},
        "conditions": records,
        "targets": [
            {**dataclasses.asdict(row.target), "got": row.got, "met": row.is_met}
            for row in compare(targets, records)
        ],
    }
    scores["pictures"] = _draw(decode_dir, scored, scores)
    with atomic_write(decode_dir / SCORES) as stream:
        json.dump(scores, stream, indent=1, ensure_ascii=False)
        stream.write("\n")
    with atomic_write(decode_dir / RESULTS) as stream:
        stream.write(format_results(scores))
    return scores


def _origin(decode_dir: Path, first: ConditionScore, command: str) -> dict[str, Any]:
    """Where and how the numbers came about."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "git": git_hash(),
        "versions": versions(),
        "command": command,
        "decode_dir": str(decode_dir),
        "decode_command": _decode_command(first.folder),
        "decode_config": _shown_config(first.info["config"]),
        "training": _training(Path(first.info["exp_dir"])),
    }


def _write_alignments(score: ConditionScore) -> None:
    for unit, alignments in score.alignments.items():
        with atomic_write(score.folder / f"score_{unit}" / "result.txt") as stream:
            stream.write(format_alignments(alignments))


def _draw(decode_dir: Path, scored: Sequence[ConditionScore], scores: dict[str, Any]) -> list[str]:
    """Write the pictures; returns their names."""
    records, names = scores["conditions"], []
    for set_name in sets_of(records):
        for category in categories_of(records, set_name):
            names.append(f"wer_over_snr_{set_name}_{category}.png")
            plot_snr(records, set_name, category, decode_dir / names[-1], targets=scores["targets"])
    for score in _worth_a_look(scored):
        stem = f"{score.info['set']}_{score.folder.name}"
        title = f"{score.info['set']}, {score.info['mode']}, {noise_title(score.info['noise'])}"
        name = f"confusion_{stem}.png"
        heading = f"Most frequent confusions: {title}"
        if plot_confusion(score.alignments["wer"], heading, decode_dir / name):
            names.append(name)
        names.append(f"alignment_{stem}.png")
        plot_alignment(
            score.folder / EXAMPLE,
            decode_dir / names[-1],
            title=title,
            reference=_reference(score),
        )
    return names


def _worth_a_look(scored: Sequence[ConditionScore]) -> list[ConditionScore]:
    """Of each test set: the best and the worst of all conditions, by WER."""
    chosen = []
    for set_name in sets_of([score.info for score in scored]):
        mine = [score for score in scored if score.info["set"] == set_name]
        ranked = sorted(mine, key=lambda s: sum(a.counts.errors for a in s.alignments["wer"]))
        chosen += [ranked[0], *ranked[-1:]] if len(ranked) > 1 else ranked
    return chosen


def _reference(score: ConditionScore) -> str:
    with np.load(score.folder / EXAMPLE) as arrays:
        utt_id = str(arrays["utt_id"])
    pairs = next(a.pairs for a in score.alignments["wer"] if a.utt_id == utt_id)
    return " ".join(left for left, _ in pairs if left is not None)


def _shown_config(config: dict[str, Any]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in config.items())


def _decode_command(folder: Path) -> str:
    record = yaml.safe_load((folder / "provenance.yaml").read_text(encoding="utf-8"))
    return str(record["command"])


def _training(exp_dir: Path) -> dict[str, Any]:
    path = exp_dir / TRAINING
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
