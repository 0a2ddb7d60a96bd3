"""What the machine lacks is not blamed on the file at hand, nor answered by dropping speech."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from espnet_av.corpora.probe import probe
from espnet_av.data.data_dir import write_data_dir
from espnet_av.data.noise_bank import Noise, NoiseBank
from espnet_av.data.shard_jobs import write_shards
from espnet_av.dump.config import DumpConfig
from espnet_av.dump.stage import plan_dump
from espnet_av.errors import MediaError
from espnet_av.media.audio import read_audio
from espnet_av.train.weights import write_weights

FAULTS = [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE]


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "a.wav", np.ones(16000) / 3, 16000)
    return tmp_path / "a.wav"


def refusing(number: int):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


@pytest.mark.parametrize("number", FAULTS)
def test_media_are_not_damaged(wav: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(av, "open", refusing(number))
    for read in (read_audio, probe):
        with pytest.raises(OSError, match=rf"{os.strerror(number)}.*a\.wav") as caught:
            read(wav)
        assert caught.value.errno == number


def test_damage_stays_damage(wav: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(av, "open", refusing(errno.EACCES))
    with pytest.raises(MediaError, match="Permission denied"):
        read_audio(wav)


TOO_MANY = """
import os, resource, sys
from pathlib import Path
from espnet_av.media.audio import read_audio
from espnet_av.data.noise_bank import Noise, NoiseBank
from espnet_av.command import user_errors
path = Path(sys.argv[1])
bank = NoiseBank(path.parent, {})
noise = Noise("a", "babble", "test", path.name, 1, "", 1)
read_audio(path), bank.read(noise)
held = []
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
try:
    while True:
        held.append(open("/dev/null"))
except OSError:
    pass
with user_errors("dump"):
    read_audio(path) if sys.argv[2] == "audio" else bank.read(noise)
"""


@pytest.mark.parametrize("what", ["audio", "noise"])
def test_too_many_open_files_in_earnest(wav: Path, what: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", TOO_MANY, str(wav), what],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert f"Too many open files: '{wav}'; raise the limit (ulimit -n" in result.stderr


def test_dump_stops_and_drops_nothing(
    wav: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_data_dir(tmp_path / "data", {"wav.scp": {"u1": str(wav)}, "utt2spk": {"u1": "s"}})
    shards = plan_dump(tmp_path / "data", tmp_path, tmp_path / "dump", DumpConfig())
    monkeypatch.setattr("espnet_av.data.disk_space.estimate_bytes", lambda _: 0)
    monkeypatch.setattr(av, "open", refusing(errno.EMFILE))
    with pytest.raises(OSError, match=r"Too many open files.*a\.wav"):
        write_shards(shards, 1, 1)
    assert not shards[0].record_path.exists()
    monkeypatch.undo()
    write_shards(shards, 1, 1)
    record = shards[0].read_record()
    assert record is not None and list(record.audio) == ["u1"] and not record.dropped


def test_noise_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"a\.flac: unreadable noise"):
        NoiseBank(tmp_path, {}).read(Noise("a", "babble", "test", "a.flac", 1, "", 1))


@pytest.mark.parametrize(
    ("number", "cure"), [(errno.EACCES, "check its owner"), (errno.EROFS, "write elsewhere")]
)
def test_weights_that_may_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, cure: str
) -> None:
    monkeypatch.setattr(Path, "open", refusing(number))
    with pytest.raises(ValueError, match=f"{os.strerror(number)}.*; {cure}.*run again"):
        write_weights({}, tmp_path / "a.pth")
