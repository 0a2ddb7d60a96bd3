"""The label folder: what is written is read back, and whatever is wrong has a name."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from espnet_av.data.ark import ArkWriter
from espnet_av.data.unit_set import label_crc, read_units, write_units
from espnet_av.errors import ArkError, DataDirError

LABELS = {"a-1": [0, 3, 3, 1], "a-2": [2], "b-1": [1, 0] * 50}


def write(units_dir: Path, name="train", labels=None, **changes) -> Path:
    labels = LABELS if labels is None else labels
    with ArkWriter(units_dir / name / "units.000001.ark") as ark:
        pointers = {utt: ark.write_ints(utt, np.array(row)) for utt, row in labels.items()}
    crcs = {utt: label_crc(np.array(row)) for utt, row in labels.items()}
    about = {"num_units": 4, "rate_hz": 50, "checksum": "c1", "source": {"features": "mfcc"}}
    write_units(units_dir, {name: (pointers, crcs)}, **(about | changes))
    return units_dir / name


def test_what_is_written_is_read_back(tmp_path):
    units = read_units(write(tmp_path))
    assert (units.num_units, units.rate_hz, units.checksum) == (4, 50, "c1")
    assert units.source == {"features": "mfcc"}
    assert units.utt_ids == ["a-1", "a-2", "b-1"]
    assert "a-2" in units and "a-3" not in units
    for utt_id, expected in LABELS.items():
        labels = units.labels(utt_id)
        assert labels.tolist() == expected and labels.dtype == np.int32


def test_sets_of_the_same_units_stay_and_others_go(tmp_path):
    write(tmp_path, "train")
    write(tmp_path, "valid")
    assert read_units(tmp_path / "train").labels("a-2").tolist() == [2]
    write(tmp_path, "valid", checksum="c2")
    assert read_units(tmp_path / "valid").checksum == "c2"
    with pytest.raises(DataDirError, match=r"units.yaml: no set 'train'; it has valid; .*--sets"):
        read_units(tmp_path / "train")


def test_missing_utterance(tmp_path):
    with pytest.raises(DataDirError, match="a-9: no unit labels; its dump changed"):
        read_units(write(tmp_path)).labels("a-9")


def test_label_that_no_unit_has(tmp_path):
    labels = {"a-1": [0, 3], "a-2": [1, 4], "a-3": [-1, 2]}
    units = read_units(write(tmp_path, labels=labels))
    assert units.labels("a-1").tolist() == [0, 3]
    with pytest.raises(DataDirError, match=r"a-2: unit 4, but there are 4 \(0 to 3\)"):
        units.labels("a-2")
    with pytest.raises(DataDirError, match="a-3: unit -1, but"):
        units.labels("a-3")


def test_damaged_archive(tmp_path):
    folder = write(tmp_path)
    ark = folder / "units.000001.ark"
    content = bytearray(ark.read_bytes())
    content[-4] ^= 1  # the value of the last label
    ark.write_bytes(content)
    units = read_units(folder)
    assert units.labels("a-1").tolist() == LABELS["a-1"]
    with pytest.raises(ArkError, match=r"units.000001.ark:\d+: b-1: .* damaged \(checksum\)"):
        units.labels("b-1")


@pytest.mark.parametrize("name", ["units.scp", "utt2crc"])
def test_tables_of_another_run(tmp_path, name):
    folder = write(tmp_path)
    rows = (folder / name).read_text().splitlines()
    (folder / name).write_text("\n".join(rows[:-1]) + "\n")
    with pytest.raises(ArkError, match=r"not what units.yaml was written with \(checksum\)"):
        read_units(folder)


def test_unfinished_stage(tmp_path):
    with pytest.raises(DataDirError, match=r"units.yaml: no such file; run the units stage"):
        read_units(tmp_path / "train")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("rate_hz", 0, "rate_hz is 0"),
        ("rate_hz", "fast", "rate_hz is 'fast'"),
        ("num_units", None, "num_units is None"),
        ("sets", [], r"sets is \[\]"),
    ],
)
def test_wrong_summary(tmp_path, key, value, message):
    folder = write(tmp_path)
    summary = yaml.safe_load((tmp_path / "units.yaml").read_text())
    (tmp_path / "units.yaml").write_text(yaml.safe_dump({**summary, key: value}))
    with pytest.raises(DataDirError, match=message):
        read_units(folder)


def test_one_unit_at_one_a_second_is_possible(tmp_path):
    folder = write(tmp_path)
    summary = yaml.safe_load((tmp_path / "units.yaml").read_text())
    summary |= {"num_units": 1, "rate_hz": 1}
    (tmp_path / "units.yaml").write_text(yaml.safe_dump(summary))
    found = read_units(folder)
    assert (found.num_units, found.rate_hz) == (1, 1)


def test_damaged_summary(tmp_path, caplog):
    folder = write(tmp_path)
    (tmp_path / "units.yaml").write_text("- 4\n")
    with pytest.raises(DataDirError, match="num_units is None"):
        read_units(folder)
    (tmp_path / "units.yaml").write_text("a: [\n")
    with pytest.raises(DataDirError, match="not valid YAML"):
        read_units(folder)
    # The stage once more, as the message says.
    assert read_units(write(tmp_path)).labels("a-2").tolist() == [2]
    assert "written anew, with the sets of this run alone" in caplog.text
