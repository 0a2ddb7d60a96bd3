"""TextGrids, long and short, and what is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpora_fixtures.books import textgrid
from corpora_fixtures.clips import put

from espnet_av.corpora.textgrid import Interval, read_textgrid
from espnet_av.errors import DataDirError

PHONES = [(0.0, 0.1, ""), (0.1, 0.25, "B"), (0.25, 0.4, 'IH1 "x"'.replace('"', '""')),
          (0.4, 0.5, "spn")]  # fmt: skip

TIERS = {"words": [(0.0, 0.5, "bin 1")], "phones": PHONES}


@pytest.mark.parametrize("short", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
def test_long_and_short_in_the_encodings_of_praat(
    short: bool, encoding: str, tmp_path: Path
) -> None:
    tiers = TIERS | {"words": [(0.0, 0.5, "größer [1] 2.5")]}
    path = put(tmp_path / "u.TextGrid", textgrid(tiers, short).encode(encoding))
    found = read_textgrid(path)
    assert found["words"] == [Interval(0.0, 0.5, "größer [1] 2.5")]
    assert found["phones"][2] == Interval(0.25, 0.4, 'IH1 "x"') and len(found["phones"]) == 4


def test_what_is_no_whole_textgrid_is_named(tmp_path: Path) -> None:
    whole = textgrid(TIERS)
    for content, told in (
        (whole[: len(whole) // 2], "no whole TextGrid .*cut short"),
        (whole[:60], "no whole TextGrid"),
        ("x", "no TextGrid as text"),
        (b"ooBinaryFile\x08TextGrid\xff", "neither UTF-8 nor UTF-16"),
        (textgrid({"phones": [(0.0, 0.3, "a"), (0.2, 0.5, "b")]}), "times must not go back"),
    ):
        with pytest.raises(DataDirError, match=told):
            read_textgrid(put(tmp_path / "u.TextGrid", content))
    with pytest.raises(DataDirError, match=r"gone.TextGrid: cannot be read"):
        read_textgrid(tmp_path / "gone.TextGrid")
