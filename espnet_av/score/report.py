"""From decoded folders to `scores.json`, tables and pictures."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from espnet_av.atomic import atomic_write
from espnet_av.errors import DataDirError
from espnet_av.predict.condition import decode_again
from espnet_av.progress import progress
from espnet_av.provenance import git_hash, versions
from espnet_av.score.bootstrap import Resampling
from espnet_av.score.conditions import Decoded, check_one_system, find_conditions, read_condition
from espnet_av.score.normaliser import package_version
from espnet_av.score.published.derived import derived_records
from espnet_av.score.published.expected import Expected, check_system, compare
from espnet_av.score.published.measured import Measured
from espnet_av.score.published.paper_table import lay_out
from espnet_av.score.record import as_records, is_complete
from espnet_av.score.results import format_results
from espnet_av.score.scorer import Scored
from espnet_av.score.scorers import (
    check_scoring,
    metric_of,
    metrics_of,
    score_condition,
    settings_of,
)
from espnet_av.score.scoring import Scoring
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

    Files: `scores.json`, `RESULTS.md`, pictures, and in each condition's folder what its scorer
    has to show, as `score_wer/result.txt` with every alignment.

    Args:
        decode_dir: output of the decode stage.
        expected: of the recipe: how to score, targets, published tables.
        command: what was typed, for the record.
        system: which model of the published tables this experiment stands for.
        resampling: for the intervals.

    Returns:
        the content of `scores.json`.

    Raises:
        DataDirError: a condition is unfinished, its files are faulty, or two are not of one system.
        ConfigError: the predictions cannot be judged by the metric.
    """
    if system is not None:
        check_system(expected, system)
    check_scoring(expected.scoring, "scoring")
    conditions = [read_condition(folder) for folder in find_conditions(decode_dir)]
    check_one_system(conditions)
    judged = []
    for condition in progress(conditions, desc="score", unit="condition"):
        score = score_condition(condition, expected.scoring)
        score.write_results()
        judged += [(score, record) for record in as_records(score, resampling)]
    for score, record in judged:
        record["folder"] = str(score.condition.folder.relative_to(decode_dir))
    records = [record for _, record in judged]
    scores: dict[str, Any] = {
        **_origin(decode_dir, conditions[0], command, expected.scoring),
        "system": system,
        "scoring": settings_of(expected.scoring),
        "bootstrap": dataclasses.asdict(resampling),
        # Apart, because a set, a mode and a noise name one condition everywhere else.
        "conditions": [record for record in records if is_complete(record)],
        "missing_video": [record for record in records if not is_complete(record)],
    }
    metrics = metrics_of(expected.scoring)
    made = derived_records(expected.groups, expected.derived, scores["conditions"], metrics)
    if made:
        scores["derived"] = made
    scores["targets"] = [
        {**dataclasses.asdict(row.target), "got": row.got, "met": row.is_met}
        for row in compare(expected.targets, [*scores["conditions"], *made])
    ]
    scores["tables"] = _published(scores, expected)
    complete = [(score, record) for score, record in judged if is_complete(record)]
    scores["pictures"] = _draw(decode_dir, complete, scores, expected.scoring)
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


def _origin(decode_dir: Path, first: Decoded, command: str, scoring: Scoring) -> dict[str, Any]:
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


def _draw(
    decode_dir: Path,
    judged: Sequence[tuple[Scored, Mapping[str, Any]]],
    scores: dict[str, Any],
    scoring: Scoring,
) -> list[str]:
    from espnet_av.score.pictures import draw  # the figures are all that most callers want

    return draw(decode_dir, judged, scores, metric_of(scoring.metric))


def _shown_config(config: dict[str, Any]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in config.items())


def _decode_command(folder: Path) -> str:
    record = read_yaml_keys(folder / "provenance.yaml", DataDirError, decode_again(folder))
    return str(record.get("command", "not known"))


def _training(exp_dir: Path) -> dict[str, Any]:
    path = exp_dir / TRAINING
    cure = "remove it: the page then says less"
    return read_json(path, DataDirError, cure) if path.is_file() else {}
