"""What shards will take, and the word when the disk has less."""

from __future__ import annotations

import shutil
from collections import namedtuple
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from media_samples import make_clip_corpus

from espnet_av.data.disk_space import check_space, estimate_bytes
from espnet_av.data.shard_jobs import write_shards
from espnet_av.dump.config import DumpConfig
from espnet_av.dump.stage import plan_dump
from espnet_av.errors import DiskSpaceError, MediaError
from espnet_av.roi.config import RoiConfig
from espnet_av.roi.stage import finish_roi, plan_roi

Usage = namedtuple("Usage", "total used free")
RESERVE = 64 << 20


@dataclass
class FakeShard:
    """What is asked of a shard: its utterances, whether it is done, and how large it is."""

    out_dir: Path
    utt_ids: list[str]
    size: int | None = None
    """Bytes it has taken; None: yet to be made."""
    expected: dict[str, int] = field(default_factory=dict)

    @property
    def record_path(self) -> Path:
        return self.out_dir / ("absent" if self.size is None else ".")

    def num_bytes(self) -> int:
        assert self.size is not None
        return self.size

    def expected_bytes(self, utt_id: str) -> float:
        if utt_id not in self.expected:
            raise MediaError("damaged")
        return self.expected[utt_id]


def estimate(*shards: FakeShard) -> float:
    return estimate_bytes(shards)  # type: ignore[arg-type]


def test_before_the_first_shard_a_few_utterances_tell(tmp_path: Path) -> None:
    one = FakeShard(tmp_path, ["a", "b"], expected={"a": 100, "b": 9999})
    two = FakeShard(tmp_path, ["c", "d", "e"], expected={"c": 300})
    damaged = FakeShard(tmp_path, ["f"])
    assert estimate(one, two) == 5 * 200
    assert estimate(one, two, damaged) == 6 * 200
    assert estimate(damaged) == 0


def test_of_many_shards_one_in_so_many_is_looked_at(tmp_path: Path) -> None:
    # Each 2nd of 33 shards: 0, 2, ... 32, and the others would not be read.
    shards = [
        FakeShard(tmp_path, [f"u{n}"], expected={} if n % 2 else {f"u{n}": n}) for n in range(33)
    ]
    assert estimate(*shards) == 33 * 16


def test_finished_shards_tell_more(tmp_path: Path) -> None:
    done = [FakeShard(tmp_path, ["a", "b", "c"], 700), FakeShard(tmp_path, ["d"], 100)]
    assert estimate(*done, FakeShard(tmp_path, ["e", "f"])) == 2 * 800 / 4
    assert estimate(*done) == 0
    # Of 33, each 2nd: those of 0, 2, ... 32 bytes.
    many = [FakeShard(tmp_path, ["u"], 1000 if n % 2 else n) for n in range(33)]
    assert estimate(*many, FakeShard(tmp_path, ["a", "b"])) == 2 * 16


@pytest.mark.parametrize(
    ("num_bytes", "free", "words"),
    [
        (30_000_000, RESERVE + 30_000_000 - 1, "they take about 30.0 MB, and its disk has 97.1 MB"),
        (99_999_999, 99_900_000, "they take about 100.0 MB, and its disk has 99.9 MB"),
        (2.34e9, 100_000_000, "they take about 2.3 GB, and its disk has 0.1 GB"),
    ],
)
def test_a_disk_that_is_too_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, num_bytes: float, free: int, words: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, free))
    shards = [FakeShard(tmp_path, ["a"])]
    with pytest.raises(DiskSpaceError) as raised:
        check_space(shards, num_bytes, "they take")  # type: ignore[arg-type]
    assert str(raised.value) == (
        f"{tmp_path}: {words} left; free some space or write elsewhere (--dumpdir), and run again: "
        "finished shards are kept"
    )


def test_a_disk_that_just_suffices_is_that_of_the_nearest_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def usage(path: Path) -> Usage:
        asked.append(path)
        return Usage(0, 0, RESERVE + 1000)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    shards = [FakeShard(tmp_path / "not" / "yet", ["a"])]
    check_space(shards, 1000, "they take")  # type: ignore[arg-type]
    assert asked == [tmp_path]


def test_estimate_is_near_what_it_takes(tmp_path: Path) -> None:
    corpus = make_clip_corpus(tmp_path / "corpus", 6)
    config = RoiConfig(tracker="precomputed", shard_utts=2, encoding="raw")
    shards = plan_roi(corpus, tmp_path / "roi", config)
    before = estimate_bytes(shards)
    shards[0].write(lambda: None)
    after_one = estimate_bytes(shards)
    write_shards(shards, 1, 1)
    taken = sum(shard.num_bytes() for shard in shards)
    assert before == pytest.approx(taken, rel=0.1)
    assert after_one == pytest.approx(taken * 2 / 3, rel=0.1)
    assert estimate_bytes(shards) == 0
    finish_roi(shards)
    dump = plan_dump(corpus, tmp_path / "roi", tmp_path / "dump", DumpConfig(shard_utts=3))
    expected = estimate_bytes(dump)
    write_shards(dump, 1, 1)
    assert expected == pytest.approx(sum(shard.num_bytes() for shard in dump), rel=0.5)
