"""Adapters and parts of a decoder learn, targets in two languages; the rest stays byte by byte."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile
import torch
from oracles import masked_audio
from oracles.tiny_run import LETTERS, TINY_CONFIG, TinyRun, write_tiny_dump

from espnet_av.bin import decode as decode_bin
from espnet_av.bin import train as train_bin
from espnet_av.bin import transcribe as transcribe_bin
from espnet_av.config import build
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.tokenizer import train_tokenizer
from espnet_av.errors import CheckpointError
from espnet_av.models.abs_model import Sizes
from espnet_av.models.avsr import AVSRConfig, AVSRModel
from espnet_av.train.initialisation import load_weights
from espnet_av.train.loading import load_experiment, read_weights

DECODER = {
    "size": 8, "attention_heads": 2, "linear_units": 12, "num_blocks": 2, "positions": "learned",
    "max_positions": 30, "scale_embedding": True, "norm_embedding": True,
}  # fmt: skip
MODEL = {
    "audio_frontend": "wave", "audio_frontend_conf": {"channels": 6}, "visual_frontend": "none",
    "fusion": "none", "frame_rate": 50, "feature_size": 8, "encoder": "wav2vec2",
    "encoder_conf": {**masked_audio.ENCODER, "adapter_size": 3},
    "feature_mask": {"channel_span": 2}, "decoder": "fairseq_transformer", "decoder_conf": DECODER,
    "ctc_weight": 0.0, "lsm_weight": 0.3, "tag_is_given": True,
}  # fmt: skip
KEPT = [
    "encoder.layers.*_adapter.", "decoder.decoders.*.src_attn.", "decoder.decoders.*.norm",
    "decoder.after_norm.", "decoder.embed.1.norm.",
]  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    root, texts = tmp_path_factory.mktemp("st"), []
    for seed, name in ((1, "train"), (2, "valid")):
        path = root / "dump" / name
        texts += write_tiny_dump(path, 8, seed)
        data = read_data_dir(path)
        targets = {u: ("de", "en")[i % 2] for i, u in enumerate(data.utt_ids)}
        write_data_dir(path, {**data.tables, "utt2target": targets})
    train_tokenizer([*texts, LETTERS], root / "tokens", "char", 100, tag_langs=["de", "en"])
    return TinyRun(root)


def train(run, exp, **changes):
    dataset = {**TINY_CONFIG["dataset"], "modalities": "A", "drop_long_text": False}
    config = {"model_conf": MODEL, "dataset": dataset, "average": 0, **changes}
    path = run.config(f"{exp.name}.yaml", **config)
    code = train_bin.main(["--config", str(path), *run.arguments, str(exp)])
    assert code == 0, (exp / "train.log").read_text()


def test_what_is_frozen_is_the_same_to_the_last_byte(run, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    train(run, first, max_steps=1, accum_grad=1)
    more = {"freeze_param": [""], "keep_param": KEPT, "scheduler": "tri_stage"}
    more |= {"scheduler_conf": {"decay": "linear"}, "init_param": [str(first / "latest.pth")]}
    train(run, second, max_steps=4, accum_grad=1, valid_interval_steps=2, **more)
    before, after = read_weights(first / "latest.pth"), read_weights(second / "latest.pth")
    changed = {name for name in after if not torch.equal(after[name], before[name])}
    kept = ("_adapter.", ".src_attn.", ".norm", "after_norm.")
    assert changed == {n for n in after if any(k in n for k in kept) and "layer_norm" not in n
                       and not n.startswith("frontend.")}  # fmt: skip
    assert any("up.weight" in name for name in changed)
    for name in after.keys() - changed:
        one, other = (w[name].contiguous().view(-1).view(torch.uint8) for w in (before, after))
        assert torch.equal(one, other), name
    stored = torch.load(second / "4step.pth", weights_only=True)["state_dict"]
    assert stored.keys() == changed, "the rest is once in frozen.pth"
    model, _, tokenizer = load_experiment(second)
    assert tokenizer.lang_tags.keys() == {"de", "en"}
    assert model.decoder.output_layer.weight is model.decoder.embed[0].weight


def test_adapters_of_another_width_are_refused(tmp_path):
    wide = {**MODEL, "encoder_conf": {**MODEL["encoder_conf"], "adapter_size": 5}}
    without = {**MODEL, "encoder_conf": {**MODEL["encoder_conf"], "adapter_size": 0}}
    made = [
        AVSRModel.from_config(build(AVSRConfig, conf), Sizes(vocab=9))
        for conf in (MODEL, wide, without)
    ]
    narrow, wider, plain = made
    torch.save(narrow.state_dict(), tmp_path / "narrow.pth")
    told = r"another shape: encoder\.layers\.0\.\w*adapter\.down\.bias \(3,\) -> \(5,\)"
    with pytest.raises(CheckpointError, match=told):
        load_weights(wider, tmp_path / "narrow.pth")
    # The cure: adapters are left out, or new.
    report = load_weights(wider, tmp_path / "narrow.pth", ignore_mismatch=True)
    assert report.mismatched and all("_adapter." in name for name in report.mismatched)
    unexpected = load_weights(plain, tmp_path / "narrow.pth").unexpected
    assert unexpected and all("_adapter." in name for name in unexpected)


def test_texts_begin_with_the_tag_of_their_language(run, tmp_path):
    """Two target languages in one set; the tag is no part of the text."""
    exp, config = tmp_path / "exp", tmp_path / "decode.yaml"
    train(run, exp, max_steps=1, accum_grad=1)
    config.write_text("{method: attention, length_penalty: 1.0, maxlenratio: -4, beam_size: 3}")
    arguments = ["--config", str(config), "--exp_dir", str(exp), "--modes", "A"]
    decode_bin.main(
        ["--sets", str(run.root / "dump/valid"), *arguments, "--seed", "0", str(tmp_path / "out")]
    )
    (folder,) = {path.parent for path in (tmp_path / "out").rglob("nbest.jsonl")}
    targets = read_data_dir(run.root / "dump/valid").tables["utt2target"]
    tags = load_experiment(exp)[2].lang_tags
    lines = [json.loads(line) for line in (folder / "nbest.jsonl").read_text().splitlines()]
    assert len(lines) == 8
    for line in lines:
        assert line["nbest"][0]["tokens"][0] == tags[targets[line["utt"]]]
        assert "<" not in line["nbest"][0]["text"]
    config.write_text("{method: joint, ctc_weight: 0.0}")
    with pytest.raises(SystemExit, match="would have to guess the language"):
        decode_bin.main(
            ["--sets", str(run.root / "dump/valid"), *arguments, "--seed", "0", str(tmp_path / "b")]
        )


def test_a_file_is_written_in_the_language_that_is_asked_for(run, tmp_path, capsys):
    exp, sound = tmp_path / "exp", tmp_path / "a.wav"
    train(run, exp, max_steps=1, accum_grad=1)
    soundfile.write(sound, np.random.default_rng(0).normal(0, 0.1, 640 * 20), 16000)
    scores = {}
    for lang in ("de", "en"):
        options = ["--model", str(exp), "--mode", "a", "--format", "json", "--target_lang", lang]
        assert transcribe_bin.main([*options, str(sound)]) == 0
        scores[lang] = json.loads(capsys.readouterr().out)["score"]
    assert scores["de"] != scores["en"]
    with pytest.raises(SystemExit, match=r"no target_lang: .*: de, en"):
        transcribe_bin.main(["--model", str(exp), "--mode", "a", str(sound)])
