"""Checkpoints pickled as fairseq pickles them; its modules exist only while one is saved."""

import argparse
import re
import sys
import types
from contextlib import contextmanager

import torch

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")


class Dictionary:
    """As fairseq's: symbols, counts and numbers."""

    def __init__(self, symbols):
        self.symbols = [*SPECIAL, *symbols]
        self.count = [1] * len(self.symbols)
        self.indices = {symbol: i for i, symbol in enumerate(self.symbols)}
        self.pad_index = 1


class SentencepieceBPE:
    """As fairseq's tokenizer: holds a processor."""

    def __init__(self, processor):
        self.sp = processor


class HubertPretrainingConfig:
    """A dataclass of a task; only its attributes are pickled."""

    def __init__(self, **values):
        self.__dict__.update(values)


PLACES = {
    Dictionary: "fairseq.data.dictionary",
    SentencepieceBPE: "fairseq.data.encoders.sentencepiece_bpe",
    HubertPretrainingConfig: "fairseq.tasks.hubert_pretraining",
}


@contextmanager
def fairseq_installed():
    """Classes of this file under fairseq's names, for pickling."""
    homes = {cls: cls.__module__ for cls in PLACES}
    for cls, place in PLACES.items():
        module = types.ModuleType(place)
        setattr(module, cls.__name__, cls)
        sys.modules[place] = module
        cls.__module__ = place
    for place in ("fairseq", "fairseq.data", "fairseq.data.encoders", "fairseq.tasks"):
        sys.modules[place] = types.ModuleType(place)
    try:
        yield
    finally:
        for cls, home in homes.items():
            cls.__module__ = home
        for name in [name for name in sys.modules if name.split(".")[0] == "fairseq"]:
            del sys.modules[name]


def configured(kind, config):
    """A configuration dict in one of the ways that fairseq has pickled it."""
    if kind == "namespace":
        flat = {k: v for part in config.values() for k, v in part.items()}
        return {"args": argparse.Namespace(**flat), "cfg": None}
    if kind == "omegaconf":
        import omegaconf

        return {"args": None, "cfg": omegaconf.OmegaConf.create(config)}
    if kind == "dataclass":
        return {"cfg": {k: HubertPretrainingConfig(**v) for k, v in config.items()}}
    return {"args": None, "cfg": config}


def save(path, weights, config=None, *, kind="dict", task=None, zipped=True):
    """Writes a checkpoint."""
    with fairseq_installed():
        content = {
            **configured(kind, config or {}),
            "model": weights,
            "optimizer_history": [{"num_updates": 3, "best_loss": 1.5}],
            "task_state": {name: made() for name, made in (task or {}).items()},
            "extra_state": {"metrics": [("default", {"loss": None})]},
            "last_optimizer_state": None,
        }
        torch.save(content, path, _use_new_zipfile_serialization=zipped)
    return path


def fairseq_name(name):
    """Hugging Face's name of a wav2vec 2.0 or HuBERT weight -> fairseq's."""
    name = name.removeprefix("wav2vec2.")
    name = re.sub(r"^(feature_extractor\.conv_layers\.\d+)\.conv\.", r"\1.0.", name)
    name = re.sub(r"^(feature_extractor\.conv_layers\.\d+)\.layer_norm\.", r"\1.2.1.", name)
    pairs = {
        "feature_projection.layer_norm.": "layer_norm.",
        "feature_projection.projection.": "post_extract_proj.",
        "masked_spec_embed": "mask_emb",
        "encoder.pos_conv_embed.conv.parametrizations.weight.original0": (
            "encoder.pos_conv.0.weight_g"
        ),
        "encoder.pos_conv_embed.conv.parametrizations.weight.original1": (
            "encoder.pos_conv.0.weight_v"
        ),
        "encoder.pos_conv_embed.conv.bias": "encoder.pos_conv.0.bias",
        "quantizer.codevectors": "quantizer.vars",
        "project_hid.": "final_proj.",
    }
    for theirs, ours in pairs.items():
        if name.startswith(theirs):
            return ours + name[len(theirs) :]
    for theirs, ours in (
        (".attention.", ".self_attn."),
        (".feed_forward.intermediate_dense.", ".fc1."),
        (".feed_forward.output_dense.", ".fc2."),
    ):
        name = name.replace(theirs, ours)
    return re.sub(r"^(encoder\.layers\.\d+)\.layer_norm\.", r"\1.self_attn_layer_norm.", name)


def from_hf(state, group_norm):
    """State dict of Hugging Face under fairseq's names."""
    renamed = {fairseq_name(name): value for name, value in state.items()}
    if group_norm:
        for part in ("weight", "bias"):
            old = f"feature_extractor.conv_layers.0.2.1.{part}"
            renamed[f"feature_extractor.conv_layers.0.2.{part}"] = renamed.pop(old)
    return renamed
