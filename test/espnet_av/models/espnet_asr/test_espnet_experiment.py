"""Where the files of an ESPnet experiment are looked for."""

import torch
import yaml

from espnet_av.models.espnet_asr import read_espnet_experiment


def test_the_sentencepiece_model_is_that_of_its_own_recipe(tmp_path, monkeypatch):
    noted = "data/token_list/bpe.model"
    folder = tmp_path / "theirs/exp/asr"
    folder.mkdir(parents=True)
    torch.save({"ctc.ctc_lo.bias": torch.zeros(6)}, folder / "valid.acc.ave.pth")
    (folder / "config.yaml").write_text(yaml.safe_dump({"bpemodel": noted}))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    experiment = read_espnet_experiment(folder)
    assert str(experiment.bpe_model) == noted, "which is nowhere"
    # From the worst guess to the best.
    for place in (tmp_path / "here" / noted, folder / "bpe.model", tmp_path / "theirs" / noted):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("pieces")
        assert experiment.bpe_model.resolve() == place
