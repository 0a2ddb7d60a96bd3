"""Ours beside theirs: layout, averages, what nobody ran."""

import pytest
import yaml

from espnet_av.score.published.expected import read_expected
from espnet_av.score.published.measured import Measured
from espnet_av.score.published.paper_table import direction, lay_out
from espnet_av.score.results import format_block
from espnet_av.score.text import WER
from espnet_av.score.text_table import format_plain

CONTENT = {
    "scoring": {"metric": "wer", "normaliser": "whisper"},
    "languages": ["en", "fr"],
    "sets": {"avg": "test_{lang}", "ood": "fleurs_{lang}"},
    "systems": {"small": "Small", "large": "Large", "mine": "Mine"},
    "tables": [
        {
            "number": "2",
            "title": "Results",
            "source": "A. Author 2024",
            "labels": {"large": "Large one"},
            "columns": ["noise", "system", "mode", "ood", "en", "fr", "avg"],
            "rows": [
                ["clean", "small", "A", 30.0, 1.0, 20.0, 10.5],
                ["clean", "small", "AV", None, 0.97, 19.0, 10.0],
                ["babble:0", "small", "A", 50.0, 4.0, 40.0, 22.0],
                ["babble:0", "large", "A", 40.0, 3.0, 30.0, 16.5],
                ["babble:0", "mine", "A", None, None, None, None],
            ],
            "errata": [
                {
                    "row": ["clean", "small", "A"],
                    "column": "en",
                    "printed": "1.0",
                    "value": 11.0,
                    "reason": "cut off",
                }
            ],
        },
        {
            "number": "7",
            "title": "Averages",
            "source": "A. Author 2024",
            "columns": ["system", "clean A", "babble:0 A"],
            "rows": [["small", 10.5, 22.0], ["large", 8.0, 16.5]],
        },
    ],
}
GOLDEN = """\
#### Table 2 (A. Author 2024): Results; clean; WER %, lower is better

|Model|Mode||OOD|En|Fr|Avg|
|---|---|---|--:|--:|--:|--:|
|Small|A|paper|30.0|*11.0|20.0|10.5|
|||here|not run here|2.0|18.0|10.0|
|||here - paper||-9.0|-2.0|-0.5|
||AV|paper (not run here)|-|0.97|19.0|10.0|

\\* Small, A, En: the paper prints 1.0; cut off.

#### Table 2 (A. Author 2024): Results; babble 0 dB; WER %, lower is better

|Model|Mode||OOD|En|Fr|Avg|
|---|---|---|--:|--:|--:|--:|
|Small|A|paper (not run here)|50.0|4.0|40.0|22.0|
|Large one|A|paper|40.0|3.0|30.0|16.5|
|||here|1 of 2 run|4.5|not run here|1 of 2 run|
|||here - paper||+1.5|||
|Mine|A|here|-|1.0|-|1 of 2 run|

#### Table 7 (A. Author 2024): Averages; WER %, lower is better

|Model||clean A|babble 0 dB A|
|---|---|--:|--:|
|Small|paper|10.5|22.0|
||here|10.0|not run here|
||here - paper|-0.5||
|Large|paper|8.0|16.5|
||here|not run here|1 of 2 run|
||here - paper|||"""


@pytest.fixture
def expected(tmp_path):
    path = tmp_path / "expected_scores.yaml"
    path.write_text(yaml.safe_dump(CONTENT))
    return read_expected(path)


def scores(system, *conditions, **changes):
    records = [
        {"set": name, "mode": mode, "noise": noise, "wer": {"rate": rate}}
        for name, mode, noise, rate in conditions
    ]
    return {"system": system, "scoring": CONTENT["scoring"], "conditions": records, **changes}


RUNS = [
    scores("small", ("test_en", "A", "clean", 2.0), ("test_fr", "A", "clean", 18.0)),
    scores("large", ("test_en", "A", "babble:0dB", 4.5), ("fleurs_fr", "A", "babble:0", 9.0)),
    scores("mine", ("test_en", "A", "babble:0", 1.0)),
]


@pytest.fixture
def measured(expected):
    found = Measured(expected)
    for run in RUNS:
        found.add(run, f"exp/{run['system']}")
    return found


def test_layout(expected, measured):
    blocks = lay_out(expected, measured)
    assert "\n\n".join(map(format_block, blocks)) == GOLDEN
    assert direction(WER).startswith("A difference below zero means")


def test_choice_of_tables_and_systems(expected, measured):
    (block,) = lay_out(expected, measured, numbers=["7"], systems=["large"])
    assert [row[0] for row in block.rows] == ["Model", "Large", "", ""]
    assert lay_out(expected, measured, systems=["mine"])[0].rows[1][0] == "Mine"


def test_the_paper_alone_with_its_averages_recomputed(expected):
    first, _, third = lay_out(expected, None)
    assert first.rows[0] == ["Model", "Mode", "OOD", "En", "Fr", "Avg", "recomputed"]
    assert [row[-1] for row in first.rows[1:]] == ["15.50", "9.98"]
    assert first.rows[1][2:5] == ["30.0", "*11.0", "20.0"]
    assert "recomputed" not in third.rows[0]
    lines = format_plain(first.rows, first.left).splitlines()
    assert lines[0].startswith("Model  Mode   OOD")
    assert lines[2] == "Small  A     30.0  *11.0  20.0  10.5       15.50"
    assert len({len(line) for line in lines}) == 1
