"""Hours drawn by speaker, and dealt into parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from espnet_av.corpora.clip import Clip
from espnet_av.corpora.coverage import Part
from espnet_av.corpora.talker_sample import (
    deal_talkers,
    draw_talkers,
    sample_talkers,
    write_talkers,
)
from espnet_av.errors import ConfigError


def clips(talkers: int, hours: float) -> list[Clip]:
    """Four pieces of each talker."""
    return [
        Clip(
            utt_id=f"t{n}-{k}", speaker=f"t{n}", part=Part("all", "fr"), seconds=900 * hours
        )
        for n in range(talkers)
        for k in range(4)
    ]  # fmt: skip


def test_whole_talkers_until_there_are_enough() -> None:
    taken = draw_talkers(clips(6, 1.0), 2.5, None, seed=3)
    counts = {
        name: sum(clip.speaker == name for clip in taken) for name in {c.speaker for c in taken}
    }
    assert sorted(counts.values()) == [2, 4, 4]
    assert [clip.utt_id for clip in taken] == sorted(clip.utt_id for clip in taken)
    # Fewer hours are some of these, from the same talkers first.
    fewer = draw_talkers(clips(6, 1.0), 1.0, None, seed=3)
    assert {clip.speaker for clip in fewer} < {clip.speaker for clip in taken}


def test_no_talker_gives_more_than_allowed() -> None:
    taken = draw_talkers(clips(3, 1.0), None, 0.5, seed=0)
    assert len(taken) == 6 and len({clip.speaker for clip in taken}) == 3
    with pytest.raises(ConfigError, match=r"1.50 hours are there, 2 are asked for, 0.5 of a sp"):
        sample_talkers(clips(3, 1.0), 2, 0.5, seed=0)


def test_parts_have_as_many_hours() -> None:
    parts = deal_talkers([*clips(3, 1.0), *(c for c in clips(5, 2.0) if c.speaker > "t2")], 2)
    assert sorted(sum(clip.seconds for clip in part) / 3600 for part in parts) == [3.0, 4.0]
    assert not {c.speaker for c in parts[0]} & {c.speaker for c in parts[1]}


def test_the_list_of_who_was_taken(tmp_path: Path) -> None:
    write_talkers(tmp_path / "speakers.tsv", clips(1, 1.0), {"hours": 2, "seed": 7})
    told = (tmp_path / "speakers.tsv").read_text()
    assert told == "# hours 2, seed 7\nspeaker\tclips\thours\nt0\t4\t1.0000\n"
