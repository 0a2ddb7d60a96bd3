"""`convert --family mbart`: a folder to start a translating model from."""

from __future__ import annotations

import pytest
import torch
import yaml
from oracles import masked_audio
from oracles.mbart import SIZE, VOCAB_SIZE, write_folder

from espnet_av.bin import convert
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.errors import VocabularyError
from espnet_av.models.abs_model import Sizes
from espnet_av.models.avsr import AVSRConfig, AVSRModel
from espnet_av.train.initialisation import initialise

EAR = {
    "audio_frontend": "wave", "audio_frontend_conf": {"channels": 6}, "visual_frontend": "none",
    "fusion": "none", "frame_rate": 50, "feature_size": SIZE, "encoder": "wav2vec2",
    "encoder_conf": masked_audio.ENCODER, "ctc_weight": 0.0,
}  # fmt: skip


def test_a_model_starts_from_what_was_written(tmp_path, capsys):
    theirs = write_folder(tmp_path / "mbart")
    out = tmp_path / "out"
    convert.main(["--family", "mbart", str(tmp_path / "mbart"), str(out)])
    assert "used" in capsys.readouterr().out
    text = (out / "decoder.yaml").read_text()
    assert f"init_param: [{out}/decoder.pth]" in text
    tokens = Tokenizer.load(out / "tokens")
    model = AVSRModel.from_config(
        AVSRConfig(**EAR, **yaml.safe_load(text)), Sizes(vocab=VOCAB_SIZE)
    )
    initialise(model, [str(out / "decoder.pth")], False, tokens.tokens)
    row = theirs.model.shared.weight[2]
    assert torch.equal(model.decoder.embed[0].weight[model.eos], row)
    assert model.decoder.output_layer.weight is model.decoder.embed[0].weight
    other = (*tokens.tokens[:-2], "x", tokens.tokens[-1])
    with pytest.raises(VocabularyError, match="but others"):
        initialise(model, [str(out / "decoder.pth")], False, other)


def test_pieces_are_asked_for(tmp_path, capsys):
    write_folder(tmp_path / "mbart", pieces=False)
    arguments = ["--family", "mbart", str(tmp_path / "mbart"), str(tmp_path / "out")]
    with pytest.raises(SystemExit, match=r"sentencepiece\.bpe\.model: no such file"):
        convert.main(arguments)
    write_folder(tmp_path / "other")
    pieces = tmp_path / "other" / "sentencepiece.bpe.model"
    convert.main([*arguments[:2], "--bpe_model", str(pieces), *arguments[2:]])
    assert (tmp_path / "out" / "tokens" / "bpe.model").is_file()
