"""The page of crossed choices: its table, and what it says whichever way it points."""

from __future__ import annotations

from pathlib import Path

import pytest
from oracles.crossed import crossing, scores_file

from espnet_av.bin.effects import main
from espnet_av.score.effects.page import format_effects

CHOICES = ("pre-training", "mid-training")


def page(rates: dict[tuple[str, str], dict[int, float]]) -> list[str]:
    return format_effects(crossing(rates), CHOICES).splitlines()


def test_means_with_intervals_and_dashes() -> None:
    found = page(
        {
            ("none", "none"): {1: 39.0, 2: 40.0, 3: 41.0},
            ("none", "en-de"): {1: 29.0, 2: 30.0, 3: 31.0},
            ("MAE", "none"): {1: 20.0, 2: 20.0, 3: 20.0},
        }
    )
    assert "|pre-training|parameters|none|en-de|" in found
    assert "|none|1.23 M|40.0 [37.5, 42.5]|30.0 [27.5, 32.5]|" in found
    assert "|MAE|1.23 M|20.0 [20.0, 20.0]|-|" in found
    mid, pre = (line for line in found if line.startswith("- "))
    assert mid == (
        "- **mid-training**, on average over none: -10.0 [-10.0, -10.0] WER, -25.0 %: it helps "
        "(against none)"
    )
    assert pre.startswith("- **pre-training**, on average over none: -20.0 [-22.5, -17.5] WER")
    assert "95% intervals over them (t)" in found[-1]


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        ({1: 43.0, 2: 44.0, 3: 45.0}, "+4.0 [+4.0, +4.0] WER, +10.0 %: it hurts"),
        ({1: 30.0, 2: 50.0, 3: 41.0}, "it is not told from chance"),
        ({1: 41.0}, "+2.0 WER, +5.1 %: it hurts with the one seed there is"),
        ({2: 30.0}, "-10.0 WER, -25.0 %: it helps with the one seed there is"),
    ],
)
def test_words_follow_the_figures(after: dict[int, float], verdict: str) -> None:
    found = page({("none", "none"): {1: 39.0, 2: 40.0, 3: 41.0}, ("none", "de"): after})
    assert verdict in next(line for line in found if line.startswith("- "))


def test_each_of_several_columns_is_told() -> None:
    found = page({("a", "no"): {1: 40.0}, ("a", "de"): {1: 30.0}, ("a", "it"): {1: 38.0}})
    assert [line.partition(":")[0] for line in found if line.startswith("    - ")] == [
        "    - de", "    - it"
    ]  # fmt: skip
    assert "-6.0 WER, -15.0 %" in next(line for line in found if line.startswith("- "))
    assert "One seed tells nothing" in found[-1]


def test_the_program_writes_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--of", *CHOICES]
    for name, rate in (("x", 40.0), ("y", 30.0)):
        paths = [str(scores_file(tmp_path, name, seed, rate + seed)) for seed in (1, 2)]
        words += ["--system", "none", "none" if name == "x" else "en-de", *paths]
    main([*words, "--output", str(tmp_path / "e.md")])
    text = (tmp_path / "e.md").read_text()
    assert capsys.readouterr().out == text and "-10.0 [-10.0, -10.0] WER" in text
    for wrong, reason in (
        ([*words, "--output", "e.txt"], "ends in .md"),
        ([*words, "--system", "none", "it"], "expected row, column, then scores.json"),
    ):
        with pytest.raises(SystemExit, match=reason):
            main(wrong)
