"""Room on the disk before and during a stage; how fast it was and how long a large corpus takes."""

from __future__ import annotations

import json
import re
import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from media_samples import make_clip_corpus

from espnet_av.data.shard_jobs import write_shards
from espnet_av.data.throughput import describe_throughput, timing_path
from espnet_av.errors import DiskSpaceError
from espnet_av.roi.config import RoiConfig
from espnet_av.roi.shard import RoiShard
from espnet_av.roi.stage import finish_roi, plan_roi

CONFIG = RoiConfig(tracker="precomputed", shard_utts=2, encoding="raw")
Usage = namedtuple("Usage", "total used free")
MB = 1 << 20


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip_corpus(tmp_path_factory.mktemp("corpus"), 6)


def set_free(monkeypatch: pytest.MonkeyPatch, *frees: int) -> None:
    """Let the disk have so many bytes left at each look; the last number holds on."""
    left = list(frees)
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _: Usage(0, 0, left.pop(0) if len(left) > 1 else left[0])
    )


def test_too_small_a_disk_stops_before_anything_is_made(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_free(monkeypatch, 64 * MB)
    out_dir = tmp_path / "new" / "roi"
    message = r"roi: the archives yet to be made take about [\d.]+ MB, and its disk has 67.1 MB"
    with pytest.raises(DiskSpaceError, match=message):
        write_shards(plan_roi(corpus, out_dir, CONFIG), 1, 3)
    assert not out_dir.exists()


def test_disk_that_fills_meanwhile_stops_between_shards(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_free(monkeypatch, 900 * MB, 900 * MB, 64 * MB)
    shards = plan_roi(corpus, tmp_path, CONFIG)
    with pytest.raises(DiskSpaceError, match="what the jobs are making takes about"):
        write_shards(shards, 1, 1)
    assert [shard.record_path.exists() for shard in shards] == [True, False, False]
    set_free(monkeypatch, 900 * MB)
    made: list[int] = []
    monkeypatch.setattr(RoiShard, "pack", _noting(made, RoiShard.pack))
    write_shards(shards, 1, 1)
    assert made == [2, 3]


def _noting(made, pack):
    def noted(self, *arguments):
        made.append(self.number)
        pack(self, *arguments)

    return noted


def test_throughput_and_projection(corpus: Path, tmp_path: Path) -> None:
    shards = plan_roi(corpus, tmp_path, CONFIG)
    assert describe_throughput(shards) == "roi: nothing was timed"
    for job in (1, 2):
        write_shards(shards, job, 2)
    timing = {"sec": 60.0, "media_sec": 1200.0, "bytes": 50e6, "num_jobs": 2}
    for shard in shards:
        measured = json.loads(timing_path(shard).read_text())
        assert measured.keys() == timing.keys() and measured["sec"] > 0
        assert measured["bytes"] == shard.num_bytes()
        assert measured["media_sec"] == shard.media_sec(shard.read_record()) > 0
        timing_path(shard).write_text(json.dumps(timing))
    assert describe_throughput(shards) == (
        "roi: 1 h of clips in 0:03:00 of work, 20 h an hour for each job, 0.15 GB; "
        "1200 h would take 1 day, 6:00:00 with 2 in parallel, and 180 GB"
    )
    finish_roi(shards[:1])
    assert [path.name for path in timing_path(shards[0]).parent.iterdir()] == ["000001.json"]


def test_program_prints_it(corpus: Path, tmp_path: Path, capsys) -> None:
    from espnet_av.bin import roi

    (tmp_path / "roi.yaml").write_text("tracker: precomputed\nencoding: raw\n")
    words = ["--config", str(tmp_path / "roi.yaml"), str(corpus), str(tmp_path / "roi")]
    roi.main(words)
    roi.main(["--finish", *words])
    assert re.search(r"^roi: .* 1200 h would take .* GB$", capsys.readouterr().out, re.M)
