"""A record of `scores.json`: axes that say what was measured, and figures by metric."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from espnet_av.fingerprint import SHORT, fingerprint
from espnet_av.predict.condition import parse_noise
from espnet_av.score.bootstrap import Resampling
from espnet_av.score.scorer import Scored

Record = Mapping[str, Any]
AXES = ("set", "mode", "noise", "missing")
"""What every record has; a scorer may add others, as `direction`."""


def axes_of(record: Record) -> dict[str, Any]:
    """What a record is of: test set, mode, noise, missing video (None: nothing), and more.

    Scores of before there were `axes` have the four in keys of their own.
    """
    if "axes" in record:
        return dict(record["axes"])
    return {
        **{axis: record[axis] for axis in ("set", "mode", "noise") if axis in record},
        "missing": record.get("missing_video"),
    }


def further_axes(record: Record) -> dict[str, str]:
    """The axes that not every record has."""
    return {axis: value for axis, value in axes_of(record).items() if axis not in AXES}


def select(records: Sequence[Record], axes: Mapping[str, Any]) -> list[Record]:
    """Those records that are of all the given axes; a noise may be written `babble:0dB`, too."""
    wanted = _comparable(axes)
    return [record for record in records if wanted.items() <= _comparable(axes_of(record)).items()]


def _comparable(axes: Mapping[str, Any]) -> dict[str, Any]:
    return {axis: parse_noise(value) if axis == "noise" else value for axis, value in axes.items()}


def is_complete(record: Record) -> bool:
    """Whether a condition had all of its video; so had every one of before there was a choice."""
    return axes_of(record)["missing"] is None


def as_records(score: Scored, resampling: Resampling) -> list[dict[str, Any]]:
    """Everything about a condition that goes to `scores.json`: a record for each of its variants.

    Each metric has its figure under `rate`: percent, or BLEU points.
    """
    return [_as_record(score, resampling, axes) for axes in score.variants]


def _as_record(score: Scored, resampling: Resampling, variant: Mapping[str, str]) -> dict[str, Any]:
    condition = score.condition
    info = {key: value for key, value in condition.info.items() if key != "config"}
    record: dict[str, Any] = {
        **info,
        "axes": axes_of(info) | dict(variant),
        "folder": str(condition.folder),
        "fingerprint": condition.fingerprint,
        "refs": fingerprint([json.dumps(dict(score.refs))], SHORT),
        **score.figures(set(score.refs), resampling, variant),
    }
    for table, rows in condition.groups.items():
        members: dict[str, set[str]] = defaultdict(set)
        for utt_id in score.refs:
            members[rows[utt_id]].add(utt_id)
        found = {
            group: score.figures(utt_ids, resampling, variant)
            for group, utt_ids in sorted(members.items())
        }
        if any(found.values()):
            name = f"by_{table.removeprefix('utt2')}"
            record[name] = {group: figures for group, figures in found.items() if figures}
    return record | score.extras()
