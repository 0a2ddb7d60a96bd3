"""Experiments of ESPnet that cannot be converted: what is wrong, and what to do."""

import pickle
import zipfile

import pytest
import torch
import yaml

from espnet_av.bin.convert import main
from espnet_av.errors import CheckpointError
from espnet_av.models.espnet_asr import convert, read_espnet_experiment

CONFIG = {
    "frontend": "default",
    "frontend_conf": {"fs": "16k", "n_mels": 20},
    "normalize": "utterance_mvn",
    "encoder": "conformer",
    "encoder_conf": {
        "output_size": 8,
        "attention_heads": 2,
        "linear_units": 8,
        "num_blocks": 1,
        "rel_pos_type": "latest",
    },
    "decoder": None,
    "model_conf": {"ctc_weight": 1.0},
    "token_type": "char",
    "token_list": ["<blank>", "<unk>", "<space>", "a", "b", "<sos/eos>"],
}
WEIGHTS = {"ctc.ctc_lo.bias": torch.zeros(6)}


def write(folder, weights=None, name="valid.acc.ave.pth", **changes):
    """An experiment folder; a value of changes that is a dict is added to that of `CONFIG`."""
    folder.mkdir(parents=True, exist_ok=True)
    config = dict(CONFIG)
    for key, value in changes.items():
        config[key] = {**config.get(key, {}), **value} if isinstance(value, dict) else value
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    torch.save(WEIGHTS if weights is None else weights, folder / name)
    return folder


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"frontend": "s3prl"}, "has frontend: s3prl; only default can be converted"),
        ({"input_size": 83}, "has input_size: 83; only none"),
        ({"model": "maskctc"}, "has model: maskctc; only espnet"),
        ({"encoder": "transformer"}, "encoder: transformer; only conformer, e_branchformer"),
        ({"decoder": "rnn"}, "has decoder: rnn; only transformer, transducer, none"),
        ({"preencoder": "sinc"}, "has preencoder: sinc"),
        ({"postencoder": "hugging_face_transformers"}, "has postencoder"),
        ({"g2p": "g2p_en"}, "has g2p: g2p_en"),
        ({"frontend_conf": {"fs": "8k"}}, "trained at 8000 Hz, sound is 16 kHz here"),
        ({"frontend_conf": {"frontend_conf": {"use_wpe": True}}}, "frontend_conf has use_wpe"),
        ({"speech_volume_normalize": 0.5}, "speech_volume_normalize, which is not done here"),
        ({"encoder_conf": {"input_layer": "linear"}}, "input_layer of its encoder is linear; only"),
        ({"encoder_conf": {"interctc_use_conditioning": True}}, "interctc_use_conditioning: True"),
        ({"encoder_conf": {"number_of_heads": 2}}, "unknown key 'number_of_heads'"),
        (
            {"encoder_conf": {"num_blocks": 10**9}},
            "fit its configuration, which has many more layers",
        ),
        ({"encoder_conf": {"output_size": 10**6}}, "another shape|missing"),
        ({"model_conf": {"transducer_multi_blank_durations": [2]}}, "blanks of several durations"),
        (
            {"decoder": "transducer", "decoder_conf": {"rnn_type": "gru"}},
            "decoder_conf has rnn_type: gru; only lstm",
        ),
        (
            {"decoder": "transducer", "joint_net_conf": {"joint_activation_type": "relu"}},
            "joint_net_conf has joint_activation_type: relu; only tanh",
        ),
        ({"encoder_conf": "no section"}, "encoder_conf is no section of keys"),
        ({"token_list": "data/tokens.txt"}, "its token_list is no list of tokens"),
    ],
    ids=str,
)
def test_parts_that_we_have_not(changes, message, tmp_path):
    folder = tmp_path / "asr"
    text = changes.pop("encoder_conf") if isinstance(changes.get("encoder_conf"), str) else None
    write(folder, **changes)
    if text:
        config = {**CONFIG, "encoder_conf": text}
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(SystemExit, match=message):
        main(["--family", "espnet_asr", str(folder), str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_a_checkpoint_that_is_not_complete(tmp_path):
    folder = write(tmp_path / "asr", {**WEIGHTS, "encoder.strange": torch.zeros(2)})
    with pytest.raises(CheckpointError) as error:
        convert(read_espnet_experiment(folder))
    assert "unused: encoder.strange" in str(error.value)
    assert "missing: frontend.audio.log_mel.logmel.melmat" in str(error.value)


class Evil:
    def __reduce__(self):
        return print, ("executed",)


def test_a_pickle_with_code_is_not_run(tmp_path, capsys):
    folder = write(tmp_path / "asr", {"w": Evil()})
    with pytest.raises(CheckpointError, match=r"asks for builtins\.print.* nothing was run"):
        read_espnet_experiment(folder)
    (folder / "valid.acc.ave.pth").write_bytes(pickle.dumps({"w": Evil()}))
    with pytest.raises(CheckpointError, match=r"nothing was run|no file of torch\.save"):
        read_espnet_experiment(folder)
    assert capsys.readouterr().out == ""


def test_a_configuration_with_code_is_not_run(tmp_path):
    folder = write(tmp_path / "asr")
    (folder / "config.yaml").write_text("a: !!python/object/apply:os.system [echo x]\n")
    with pytest.raises(CheckpointError, match=r"config\.yaml: not valid YAML"):
        read_espnet_experiment(folder)


def test_files_that_are_missing_or_not_clear(tmp_path):
    folder = write(tmp_path / "asr", name="10epoch.pth")
    with pytest.raises(CheckpointError, match="has no final weights"):
        read_espnet_experiment(folder)
    assert read_espnet_experiment(folder, "10epoch.pth").path == folder / "10epoch.pth"
    assert read_espnet_experiment(folder / "10epoch.pth").weights.keys() == WEIGHTS.keys()
    torch.save({"model": WEIGHTS, "optimizers": [], "reporter": {}}, folder / "checkpoint.pth")
    assert read_espnet_experiment(folder, "checkpoint.pth").weights.keys() == WEIGHTS.keys()
    for name in ("valid.acc.ave_10best.pth", "valid.loss.ave_10best.pth"):
        torch.save(WEIGHTS, folder / name)
    with pytest.raises(CheckpointError, match="several final models; choose one by --checkpoint"):
        read_espnet_experiment(folder)
    (folder / "valid.acc.ave.pth").symlink_to("valid.acc.ave_10best.pth")
    assert read_espnet_experiment(folder).path.name == "valid.acc.ave.pth"
    (folder / "config.yaml").unlink()
    with pytest.raises(CheckpointError, match=r"config\.yaml: no such file; ESPnet writes it"):
        read_espnet_experiment(folder)


def test_options_of_other_families(tmp_path):
    folder = write(tmp_path / "asr")
    out = str(tmp_path / "out")
    with pytest.raises(SystemExit, match="--bpe_model is of espnet_asr"):
        main(["--family", "xlsr", "--bpe_model", "x", str(folder), out])
    with pytest.raises(SystemExit, match="--to hf takes"):
        main(["--family", "espnet_asr", "--to", "hf", str(folder), out])


def test_archives_and_folders_around_the_experiment(tmp_path):
    (tmp_path / "model.tar.gz").write_bytes(b"x")
    with pytest.raises(CheckpointError, match="is a tar archive; unpack it, and give the folder"):
        read_espnet_experiment(tmp_path / "model.tar.gz")
    write(tmp_path / "unpacked/exp/asr_train")
    with pytest.raises(CheckpointError, match=r"give the experiment in it, .*/exp/asr_train"):
        read_espnet_experiment(tmp_path / "unpacked")
    with zipfile.ZipFile(tmp_path / "folder.zip", "w") as archive:
        archive.writestr("asr_train/meta.yaml", "files: {}")
    with pytest.raises(CheckpointError, match=r"folder\.zip: has no meta\.yaml, .*; unpack it"):
        read_espnet_experiment(tmp_path / "folder.zip")
    (tmp_path / "half.zip").write_bytes((tmp_path / "folder.zip").read_bytes()[:60])
    with pytest.raises(CheckpointError, match=r"half\.zip: no zip, or one that was cut short"):
        read_espnet_experiment(tmp_path / "half.zip")
