"""espnet-av convert: files in, folders out that everything else can use."""

import json
import sys

import pytest
import torch
from oracles import hf_audio
from oracles.avhubert_fairseq import finetuned, text_task
from oracles.layer_features import features_of
from transformers import HubertModel, Wav2Vec2ForPreTraining

from espnet_av.bin.convert import main
from espnet_av.errors import ConfigError
from espnet_av.exchange.output_folder import output_folder
from espnet_av.exchange.request import WITH_LIPS
from espnet_av.train.initialisation import initialise
from espnet_av.train.loading import build_model, load_experiment, read_train_config


@pytest.fixture(scope="module")
def xlsr(tmp_path_factory):
    """A small XLS-R in Hugging Face's folder."""
    folder = tmp_path_factory.mktemp("hf") / "xlsr"
    torch.manual_seed(0)
    model = Wav2Vec2ForPreTraining(hf_audio.their_config("wav2vec2", "layer", True)).eval()
    model.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text('{"do_normalize": true}')
    return model, folder


def test_there_and_back(xlsr, tmp_path, capsys):
    model, folder = xlsr
    main(["--family", "xlsr", str(folder), str(tmp_path / "ours")])
    shown = capsys.readouterr().out
    assert "0 dropped, 0 fresh, 0 unused, 0 missing" in shown
    report = (tmp_path / "ours/conversion.txt").read_text()
    assert "used: project_hid.weight -> final_proj.weight" in report
    _, config, tokenizer = load_experiment(tmp_path / "ours")
    assert (config.model, tokenizer) == ("wav2vec2", None)
    assert config.model_conf["audio_frontend_conf"]["normalise_wave"] is True
    assert (tmp_path / "ours/provenance.yaml").is_file()
    main(["--family", "xlsr", "--to", "hf", str(tmp_path / "ours"), str(tmp_path / "back")])
    back = Wav2Vec2ForPreTraining.from_pretrained(tmp_path / "back").state_dict()
    assert back.keys() == model.state_dict().keys()
    assert all(torch.equal(back[name], value) for name, value in model.state_dict().items())
    files = {"config.json", "preprocessor_config.json", "model.safetensors", "conversion.txt"}
    assert {path.name for path in (tmp_path / "back").iterdir()} == files
    preprocessor = json.loads((tmp_path / "back/preprocessor_config.json").read_text())
    assert preprocessor["do_normalize"] is True
    assert preprocessor["return_attention_mask"] is True


def test_xlavsr_and_what_starts_from_it(xlsr, tmp_path, capsys):
    _, folder = xlsr
    out = tmp_path / "start"
    options = ["--to", "xlavsr", "--frame_rate", "25", "--num_units", "6"]
    main(["--family", "xlsr", *options, str(folder), str(out)])
    shown = capsys.readouterr().out
    assert "0.5 * [W, W]" in shown
    assert "dropped: quantizer.codevectors (head of the audio-only pre-training)" in shown
    model, config, _ = load_experiment(out)
    assert config.model == "avhubert"
    assert model.feature_rate == 25
    other = build_model(read_train_config(out), None, 6)
    initialise(other, [str(out)], False)
    assert all(torch.equal(x, model.state_dict()[n]) for n, x in other.state_dict().items())


def test_units_of_hubert_without_a_head(tmp_path, capsys):
    torch.manual_seed(0)
    HubertModel(hf_audio.their_config("hubert", "group", False)).save_pretrained(tmp_path / "hf")
    main(["--family", "hubert", str(tmp_path / "hf"), str(tmp_path / "ours")])
    assert "fresh: units_head.label_embs" in capsys.readouterr().out
    model, _, _ = load_experiment(tmp_path / "ours")
    speech, lengths = hf_audio.noise((4,))
    assert features_of(model, speech, lengths, layer=2)[0].shape == (1, 8, 16)


def test_a_recogniser_comes_with_its_tokenizer(tmp_path):
    finetuned(tmp_path / "ft.pt", task=text_task())
    main(["--family", "avhubert_finetuned", str(tmp_path / "ft.pt"), str(tmp_path / "ours")])
    model, _, tokenizer = load_experiment(tmp_path / "ours")
    assert tokenizer.vocab_size == model.vocab_size == 7
    assert tokenizer.decode(tokenizer.encode("abc")) == "abc"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--family", "hubert", "IN", "OUT"], "checkpoint of wav2vec2, not of hubert"),
        (["--family", "xlsr", "--frame_rate", "25", "IN", "OUT"], "add --to xlavsr"),
        (["--family", "xlsr", "--num_units", "5", "IN", "OUT"], "has no units"),
        (["--family", "avhubert", "--to", "hf", "IN", "OUT"], "--to hf takes xlsr, wav2vec2"),
        (["--family", "xlsr", "--checkpoint", "x", "IN", "OUT"], "goes with --to hf"),
        (["--family", "xlsr", "--to", "hf", "IN", "OUT"], r"no trained model \(no config.yaml\)"),
        (["--family", "xlsr", "IN/none.pt", "OUT"], "no such file"),
        (["--family", "xlsr", "IN", "IN"], "holds something else"),
    ],
)
def test_what_cannot_be_done(arguments, message, xlsr, tmp_path):
    places = {"IN": str(xlsr[1]), "OUT": str(tmp_path / "out")}
    filled = [a.replace("IN", places["IN"]).replace("OUT", places["OUT"]) for a in arguments]
    with pytest.raises(SystemExit, match=message):
        main(filled)
    assert not (tmp_path / "out").exists()


def test_nothing_that_others_need_is_lost(xlsr, tmp_path):
    out = tmp_path / "ours"
    main(["--family", "xlsr", str(xlsr[1]), str(out)])
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    (out / "tokens").mkdir()
    (out / "tokens/bpe.model").write_text("mine")
    with pytest.raises(SystemExit, match=r"ours: tokens, tokens/bpe\.model would be lost"):
        main(["--family", "xlsr", str(xlsr[1]), str(out)])
    (out / "tokens/bpe.model").unlink()
    (out / "tokens").rmdir()
    for source in (out, out / "../ours", out / "weights.pth"):
        with pytest.raises(SystemExit, match="is read, and would be replaced"):
            main(["--family", "xlsr", "--to", "hf", str(source), str(out)])
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["ours"]


def test_a_configuration_that_was_edited_is_not_lost(tmp_path):
    def write():
        with output_folder(tmp_path / "out") as folder:
            (folder / WITH_LIPS).write_text("max_steps: 1")

    write()
    write()
    (tmp_path / "out" / WITH_LIPS).write_text("max_steps: 2")
    with pytest.raises(ConfigError, match=r"train_av\.yaml would be lost"):
        write()
    assert (tmp_path / "out" / WITH_LIPS).read_text() == "max_steps: 2"


def test_runs_without_transformers(xlsr, tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "transformers"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "transformers", None)
    main(["--family", "wav2vec2", str(xlsr[1]), str(tmp_path / "ours")])
    # Again: its own output may be replaced.
    main(["--family", "wav2vec2", str(xlsr[1]), str(tmp_path / "ours")])
    assert (tmp_path / "ours/conversion.txt").is_file()
