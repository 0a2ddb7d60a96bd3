"""From dumps to labels: any number of jobs, anything missing, and units that mean something."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from oracles.kmeans import nearest
from oracles.tone_corpus import write_tone_dump

from espnet_av.data.shard_jobs import write_shards
from espnet_av.data.unit_set import read_units
from espnet_av.errors import ConfigError, DataDirError, DroppedTooManyError
from espnet_av.features.set_features import SetFeatures
from espnet_av.features.source import MfccSource
from espnet_av.units.codebook import load_codebook
from espnet_av.units.config import KMeansConfig, UnitsConfig
from espnet_av.units.fit import fit_codebook
from espnet_av.units.stage import finish_units, name_sets, plan_units

from .conftest import model_source

CONFIG = UnitsConfig(
    num_units=8, sample_share=1.0, shard_utts=7, kmeans=KMeansConfig(n_init=2, batch_size=500)
)


def label(dumps, units_dir, config=CONFIG, num_jobs=1, source=None):
    source = source or MfccSource()
    sets = {path.name: SetFeatures(path, source, config.batch_frames) for path in dumps}
    codebook = fit_codebook(next(iter(sets.values())), config, units_dir / "codebook")
    shards = plan_units(sets, units_dir, codebook, config)
    for job in range(1, num_jobs + 1):
        write_shards(shards, job, num_jobs)
    return finish_units(shards)


def files_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "logdir" not in path.parts
    }


def test_any_number_of_jobs_gives_the_same_bytes(tones, tmp_path):
    dumps = [tones / "train", tones / "valid"]
    for num_jobs in (1, 3):
        label(dumps, tmp_path / str(num_jobs), num_jobs=num_jobs)
    one, three = files_of(tmp_path / "1"), files_of(tmp_path / "3")
    assert one.keys() == three.keys()
    assert {"units.yaml", "train/units.scp", "train/units.000004.ark", "report.json"} < one.keys()
    assert [name for name in one if one[name] != three[name]] == []


def test_labels_are_the_nearest_centres(tones, tmp_path):
    label([tones / "valid"], tmp_path)
    units = read_units(tmp_path / "valid")
    centres = np.load(tmp_path / "codebook" / "centres.npy")
    features = SetFeatures(tones / "valid", MfccSource(), 10_000)
    for utt_id, frames in features.stream(features.data.utt_ids):
        assert units.labels(utt_id).tolist() == nearest(frames.numpy(), centres)[0].tolist()
        assert len(frames) == 4 * int(features.data.tables["utt2num_frames"][utt_id]) - 2


@pytest.mark.parametrize("source", [None, model_source("AV"), model_source("V")])
def test_units_of_tones_are_the_tones(tones, tmp_path, source):
    report = label([tones / "train", tones / "valid"], tmp_path, source=source)
    assert report == json.loads((tmp_path / "report.json").read_text())
    assert report["sets"]["train"]["alignment"]["phone_purity"] > 0.85
    assert report["sets"]["train"]["unused"] == 0
    assert report["sets"]["valid"]["alignment"] is None
    assert report["rate_hz"] == (100 if source is None else 25)
    page = (tmp_path / "REPORT.md").read_text()
    assert f"|train|24|{report['sets']['train']['frames']}|" in page
    assert (tmp_path / "units.png").read_bytes().startswith(b"\x89PNG")


def test_report_without_any_alignment(tones, tmp_path):
    label([tones / "valid"], tmp_path)
    assert "No set has an alignment" in (tmp_path / "REPORT.md").read_text()


def test_utterances_without_sound_are_dropped_with_a_reason(tmp_path):
    write_tone_dump(tmp_path / "train", 10, seed=4, silent=2)
    config = dataclasses.replace(CONFIG, max_dropped_ratio=0.2)
    label([tmp_path / "train"], tmp_path / "units", config)
    units = read_units(tmp_path / "units" / "train")
    assert units.utt_ids == [f"s4-{number:03d}" for number in range(2, 10)]
    dropped = (tmp_path / "units" / "train" / "dropped.tsv").read_text()
    assert dropped.splitlines()[1:] == [f"s4-00{n}\tno audio\tmodality: A" for n in (0, 1)]
    with pytest.raises(DroppedTooManyError, match=r"2 of 10 utterances dropped \(2 no audio\)"):
        label([tmp_path / "train"], tmp_path / "units", CONFIG)


def test_finished_shards_are_kept_and_lost_ones_named(tones, tmp_path):
    label([tones / "train"], tmp_path)
    features = SetFeatures(tones / "train", MfccSource(), CONFIG.batch_frames)
    codebook = fit_codebook(features, CONFIG, tmp_path / "codebook")
    shards = plan_units({"train": features}, tmp_path, codebook, CONFIG)
    before = (tmp_path / "train" / "units.000001.ark").stat().st_mtime_ns
    (tmp_path / "train" / "units.000002.ark").unlink()
    with pytest.raises(DataDirError, match="shard 2 of 4 is missing or out of date"):
        finish_units(shards)
    write_shards(shards, 1, 1)
    assert (tmp_path / "train" / "units.000001.ark").stat().st_mtime_ns == before
    finish_units(shards)
    # Other centres, other labels: nothing of the old ones counts as done.
    config = dataclasses.replace(CONFIG, num_units=6)
    codebook = fit_codebook(features, config, tmp_path / "codebook")
    shards = plan_units({"train": features}, tmp_path, codebook, config)
    assert all(shard.read_record() is None for shard in shards)


def test_sets_have_names_of_their_own(tmp_path):
    assert list(name_sets([tmp_path / "b", tmp_path / "a"])) == ["b", "a"]
    for dumps in ([tmp_path / "x" / "a", tmp_path / "a"], [tmp_path / "codebook"]):
        with pytest.raises(ConfigError, match="use every name once, and not 'codebook'"):
            name_sets(dumps)


def test_other_media_of_equal_sizes_are_labelled_again(tones, tmp_path):
    dump = shutil.copytree(tones / "train", tmp_path / "train")
    scp = (dump / "wav.scp").read_text()
    archive = Path(scp.split()[1].rpartition(":")[0])
    record = (dump / archive).parent / "shards" / f"{archive.stem.rpartition('.')[2]}.json"
    record.parent.mkdir()
    fingerprints = []
    for made_from in ("one film", "one film", "another film"):
        record.write_text(json.dumps({"fingerprint": made_from}))
        label([dump], tmp_path / "units")
        shard = json.loads((tmp_path / "units/train/shards/000001.json").read_text())
        codebook = load_codebook(tmp_path / "units/codebook")
        fingerprints.append((shard["fingerprint"], codebook.record.fingerprint))
    assert fingerprints[0] == fingerprints[1]
    assert fingerprints[0][0] != fingerprints[2][0] and fingerprints[0][1] != fingerprints[2][1]
