"""Shards: what is damaged is made again, what is half redone is not taken for what was before."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from espnet_av.data import shard as shard_module
from espnet_av.data.ark import read_audio_ark
from espnet_av.data.shard_jobs import write_shards
from espnet_av.dump.config import DumpConfig
from espnet_av.dump.shard import DumpShard
from espnet_av.dump.stage import finish_dump, plan_dump
from espnet_av.errors import ArkError

CONFIG = DumpConfig(shard_utts=4)


def make(corpus: Any, out: Path, config: DumpConfig = CONFIG) -> list[DumpShard]:
    shards = plan_dump(corpus.data_dir, corpus.roi_dir, out, config)
    write_shards(shards, 1, 1)
    finish_dump(shards)
    return shards


def content(out: Path) -> dict[str, bytes]:
    files = (path for path in out.rglob("*") if path.is_file() and "logdir" not in path.parts)
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


def changed(key: str, value: object) -> Callable[[bytes], bytes]:
    return lambda record: json.dumps(json.loads(record) | {key: value}).encode()


RECORDS: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda record: b"",
    "cut": lambda record: record[: len(record) // 2],
    "not UTF-8": lambda record: record[:20] + b"\xff" + record[21:],
    "zeros": lambda record: bytes(len(record)),
    "a list": lambda record: b"[1, 2]",
    "a number": lambda record: b"7",
    "null": lambda record: b"null",
    "no fingerprint": lambda record: b'{"dropped": []}',
    "no drops": lambda record: b'{"fingerprint": "a"}',
    "drops of another shape": changed("dropped", [["a"]]),
    "drops that are none": changed("dropped", 3),
    "an unknown key": changed("colour", "red"),
    "a table that is none": changed("audio", ["a"]),
    "no pointer": changed("audio", {"s1-0": 5}),
    "an offset that is none": changed("audio", {"s1-0": "audio.000001.ark:x"}),
    "beyond the archive": changed("audio", {"s1-0": "audio.000001.ark:99999999"}),
    "another's archive": changed("audio", {"s1-0": "audio.000007.ark:5"}),
    "another's utterance": changed("num_samples", {"who": 5}),
    "a length that is none": changed("num_samples", {"s1-0": None}),
    "sizes that are none": changed("sizes", 5),
}


@pytest.mark.parametrize("damage", RECORDS)
def test_damaged_record_is_made_again(corpus: Any, tmp_path: Path, damage: str) -> None:
    out = tmp_path / "dump"
    whole = make(corpus, out)[0].record_path
    before = content(out)
    whole.write_bytes(RECORDS[damage](whole.read_bytes()))
    make(corpus, out)
    assert content(out) == before


@pytest.mark.parametrize("name", ["audio.000001.ark", "video.000001.ark"])
@pytest.mark.parametrize("size", [None, 0, 40, -1])
def test_archive_that_is_gone_or_cut_is_made_again(
    corpus: Any, tmp_path: Path, name: str, size: int | None
) -> None:
    out = tmp_path / "dump"
    make(corpus, out)
    before, path = content(out), out / name
    if size is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:size])
    make(corpus, out)
    assert content(out) == before


def test_archive_of_sounds_that_all_have_clips(corpus: Any, tmp_path: Path) -> None:
    """Either kind is missed, though the other has the same utterances."""
    out, config = tmp_path / "dump", DumpConfig(shard_utts=2)  # the first two have both
    make(corpus, out, config)
    before = content(out)
    for name in ("audio.000001.ark", "video.000001.ark"):
        (out / name).unlink()
        make(corpus, out, config)
        assert content(out) == before


def test_record_of_a_version_that_noted_no_sizes(corpus: Any, tmp_path: Path) -> None:
    shards = make(corpus, tmp_path / "dump")
    record = json.loads(shards[0].record_path.read_text(encoding="utf-8"))
    del record["sizes"]
    shards[0].record_path.write_text(json.dumps(record), encoding="utf-8")
    assert shards[0].read_record() is not None


def test_cure_of_a_damaged_archive(corpus: Any, tmp_path: Path) -> None:
    """A byte inside is damaged, so nothing shows it but reading: delete it, as the error says."""
    out = tmp_path / "dump"
    shards = make(corpus, out)
    before, path = content(out), out / "audio.000001.ark"
    record = shards[0].read_record()
    assert record is not None
    pointer = str(out / record.audio["s1-0"])
    damaged = bytearray(path.read_bytes())
    damaged[int(pointer.rpartition(":")[2]) + 8] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(ArkError, match=rf"delete it and {out}/\.done, and run its stage again"):
        read_audio_ark(pointer)
    path.unlink()
    with pytest.raises(ArkError, match=rf"no such archive.*{out}/\.done"):
        read_audio_ark(pointer)
    make(corpus, out)
    assert content(out) == before


def test_stopped_while_redone_and_taken_back(
    corpus: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Archives of the new configuration are not those of the old record."""
    out = tmp_path / "dump"
    make(corpus, out)
    before = content(out)
    edited = DumpConfig(shard_utts=4, min_duration=1.1)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shard_module, "atomic_write", die)  # after the archives, before the record
    with pytest.raises(KeyboardInterrupt):
        make(corpus, out, edited)
    monkeypatch.undo()
    assert content(out)["audio.000001.ark"] != before["audio.000001.ark"]
    make(corpus, out)
    assert content(out) == before


def test_disk_is_blamed_only_when_it_is_full(
    corpus: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(number: int) -> Callable[..., None]:
        def pack(*_: object) -> None:
            raise OSError(number, "refused", "there")

        return pack

    for number, kind, words in (
        (errno.ENOSPC, ArkError, "free some space"),
        (errno.EDQUOT, ArkError, "free some space"),
        (errno.EMFILE, OSError, "there"),
        (errno.EACCES, OSError, "there"),
    ):
        monkeypatch.setattr(DumpShard, "pack", refuse(number))
        with pytest.raises(kind, match=words):
            make(corpus, tmp_path / "dump")
