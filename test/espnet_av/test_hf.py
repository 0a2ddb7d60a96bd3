"""The door to Hugging Face."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from espnet_av import hf
from espnet_av.errors import CheckpointError, ConfigError


def test_names_resolve_on_their_first_use(tmp_path):
    code = (
        "import sys\n"
        "from espnet_av import hf\n"
        "assert not {'transformers', 'safetensors'} & {*sys.modules}\n"
        "hf.load_file\n"
        "assert 'safetensors' in sys.modules and 'transformers' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    hf.save_file({"a": torch.arange(3)}, tmp_path / "a.safetensors")
    assert hf.load_file(tmp_path / "a.safetensors")["a"].tolist() == [0, 1, 2]
    with pytest.raises(AttributeError, match="no attribute 'AutoModle'"):
        hf.AutoModle  # noqa: B018


def test_absent_transformers_is_named(monkeypatch, tmp_path):
    (tmp_path / "config.json").write_text("{}")

    def absent(name):
        raise ModuleNotFoundError(name=name)

    hf.__dict__.pop("AutoModel", None)
    monkeypatch.setattr(hf.importlib, "import_module", absent)
    with pytest.raises(ConfigError, match=r"transformers is not installed; run: pip install tr"):
        hf.load_model(tmp_path)


def test_model_of_a_folder_is_whole_or_refused(tmp_path):
    transformers = pytest.importorskip("transformers")
    size = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
    size |= {"intermediate_size": 8, "vocab_size": 11}
    made = transformers.BertModel(transformers.BertConfig(**size)).eval()
    made.save_pretrained(tmp_path / "bert")
    loaded = hf.load_model(tmp_path / "bert")
    assert not loaded.training
    ids = torch.tensor([[1, 2, 3]])
    with torch.no_grad():
        assert torch.equal(loaded(ids).last_hidden_state, made(ids).last_hidden_state)
    with pytest.raises(CheckpointError, match=r"no config\.json"):
        hf.load_model(tmp_path)
    weights = tmp_path / "bert" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match=r"bert: cannot be read .* copy the whole folder"):
        hf.load_model(tmp_path / "bert")
    weights.unlink()
    torch.save(made.state_dict(), tmp_path / "bert" / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match="bert: cannot be read"):
        hf.load_model(tmp_path / "bert")


def test_loading_leaves_device_contexts_as_they_are(tmp_path):
    # transformers 5 exchanges torch.linspace while it loads; torch notes at that moment what
    # follows `with torch.device(...)`, and keeps it. Only the first in a process shows it.
    transformers = pytest.importorskip("transformers")
    size = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
    size |= {"intermediate_size": 8, "vocab_size": 11}
    transformers.BertModel(transformers.BertConfig(**size)).save_pretrained(tmp_path)
    code = (
        "import sys, pathlib, torch\n"
        "from espnet_av import hf\n"
        "hf.load_model(pathlib.Path(sys.argv[1]))\n"
        "with torch.device('meta'):\n"
        "    assert torch.linspace(0, 1, 5).is_meta"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
