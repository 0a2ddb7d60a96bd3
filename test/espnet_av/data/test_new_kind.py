"""A kind of data of one's own takes one file: a table, a field, a reader."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from espnet_av.data.batch import Value, collate
from espnet_av.data.combination import combine, rename
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.data.dropped import Drop
from espnet_av.data.fields import FIELDS, Field
from espnet_av.data.readers import READERS
from espnet_av.data.readers.abs_reader import AbsReader, Draw
from espnet_av.data.shard_jobs import write_shards
from espnet_av.data.tables import Table
from espnet_av.dump.config import DumpConfig
from espnet_av.dump.stage import finish_dump, plan_dump
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.train.experiment import TrainInputs

if TYPE_CHECKING:
    from espnet_av.data.ark import ArkWriter


def pack_letter(ark: ArkWriter, name: str, source: str) -> str:
    """Stores the content of a file."""
    return ark.write_ints(name, np.frombuffer(Path(source).read_bytes(), np.uint8).astype(np.int32))


SCENTS = Table(
    name="scent.scp", is_file=True, keyed_by="utt2place", in_dump="packed", packer=pack_letter
)
PLACES = Table(name="utt2place")
MOODS = Table(
    name="utt2mood", problem=lambda value: None if value.isdecimal() else f"no mood: {value}"
)


class ScentReader(AbsReader):
    """(N,) int64."""

    field = "scent"

    def lacking(self, left_out: object) -> list[Drop]:
        return self.not_in("utt2place", ())

    def read(self, utt_id: str, draw: Draw) -> Value | None:
        from espnet_av.data.ark import read_ints

        name = self.data.key("scent.scp", utt_id)
        pointer = name and self.data.locate("scent.scp", name)
        return read_ints(pointer, name) if pointer else None


class MoodReader(AbsReader):
    """(2,) float32: the mood, and one that is drawn."""

    field = "mood"

    def read(self, utt_id: str, draw: Draw) -> Value | None:
        value = self.data.get("utt2mood", utt_id)
        drawn = draw.generator.random() if self.request.train else 0.0
        return None if value is None else np.array([float(value), drawn], np.float32)


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    scent = Field(name="scent", tables=(SCENTS, PLACES), padding=-1)
    for field in (scent, Field(name="mood", tables=(MOODS,))):
        monkeypatch.setitem(FIELDS, field.name, field)
    for reader in (ScentReader, MoodReader):
        monkeypatch.setitem(READERS, reader.field, reader)


@pytest.fixture
def with_kinds(kinds: None, corpus, tmp_path: Path) -> Path:
    """The data dir of the corpus with two places, and a mood of all but one utterance."""
    for name, content in (("sea", b"salt"), ("wood", b"moss!")):
        (tmp_path / name).write_bytes(content)
    data = read_data_dir(corpus.data_dir)
    more = {
        "scent.scp": {name: str(tmp_path / name) for name in ("sea", "wood")},
        "utt2place": {u: ("sea", "wood")[n % 2] for n, u in enumerate(data.utt_ids) if n != 2},
        "utt2mood": {u: str(n) for n, u in enumerate(data.utt_ids) if n != 1},
    }
    write_data_dir(corpus.data_dir, {**data.tables, **more}, data.ctm)
    return corpus.data_dir


def dump(corpus, out: Path, shard_utts: int = 2) -> Path:
    plan = plan_dump(corpus.data_dir, corpus.roi_dir, out, DumpConfig(shard_utts=shard_utts))
    for job in (2, 1):
        write_shards(plan, job, 2)
    finish_dump(plan)
    return out


def test_from_data_dir_to_batch(with_kinds: Path, corpus, tmp_path: Path) -> None:
    out = dump(corpus, tmp_path / "dump")
    # Each place is stored once, by the first shard that needs it.
    assert [path.name for path in sorted(out.glob("scent.*"))] == ["scent.000001.ark", "scent.scp"]
    made = read_data_dir(out)
    assert sorted(made.tables["scent.scp"]) == ["sea", "wood"]
    dataset = AVDataset(
        out, None, DatasetConfig(max_dropped_ratio=1), reads={"scent", "mood"}, seed=1
    )
    assert dataset.dropped == [Drop("s1-2", "not in utt2place", "")]
    batch = collate([dataset[index] for index in range(3)])
    fields = batch.as_dict()
    assert fields["scent"].tolist() == [[*b"salt", -1], [*b"moss!"], [*b"moss!"]]
    assert fields["scent_lengths"].tolist() == [4, 5, 5]
    assert fields["mood"].tolist() == [[0, 0], [0, 0], [3, 0]]
    assert fields["mood_lengths"].tolist() == [2, 0, 2]
    assert batch.video is not None and "scent" not in AVDataset(out, None, dataset.config)[0].fields


def test_what_is_drawn_for_it_changes_nothing_else(
    with_kinds: Path, corpus, tmp_path: Path
) -> None:
    out = dump(corpus, tmp_path / "dump")
    config = DatasetConfig(speeds=(0.9, 1.1))
    plain = AVDataset(out, None, config, train=True)
    with_mood = AVDataset(out, None, config, train=True, reads=["mood"])
    for index in range(7):
        one, other = plain.sample(index, 1, 0), with_mood.sample(index, 1, 0)
        for name in one.fields:
            np.testing.assert_array_equal(one.fields[name], other.fields[name])


def test_tools_and_fingerprints_know_it(with_kinds: Path, corpus, tmp_path: Path) -> None:
    data = read_data_dir(with_kinds)
    part = data.subset(["s1-0", "s1-2"])
    assert set(part.tables["scent.scp"]) == {"sea"} and set(part.tables["utt2mood"]) == {
        "s1-0",
        "s1-2",
    }
    tables, ctm = rename(data, lambda name: f"x-{name}", str, lambda name: f"y-{name}")
    assert tables["utt2place"]["x-s1-0"] == "y-sea" and "y-wood" in tables["scent.scp"]
    both, ctm = combine([data, write_data_dir(tmp_path / "copy", tables, ctm)])
    assert len(both["scent.scp"]) == 4 and len(both["utt2place"]) == 12
    assert len(write_data_dir(tmp_path / "both", both, ctm).utt_ids) == 14

    inputs = TrainInputs(train_dir=with_kinds, valid_dir=tmp_path / "copy")
    before = inputs.fingerprints()["kinds"]
    write_data_dir(with_kinds, {**data.tables, "utt2mood": {"s1-0": "9"}}, data.ctm)
    after = inputs.fingerprints()["kinds"]
    assert before["train_dir"] != after["train_dir"] and before["valid_dir"] == after["valid_dir"]


def test_it_is_checked(with_kinds: Path, tmp_path: Path) -> None:
    data = read_data_dir(with_kinds)
    with pytest.raises(DataDirError, match="utt2mood: s1-0: no mood: glad"):
        write_data_dir(tmp_path / "d", {**data.tables, "utt2mood": {"s1-0": "glad"}})
    nowhere = {**data.tables, "utt2place": {"s1-0": "moon"}}
    with pytest.raises(DataDirError, match=r"utt2place: s1-0: 'moon' is in none of scent.scp"):
        write_data_dir(tmp_path / "d", nowhere)


def test_without_it_the_dump_refuses_its_tables(corpus, tmp_path: Path) -> None:
    (corpus.data_dir / "utt2mood").write_text("s1-0 1\n")
    with pytest.raises(DataDirError, match="utt2mood: not a table of a data dir"):
        plan_dump(corpus.data_dir, corpus.roi_dir, tmp_path / "dump", DumpConfig())
    with pytest.raises(ConfigError, match="'mood' is no kind of data"):
        AVDataset(dump(_without(corpus), tmp_path / "dump"), None, DatasetConfig(), reads=["mood"])


def _without(corpus):
    (corpus.data_dir / "utt2mood").unlink()
    return corpus
