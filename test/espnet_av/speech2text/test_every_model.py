"""One loader for `decode`, `transcribe` and `pack`, whatever the model is made of."""

from __future__ import annotations

import shutil

import pytest
import yaml
from oracles.recogniser_folders import KINDS, NUM_UNITS, write_recogniser

from espnet_av.bin import pack as pack_bin
from espnet_av.errors import CheckpointError, ConfigError
from espnet_av.pack import pack_model
from espnet_av.roi.config import RoiConfig
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.speech2text import Speech2Text
from espnet_av.train.loading import load_recogniser

ROI = RoiConfig(tracker="fixed", size=20, encoding="jpeg")
SEARCHES = {
    "ctc": DecodeConfig(method="ctc_prefix"),
    "attention": DecodeConfig(method="joint", ctc_weight=0.0),
    "hybrid": DecodeConfig(method="joint"),
    "transducer": DecodeConfig(method="transducer_beam"),
    "units": DecodeConfig(method="ctc_prefix"),
}


@pytest.fixture(scope="module", params=list(KINDS))
def experiment(request, tiny_run, tmp_path_factory):
    exp = tmp_path_factory.mktemp("kinds") / request.param
    write_recogniser(exp, tiny_run.root / "tokens", request.param)
    return exp


@pytest.mark.parametrize("mode", ["av", "a", "v"])
def test_folder_and_zip_write_the_same_text(experiment, packed_run, mode):
    pack_model(experiment, experiment.parent / "model.zip", roi=ROI)
    film = packed_run.film("s1-one")
    folder = Speech2Text.from_pretrained(experiment, roi=ROI)
    packed = Speech2Text.from_pretrained(experiment.parent / "model.zip")
    assert folder.decode == packed.decode == SEARCHES[experiment.name]
    found = folder(video_path=film, mode=mode)
    assert found == packed(video_path=film, mode=mode)
    assert found.passages[0].texts


def test_units_are_counted_by_the_weights_of_older_zips(tiny_run, tmp_path):
    write_recogniser(tmp_path / "exp", tiny_run.root / "tokens", "units")
    (tmp_path / "exp/units.yaml").unlink()
    (tmp_path / "exp/tokens/units.txt").write_text("a\nb\n")
    model, _, _ = load_recogniser(tmp_path / "exp")
    assert model.units_head.out_features == NUM_UNITS


@pytest.mark.parametrize("name", ["avhubert", "hubert", "wav2vec2", "bestrq"])
def test_a_pretrained_model_is_no_recogniser(name, tiny_run, tmp_path):
    exp = tmp_path / "exp"
    write_recogniser(exp, tiny_run.root / "tokens", "ctc")
    pack_model(exp, tmp_path / "good.zip", roi=ROI)
    content = yaml.safe_load((exp / "config.yaml").read_text())
    content |= {"model": name, "model_conf": {}}
    (exp / "config.yaml").write_text(yaml.safe_dump(content))
    cure = rf"model {name} is pre-trained and writes no text; fine-tune it \(stage 9"
    for use in (load_recogniser, Speech2Text.from_pretrained):
        with pytest.raises(CheckpointError, match=cure):
            use(exp)
    arguments = ["--exp_dir", str(exp), "--roi_config", str(tmp_path / "roi.yaml")]
    (tmp_path / "roi.yaml").write_text("tracker: fixed\n")
    # Whoever has its weights may pack it; these are of another model.
    with pytest.raises(SystemExit, match="pack: CheckpointError"):
        pack_bin.main([*arguments, str(tmp_path / "m.zip")])
    assert not (tmp_path / "m.zip").exists()


def test_what_is_missing_in_a_folder_is_named(tiny_run, tmp_path):
    write_recogniser(tmp_path / "exp", tiny_run.root / "tokens", "ctc")
    shutil.rmtree(tmp_path / "exp/tokens")
    for use in (load_recogniser, Speech2Text.from_pretrained):
        with pytest.raises(CheckpointError, match=r"exp/tokens: no such folder.* put the bpe"):
            use(tmp_path / "exp")


def test_a_search_that_does_not_fit_is_refused_where_it_is_named(tiny_run, tmp_path):
    write_recogniser(tmp_path / "exp", tiny_run.root / "tokens", "attention")
    wrong = {"roi": ROI, "decode": DecodeConfig()}
    with pytest.raises(ConfigError, match=r"needs a CTC layer.*with 'ctc_weight: 0\.0'"):
        pack_model(tmp_path / "exp", tmp_path / "m.zip", **wrong)
    with pytest.raises(ConfigError, match=r"needs a CTC layer.*with 'ctc_weight: 0\.0'"):
        Speech2Text.from_pretrained(tmp_path / "exp", **wrong)


def test_errors_name_the_zip_that_was_given(tiny_run, tmp_path, monkeypatch):
    exp = tmp_path / "exp"
    write_recogniser(exp, tiny_run.root / "tokens", "hybrid")
    loaded = load_recogniser(exp)
    content = yaml.safe_load((exp / "config.yaml").read_text())
    content["model_conf"]["feature_size"] = 24
    (exp / "config.yaml").write_text(yaml.safe_dump(content))
    # Another version of the project may have packed it.
    monkeypatch.setattr("espnet_av.pack.model_zip.load_recogniser", lambda *_: loaded)
    pack_model(exp, tmp_path / "odd.zip", roi=ROI)
    wrong = r"odd\.zip/weights\.safetensors: does not fit"
    with pytest.raises(CheckpointError, match=wrong) as caught:
        Speech2Text.from_pretrained(tmp_path / "odd.zip")
    assert "espnet_av_" not in str(caught.value)
