"""Tables of missing video over seeds, from figures put in by hand."""

from __future__ import annotations

from espnet_av.data.missing_video import MissingVideo
from espnet_av.score.seeds.runs import System
from espnet_av.score.seeds.seed_missing import format_missing, losses_of

NOISY = ("test", "AV", "babble:0")
ALONE = ("test", "A", "babble:0")
LIPS = ("test", "V", "clean")

BOTH = System(
    "both",
    "wer",
    rates={NOISY: {1: 50.0, 2: 52.0}, ALONE: {1: 60.0, 2: 62.0}, LIPS: {1: 70.0}},
    missing={
        (*NOISY, "start:0.5"): {1: 55.0, 2: 57.0},
        (*NOISY, "whole:0.25"): {1: 53.0},
        (*LIPS, "frames:0.125"): {1: 75.0},
    },
)
DEAF = System("deaf", "wer", rates={ALONE: {1: 64.0}})
OTHER = System(
    "other", "wer", rates={NOISY: {1: 40.0}}, missing={(*NOISY, "end:1"): {1: 48.04, 2: 48.06}}
)


def test_what_was_missing_in_one_condition() -> None:
    assert losses_of(BOTH, NOISY) == {
        MissingVideo("start", 0.5): {1: 55.0, 2: 57.0},
        MissingVideo("whole", 0.25): {1: 53.0},
    }
    assert losses_of(BOTH, LIPS) == {MissingVideo("frames", 0.125): {1: 75.0}}
    assert losses_of(BOTH, ALONE) == {} and losses_of(DEAF, NOISY) == {}


def test_shares_of_all_systems_stand_side_by_side() -> None:
    # Two seeds x and x + 2 spread by sqrt 2; whole before start before end, however they came.
    noisy = (
        "### WER % with missing video: test AV babble 0 dB\n\n"
        "|system|missing|0 %|25 %|50 %|100 %|A (no video)|\n"
        "|---|---|--:|--:|--:|--:|--:|\n"
        "|both|whole|51.0 ± 1.4|53.0|-|-|61.0 ± 1.4|\n"
        "|both|start|51.0 ± 1.4|-|56.0 ± 1.4|-|61.0 ± 1.4|\n"
        "|other|end|40.0|-|-|48.0 ± 0.0|-|\n"
    )
    # Lips alone leave nothing when they are gone: no column for sound.
    lips = (
        "### WER % with missing video: test V clean\n\n"
        "|system|missing|0 %|12.5 %|\n"
        "|---|---|--:|--:|\n"
        "|both|frames|70.0|75.0|\n"
    )
    assert format_missing([BOTH, DEAF, OTHER]) == f"{lips}\n{noisy}"


def test_no_table_where_nothing_was_missing() -> None:
    assert format_missing([DEAF]) == ""
