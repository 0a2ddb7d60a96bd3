"""One recording that is to be written in several languages."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from espnet_av.data.ark import ArkWriter
from espnet_av.data.data_dir import DataDir, read_data_dir, write_data_dir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.data.shard_jobs import write_shards
from espnet_av.data.table import write_table
from espnet_av.dump.config import DumpConfig
from espnet_av.dump.stage import finish_dump, plan_dump
from espnet_av.dump.twins import Twins

LANGS = ("ar", "de", "el", "en", "es", "fr", "it", "ru")


def test_eight_targets_are_eight_ids_on_one_pointer(corpus, tmp_path: Path) -> None:
    before = read_data_dir(corpus.data_dir)
    names = {f"{u}-{lang}": u for u in ("s1-0", "s1-1") for lang in LANGS}
    tables = {
        name: {new: rows[old] for new, old in names.items()}
        for name, rows in before.tables.items()
        if name != "text"
    }
    tables["utt2target"] = {new: new.rpartition("-")[2] for new in names}
    tables["text"] = {new: f"{lang} says" for new, lang in tables["utt2target"].items()}
    write_data_dir(tmp_path / "data", tables)
    roi = tmp_path / "roi"
    with ArkWriter(roi / "video.1.ark") as ark:
        clips = {new: ark.write_clip(new, corpus.clips[old], "raw") for new, old in names.items()}
    write_table(roi / "video.scp", clips)
    write_table(roi / "utt2num_frames", {n: str(len(corpus.clips[u])) for n, u in names.items()})
    plan = plan_dump(tmp_path / "data", roi, tmp_path / "dump", DumpConfig(shard_utts=16))
    write_shards(plan, 1, 1)
    dump = finish_dump(plan)
    assert len(dump.utt_ids) == 16
    for table in ("wav.scp", "video.scp"):
        assert len(set(dump.tables[table].values())) == 2
    dataset = AVDataset(tmp_path / "dump", None, DatasetConfig(modalities="AV"))
    first, last = dataset[0], dataset[7]
    assert (first.utt_id, last.utt_id) == ("s1-0-ar", "s1-0-ru")
    np.testing.assert_array_equal(first.speech, last.speech)
    np.testing.assert_array_equal(first.video, last.video)


def test_others_are_no_twins() -> None:
    tables = {
        "utt2spk": dict.fromkeys(("a-de", "a-fr", "b-fr", "c", "a-xx"), "s"),
        "wav.scp": {"a-de": "1", "a-fr": "2", "b-fr": "1", "c": "1", "a-xx": "1"},
        "utt2target": {"a-de": "de", "a-fr": "fr", "b-fr": "fr", "c": "de", "a-xx": "fr"},
    }
    twins = Twins(DataDir(Path("d"), tables))
    assert [twins.before(utt_id) for utt_id in tables["utt2spk"]] == [None] * 5
    assert [twins.entry_id(utt_id) for utt_id in ("a-de", "c", "a-xx")] == ["a", "c", "a-xx"]


def test_stretches_of_one_recording() -> None:
    tables = {
        "utt2spk": dict.fromkeys(("a-de", "a-fr", "a-it"), "s"),
        "wav.scp": {"rec": "1"},
        "segments": {"a-de": "rec 0 1", "a-fr": "rec 0 1", "a-it": "rec 0 2"},
        "utt2target": {"a-de": "de", "a-fr": "fr", "a-it": "it"},
    }
    twins = Twins(DataDir(Path("d"), tables))
    assert [twins.before(utt_id) for utt_id in tables["utt2spk"]] == [None, "a-de", None]
