"""From decoded folders to `scores.json`, tables and pictures."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from espnet_av.atomic import atomic_write
from espnet_av.errors import DataDirError
from espnet_av.predict.condition import decode_again
from espnet_av.predict.example import EXAMPLE, read_example
from espnet_av.progress import progress
from espnet_av.provenance import git_hash, versions
from espnet_av.score.alignment_text import format_alignments, format_translations
from espnet_av.score.matrix import noise_title, sets_of
from espnet_av.score.metric import Metric, is_error
from espnet_av.score.missing_video import curves, is_complete
from espnet_av.score.normaliser import package_version
from espnet_av.score.plot_alignment import plot_alignment
from espnet_av.score.plot_confusion import plot_confusion
from espnet_av.score.plot_missing_video import plot_missing_video
from espnet_av.score.plot_snr import categories_of, plot_snr
from espnet_av.score.published.expected import Expected, check_system, compare
from espnet_av.score.published.measured import Measured
from espnet_av.score.published.paper_table import lay_out
from espnet_av.score.results import format_results
from espnet_av.score.scoring import Scoring
from espnet_av.score.text import (
    ConditionScore,
    Resampling,
    as_record,
    check_one_system,
    find_conditions,
    score_condition,
)
from espnet_av.text_file import read_json
from espnet_av.yaml_file import read_yaml_keys

SCORES, RESULTS = "scores.json", "RESULTS.md"
TRAINING = "train_summary.json"
"""What training may leave in its experiment: `data_sec`, `train_sec`, `steps`, `hardware`."""


def write_report(
    decode_dir: Path,
    expected: Expected,
    *,
    command: str,
    system: str | None = None,
    resampling: Resampling,
) -> dict[str, Any]:
    """Score every condition below a decoding folder and write everything there is to see.

    Files: `scores.json`, `RESULTS.md`, pictures, and in each condition's folder
    `score_wer/result.txt` and `score_cer/result.txt` with every alignment, or
    `score_bleu/result.txt` with every translation.

    Args:
        decode_dir: output of the decode stage.
        expected: of the recipe: how to score, targets, published tables.
        command: what was typed, for the record.
        system: which model of the published tables this experiment stands for.
        resampling: for the intervals.

    Returns:
        the content of `scores.json`.

    Raises:
        DataDirError: a condition is unfinished, its texts are faulty, or two are not of one system.
    """
    if system is not None:
        check_system(expected, system)
    scored = [
        score_condition(folder, expected.scoring)
        for folder in progress(find_conditions(decode_dir), desc="score", unit="condition")
    ]
    check_one_system(scored)
    records = [as_record(score, resampling) for score in scored]
    for score, record in zip(scored, records, strict=True):
        record["folder"] = str(score.folder.relative_to(decode_dir))
        _write_texts(score)
    scores: dict[str, Any] = {
        **_origin(decode_dir, scored[0], command, expected.scoring),
        "system": system,
        "scoring": dataclasses.asdict(expected.scoring),
        "bootstrap": dataclasses.asdict(resampling),
        # Apart, because a set, a mode and a noise name one condition everywhere else.
        "conditions": [record for record in records if is_complete(record)],
        "missing_video": [record for record in records if not is_complete(record)],
    }
    scores["targets"] = [
        {**dataclasses.asdict(row.target), "got": row.got, "met": row.is_met}
        for row in compare(expected.targets, scores["conditions"])
    ]
    scores["tables"] = _published(scores, expected)
    scores["pictures"] = _draw(decode_dir, [s for s in scored if is_complete(s.info)], scores)
    with atomic_write(decode_dir / SCORES) as stream:
        json.dump(scores, stream, indent=1, ensure_ascii=False)
        stream.write("\n")
    with atomic_write(decode_dir / RESULTS) as stream:
        stream.write(format_results(scores))
    return scores


def _published(scores: dict[str, Any], expected: Expected) -> list[dict[str, Any]]:
    """The rows of this system in the published tables, beside what was measured."""
    if scores["system"] is None:
        return []
    measured = Measured(expected)
    measured.add(scores, scores["decode_dir"])
    blocks = lay_out(expected, measured, systems=[scores["system"]])
    return [dataclasses.asdict(block) for block in blocks]


def _origin(
    decode_dir: Path, first: ConditionScore, command: str, scoring: Scoring
) -> dict[str, Any]:
    """Where and how the numbers came about."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "git": git_hash(),
        "versions": versions() | package_version(scoring.normaliser),
        "command": command,
        "decode_dir": str(decode_dir),
        "decode_command": _decode_command(first.folder),
        "decode_config": _shown_config(first.info["config"]),
        "training": _training(Path(first.info["exp_dir"])),
    }


def _write_texts(score: ConditionScore) -> None:
    if not is_error(score.scoring.metric):
        with atomic_write(score.folder / f"score_{score.scoring.metric}" / "result.txt") as stream:
            stream.write(format_translations(score.refs, score.hyps))
    for unit, alignments in score.alignments.items():
        with atomic_write(score.folder / f"score_{unit}" / "result.txt") as stream:
            stream.write(format_alignments(alignments))


def _draw(decode_dir: Path, scored: Sequence[ConditionScore], scores: dict[str, Any]) -> list[str]:
    """Write the pictures, of what had all of its video (`scored`) and of the rest; their names."""
    records, names, metric = scores["conditions"], [], scores["scoring"]["metric"]
    for set_name in sets_of(records):
        for category in categories_of(records, set_name):
            names.append(f"{metric}_over_snr_{set_name}_{category}.png")
            plot_snr(
                records,
                set_name,
                category,
                decode_dir / names[-1],
                metric=metric,
                targets=scores["targets"],
            )
        lost = curves(records, scores["missing_video"], set_name)
        if lost:
            names.append(f"{metric}_over_missing_video_{set_name}.png")
            plot_missing_video(lost, set_name, decode_dir / names[-1], metric=metric)
    for score in _worth_a_look(scored, records, metric):
        stem = f"{score.info['set']}_{score.folder.name}"
        title = f"{score.info['set']}, {score.info['mode']}, {noise_title(score.info['noise'])}"
        name = f"confusion_{stem}.png"
        heading = f"Most frequent confusions: {title}"
        words = score.alignments.get("wer", [])
        if plot_confusion(words, heading, decode_dir / name):
            names.append(name)
        names.append(f"alignment_{stem}.png")
        plot_alignment(
            score.folder / EXAMPLE,
            decode_dir / names[-1],
            title=title,
            reference=_reference(score),
        )
    return names


def _worth_a_look(
    scored: Sequence[ConditionScore], records: Sequence[dict[str, Any]], metric: Metric
) -> list[ConditionScore]:
    """Of each test set: the best and the worst of all conditions."""
    chosen = []
    pairs = list(zip(scored, records, strict=True))
    for set_name in sets_of(records):
        mine = [(score, record) for score, record in pairs if record["set"] == set_name]
        mine.sort(key=lambda pair: pair[1][metric]["rate"], reverse=not is_error(metric))
        ranked = [score for score, _ in mine]
        chosen += [ranked[0], *ranked[-1:]] if len(ranked) > 1 else ranked
    return chosen


def _reference(score: ConditionScore) -> str:
    return score.refs[str(read_example(score.folder / EXAMPLE)["utt_id"])]


def _shown_config(config: dict[str, Any]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in config.items())


def _decode_command(folder: Path) -> str:
    record = read_yaml_keys(folder / "provenance.yaml", DataDirError, decode_again(folder))
    return str(record.get("command", "not known"))


def _training(exp_dir: Path) -> dict[str, Any]:
    path = exp_dir / TRAINING
    cure = "remove it: the page then says less"
    return read_json(path, DataDirError, cure) if path.is_file() else {}
