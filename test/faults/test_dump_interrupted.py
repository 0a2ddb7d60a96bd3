"""A dump that a full disk or a killed worker stops loses nothing and goes on."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from espnet_av.data.ark import ArkWriter
from espnet_av.data.data_dir import write_data_dir
from espnet_av.data.shard_jobs import write_shards
from espnet_av.dump.config import DumpConfig
from espnet_av.dump.stage import finish_dump, plan_dump
from espnet_av.errors import ArkError, DataDirError

CONFIG = DumpConfig(shard_utts=2)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    tables: dict[str, dict[str, str]] = {"wav.scp": {}, "utt2spk": {}}
    for index in range(6):
        wave = np.random.default_rng(index).integers(-9000, 9000, 8000).astype(np.int16)
        soundfile.write(tmp_path / f"u{index}.wav", wave, 16000)
        tables["wav.scp"][f"u{index}"] = str(tmp_path / f"u{index}.wav")
        tables["utt2spk"][f"u{index}"] = "s"
    write_data_dir(tmp_path / "data", tables)
    return tmp_path / "data"


def run(data_dir: Path, out: Path) -> dict[str, bytes]:
    shards = plan_dump(data_dir, data_dir, out, CONFIG)
    write_shards(shards, 1, 1)
    finish_dump(shards)
    return files(out)


def files(out: Path) -> dict[str, bytes]:
    made = (p for p in out.rglob("*") if p.is_file() and "logdir" not in p.parts)
    return {str(p.relative_to(out)): p.read_bytes() for p in made}


def test_disk_full(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "dump"
    shards = plan_dump(data_dir, data_dir, out, CONFIG)
    write = ArkWriter.write_audio

    def fill(self: ArkWriter, utt_id: str, *rest: object) -> str:
        if utt_id == "u3":
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(self, utt_id, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(ArkWriter, "write_audio", fill)
        message = r"shard 2 cannot be written \(No space left on device\); free some space and run"
        with pytest.raises(ArkError, match=message):
            write_shards(shards, 1, 1)
    assert set(files(out)) == {"audio.000001.ark", "shards/000001.json"}
    with pytest.raises(DataDirError, match="shard 2 of 3 is missing"):
        finish_dump(shards)
    before = (out / "audio.000001.ark").stat().st_mtime_ns
    assert run(data_dir, out) == run(data_dir, tmp_path / "other")
    assert (out / "audio.000001.ark").stat().st_mtime_ns == before


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from espnet_av.data.ark import ArkWriter
from espnet_av.dump.stage import plan_dump
from espnet_av.dump.config import DumpConfig
from espnet_av.data.shard_jobs import write_shards
write = ArkWriter.write_audio
def die(self, utt_id, *rest):
    if utt_id == "u3":
        self._stream.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    return write(self, utt_id, *rest)
ArkWriter.write_audio = die
data, out = Path(sys.argv[1]), Path(sys.argv[2])
write_shards(plan_dump(data, data, out, DumpConfig(shard_utts=2)), 1, 1)
"""


def test_killed_worker(data_dir: Path, tmp_path: Path, repo_root: Path) -> None:
    out = tmp_path / "dump"
    command = [sys.executable, "-c", KILLED, str(data_dir), str(out), str(repo_root)]
    assert subprocess.run(command, check=False).returncode == -9
    left = set(files(out))
    assert {"audio.000001.ark", "shards/000001.json"} < left
    assert "audio.000002.ark" not in left
    assert any(name.endswith(".tmp") for name in left)
    assert run(data_dir, out) == run(data_dir, tmp_path / "other")
