"""Records of conditions with and without all of their video, for tables and pictures."""

from __future__ import annotations

from typing import Any


def record(
    mode: str, noise: str, rate: float, lost: str | None = None, share: float = 0.5
) -> dict[str, Any]:
    wer = {"rate": rate, "ci95": [rate - 1, rate + 1], "num_utts": 9}
    return {
        "set": "test", "mode": mode, "noise": noise, "wer": wer,
        "missing_video": lost, "missing_share": share,
    }  # fmt: skip


COMPLETE = [
    record("A", "clean", 8.0),
    record("A", "babble:0", 50.0),
    record("AV", "clean", 4.0),
    record("AV", "babble:0", 20.0),
    record("V", "clean", 30.0),
    {**record("AV", "clean", 99.0), "set": "other"},
]
MISSING = [
    record("AV", "babble:0", 25.0, "whole:0.25", 0.21),
    record("AV", "clean", 6.0, "start:1", 1.0),
    record("AV", "clean", 5.0, "start:0.5", 0.502),
    record("AV", "clean", 4.5, "whole:0.25", 0.21),
    record("V", "clean", 60.0, "start:0.5", 0.5),
    {**record("AV", "clean", 99.0, "end:0.5"), "set": "other"},
]
