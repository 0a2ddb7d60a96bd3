"""Which frames k-means sees, and when it runs."""

import dataclasses
import logging

import numpy as np
import pytest
import torch
from oracles.tone_corpus import write_tone_dump

from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import ArkError, CheckpointError, DataDirError
from espnet_av.features.set_features import SetFeatures
from espnet_av.features.source import MfccSource, ModelSource
from espnet_av.units.codebook import load_codebook
from espnet_av.units.config import KMeansConfig, UnitsConfig
from espnet_av.units.fit import (
    choose_utterances,
    collect_frames,
    fit_codebook,
    fitted_codebook,
)

from .conftest import KnownModel, model_source

CONFIG = UnitsConfig(num_units=5, sample_share=0.5, kmeans=KMeansConfig(n_init=2))


def mfcc_of(dump_dir, batch_frames=60):
    return SetFeatures(dump_dir, MfccSource(), batch_frames)


def test_choice_depends_on_each_name_and_the_seed():
    utt_ids = [f"u-{number:03d}" for number in range(100)]
    chosen = choose_utterances(utt_ids, 0.2, seed=0)
    assert len(chosen) == 20 and chosen == sorted(chosen)
    assert chosen == choose_utterances(utt_ids, 0.2, seed=0)
    assert chosen != choose_utterances(utt_ids, 0.2, seed=1)
    assert set(chosen) < set(choose_utterances(utt_ids, 0.4, seed=0))
    assert len(choose_utterances(utt_ids[:3], 0.01, seed=0)) == 1
    with pytest.raises(DataDirError, match="no utterance to fit units on"):
        choose_utterances([], 0.1, seed=0)


def test_all_frames_are_collected_when_memory_allows(tones):
    features = mfcc_of(tones / "train")
    utt_ids = features.data.utt_ids[:5]
    frames, share = collect_frames(features, utt_ids, 10**9, seed=0)
    expected = dict(features.stream(utt_ids))
    assert share == 1.0
    assert torch.equal(frames, torch.cat([expected[u] for u, _ in features.stream(utt_ids)]))


def test_short_memory_takes_an_even_share_of_every_utterance(tones):
    features = mfcc_of(tones / "train")
    utt_ids = features.data.utt_ids
    every = dict(features.stream(utt_ids))
    total = sum(map(len, every.values()))
    memory = total * 39 * 4 // 3
    frames, share = collect_frames(features, utt_ids, memory, seed=0)
    assert 0.3 < share < 0.34
    assert total / 3 * 0.9 < len(frames) <= total / 3 + len(utt_ids)
    rows = {tuple(row) for row in frames.tolist()}
    assert len(rows) == len(frames), "no frame twice"
    for utterance in every.values():
        kept = sum(tuple(row) in rows for row in utterance.tolist())
        assert abs(kept - share * len(utterance)) <= 1
    again, _ = collect_frames(features, utt_ids, memory, seed=0)
    assert torch.equal(frames, again)
    other, _ = collect_frames(features, utt_ids, memory, seed=1)
    assert not torch.equal(frames[:10], other[:10])


def test_fitting_is_done_once_for_the_same_inputs(tones, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    features = mfcc_of(tones / "train")
    first = fit_codebook(features, CONFIG, tmp_path / "codebook")
    assert first.centres.shape == (5, 39) and first.record.rate_hz == 100
    assert first.record.utterances == 12 and first.record.frame_share == 1.0
    again = fit_codebook(features, CONFIG, tmp_path / "codebook")
    assert "fitted before" in caplog.text
    assert torch.equal(first.centres, again.centres) and first.record == again.record
    packed = dataclasses.replace(CONFIG, shard_utts=7)
    assert fitted_codebook(features, packed, tmp_path / "codebook").record == first.record
    other = dataclasses.replace(CONFIG, seed=1)
    for where, config in ((features, other), (mfcc_of(tones / "valid"), CONFIG)):
        with pytest.raises(DataDirError, match=r"another configuration.* --fit again"):
            fitted_codebook(where, config, tmp_path / "codebook")
    assert not torch.equal(
        fit_codebook(features, other, tmp_path / "codebook").centres, first.centres
    )


def test_damaged_codebook(tones, tmp_path):
    with pytest.raises(DataDirError, match=r"no such file; .*--fit"):
        load_codebook(tmp_path / "codebook")
    fit_codebook(mfcc_of(tones / "train"), CONFIG, tmp_path / "codebook")
    content = bytearray((tmp_path / "codebook" / "centres.npy").read_bytes())
    content[-1] ^= 1
    (tmp_path / "codebook" / "centres.npy").write_bytes(content)
    with pytest.raises(ArkError, match=r"centres.npy: damaged \(checksum\)"):
        load_codebook(tmp_path / "codebook")
    (tmp_path / "codebook" / "codebook.yaml").write_text("wrong: 1\n")
    with pytest.raises(ArkError, match=r"codebook.yaml: .*--fit again"):
        load_codebook(tmp_path / "codebook")


def test_damage_is_cured_by_fitting_again(tones, tmp_path, caplog):
    features, folder = mfcc_of(tones / "train"), tmp_path / "codebook"
    first = fit_codebook(features, CONFIG, folder)
    damages = {
        "centres.npy": lambda path: path.write_bytes(b"x"),
        "codebook.yaml": lambda path: path.write_bytes(b"\xff"),
    }
    for name, damage in damages.items():
        damage(folder / name)
        with pytest.raises(ArkError, match="--fit again"):
            load_codebook(folder)
        assert torch.equal(fit_codebook(features, CONFIG, folder).centres, first.centres)
        assert f"fitted anew: {folder}/{name}" in caplog.text
    (folder / "centres.npy").unlink()
    assert torch.equal(fit_codebook(features, CONFIG, folder).centres, first.centres)
    assert load_codebook(folder).record == first.record


@pytest.mark.parametrize("modality", ["A", "V", "AV"])
def test_a_model_gets_only_the_modality_asked_for(tones, modality):
    features = SetFeatures(tones / "train", model_source(modality, layer=2), 100)
    clean = SetFeatures(tones / "train", model_source(modality), 1)
    singles = dict(clean.stream(features.data.utt_ids))
    for utt_id, frames in features.stream(features.data.utt_ids):
        assert len(frames) == int(features.data.tables["utt2num_frames"][utt_id])
        assert torch.allclose(frames, 2 * singles[utt_id], atol=1e-4), "layer and padding"
    assert features.source.rate_hz == 25


def test_utterances_of_one_stream(tmp_path):
    write_tone_dump(tmp_path / "dump", 6, seed=3, silent=2, blind=1)
    data = read_data_dir(tmp_path / "dump")
    for modality, lacking in (("A", data.utt_ids[:2]), ("V", data.utt_ids[-1:]), ("AV", [])):
        model = KnownModel()
        features = SetFeatures(tmp_path / "dump", model_source(modality, model=model), 200)
        assert features.lacking == set(lacking)
        found = [utt_id for utt_id, _ in features.stream(data.utt_ids)]
        assert sorted(found) == [u for u in data.utt_ids if u not in lacking]
        both = sum(kind == "AV" for kind, _ in model.seen)
        assert both == (3 if modality == "AV" else 0)


def test_a_set_without_the_modality(tmp_path):
    write_tone_dump(tmp_path / "dump", 3, seed=3, silent=3)
    with pytest.raises(DataDirError, match=r"wav.scp: holds no utterance; modality: A needs it"):
        mfcc_of(tmp_path / "dump")


def test_features_that_are_not_finite(tones):
    model = KnownModel()
    model.extract_features = lambda batch, layers: (
        [torch.full((len(batch["utt_id"]), 3, 2), np.inf)],
        torch.full((len(batch["utt_id"]),), 3),
    )
    features = SetFeatures(tones / "valid", model_source(model=model), 20)
    with pytest.raises(DataDirError, match=r"s2-\d+: its features are not finite"):
        list(features.stream(features.data.utt_ids))


def test_a_model_without_features():
    model = KnownModel(num_layers=0)
    source = ModelSource(lambda: model, 1, "A", 16, {})
    with pytest.raises(CheckpointError, match="KnownModel has no layers to take features from"):
        _ = source.rate_hz


def test_centres_of_another_folder_go_on(tones, tmp_path, monkeypatch):
    train = mfcc_of(tones / "train")
    first = fit_codebook(train, CONFIG, tmp_path / "first")
    monkeypatch.setattr("espnet_av.units.fit.fit_kmeans", lambda *_, **__: pytest.fail("fitted"))
    again = fit_codebook(train, CONFIG, tmp_path / "second", tmp_path / "first")
    assert torch.equal(again.centres, first.centres)
    assert fitted_codebook(train, CONFIG, tmp_path / "second").record == first.record
    other = dataclasses.replace(CONFIG, num_units=4)
    with pytest.raises(DataDirError, match=r"first: fitted with another configuration"):
        fit_codebook(train, other, tmp_path / "third", tmp_path / "first")
    with pytest.raises(DataDirError, match=r"nowhere/centres.npy: no such file"):
        fit_codebook(train, CONFIG, tmp_path / "third", tmp_path / "nowhere")
