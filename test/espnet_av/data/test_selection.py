from __future__ import annotations

from pathlib import Path

import pytest

from espnet_av.data.data_dir import DataDir
from espnet_av.data.selection import select
from espnet_av.errors import DataDirError


def make(**tables: dict[str, str]) -> DataDir:
    utt2spk = {f"s{index // 4}-{index:02d}": f"s{index // 4}" for index in range(12)}
    return DataDir(Path("d"), {"utt2spk": utt2spk, **tables})


def test_first_last_and_spread() -> None:
    data = make()
    assert select(data, "first", 2) == data.utt_ids[:2]
    assert select(data, "last", 2) == data.utt_ids[-2:]
    assert select(data, "spread", 3) == [data.utt_ids[index] for index in (0, 4, 8)]
    for mode in ("first", "last", "spread"):
        assert select(data, mode, 99) == data.utt_ids


def test_speakers_come_whole_and_always_the_same() -> None:
    data = make()
    chosen = select(data, "speakers", 5)
    assert len(chosen) == 8 and len({utt_id[:2] for utt_id in chosen}) == 2
    assert select(data, "speakers", 5) == chosen


def test_a_number_of_every_speaker() -> None:
    chosen = select(make(), "per_speaker", 2)
    assert [utt_id[:2] for utt_id in chosen] == ["s0", "s0", "s1", "s1", "s2", "s2"]
    assert len(select(make(), "per_speaker", 9)) == 12


def test_shortest_by_frames_samples_or_segments() -> None:
    data = make()
    lengths = {utt_id: str((index * 7) % 12 + 1) for index, utt_id in enumerate(data.utt_ids)}
    expected = sorted(data.utt_ids, key=lambda utt_id: int(lengths[utt_id]))[:3]
    samples = {utt_id: str(int(value) * 640) for utt_id, value in lengths.items()}
    segments = {utt_id: f"r 1 {int(value) + 1}" for utt_id, value in lengths.items()}
    assert select(make(**{"utt2num_frames": lengths}), "shortest", 3) == expected
    assert select(make(**{"utt2num_samples": samples}), "shortest", 3) == expected
    assert select(make(**{"segments": segments}), "shortest", 3) == expected
    with pytest.raises(DataDirError, match="s0-00: its length is unknown"):
        select(data, "shortest", 3)
