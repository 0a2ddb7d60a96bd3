"""Small models of ours pickled as the AV-HuBERT repository pickles its own."""

import io
import re

import sentencepiece
import torch
from oracles import avhubert, fairseq_shape

from espnet_av.config import build
from espnet_av.models import MODELS
from espnet_av.models.abs_model import Sizes

MODEL = {
    "_name": "av_hubert",
    "encoder_layers": 2,
    "encoder_embed_dim": 8,
    "encoder_ffn_embed_dim": 12,
    "encoder_attention_heads": 2,
    "layer_norm_first": True,
    "dropout": 0.0,
    "attention_dropout": 0.0,
    "dropout_input": 0.0,
    "encoder_layerdrop": 0.0,
    "modality_fuse": "concat",
    "modality_dropout": 0.5,
    "audio_dropout": 0.25,
    "mask_prob_audio": 0.8,
    "mask_length_audio": 10,
    "mask_prob_image": 0.3,
    "mask_length_image": 5,
    "sub_encoder_layers": 0,
    "sim_type": "cosine",
    "logit_temp": 0.1,
    "feature_grad_mult": 0.1,
}
CONFIG = {
    "model": MODEL,
    "task": {"_name": "av_hubert_pretraining", "modalities": ["audio", "video"]},
    "criterion": {"pred_masked_weight": 1.0, "pred_nomask_weight": 1.0, "loss_weights": [10]},
}
UNITS = [str(unit) for unit in range(avhubert.NUM_UNITS)]


def their_name(name):
    """Our name of a weight of AV-HuBERT -> fairseq's."""
    video = "feature_extractor_video."
    name = re.sub(
        r"^frontend\.visual\.trunk\.(\d)\.",
        lambda m: f"{video}resnet.trunk.layer{int(m[1]) + 1}.",
        name,
    )
    pairs = {
        "frontend.visual.stem.conv.": f"{video}resnet.frontend3D.0.",
        "frontend.visual.stem.bn.": f"{video}resnet.frontend3D.1.",
        "frontend.visual.stem.act.": f"{video}resnet.frontend3D.2.",
        "frontend.visual.project.": f"{video}proj.",
        "frontend.audio.project.": "feature_extractor_audio.proj.",
        "frontend.fusion.layer_norm.": "layer_norm.",
        "frontend.fusion.project.": "post_extract_proj.",
        "units_head.final_proj.": "final_proj.",
        "units_head.label_embs": "label_embs_concat",
    }
    for ours, theirs in pairs.items():
        if name.startswith(ours):
            return theirs + name[len(ours) :]
    return name


def pretrained(path, symbols=UNITS, model=None, **saving):
    """Writes our small AV-HuBERT as fairseq would; returns the model and the path."""
    ours = model or avhubert.model().eval()
    weights = {their_name(name): value for name, value in ours.state_dict().items()}
    units = weights["label_embs_concat"]
    rows = torch.randn(4 + len(symbols), units.size(1))
    for row, symbol in enumerate(symbols):
        if symbol.isdecimal():
            rows[4 + row] = units[int(symbol)]
    weights["label_embs_concat"] = rows
    task = {"dictionaries": lambda: [fairseq_shape.Dictionary(symbols)]}
    saving = {"task": task, **saving}
    return ours, fairseq_shape.save(path, weights, CONFIG, **saving), rows


DECODER = {
    "decoder_embed_dim": 6,
    "decoder_ffn_embed_dim": 10,
    "decoder_layers": 2,
    "decoder_attention_heads": 2,
    "decoder_normalize_before": True,
    "share_decoder_input_output_embed": True,
    "no_scale_embedding": True,
}


def text_task():
    """What fairseq's task knows of the texts of `finetuned`: characters of `abc`."""
    stream = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["abc cab bac"] * 3),
        model_writer=stream,
        model_type="char",
        vocab_size=8,
        bos_id=0,
        pad_id=1,
        eos_id=2,
        unk_id=3,
        minloglevel=2,
    )
    processor = sentencepiece.SentencePieceProcessor(model_proto=stream.getvalue())
    symbols = [processor.id_to_piece(i) for i in range(4, 8)]
    return {
        "target_dictionary": lambda: fairseq_shape.Dictionary(symbols),
        "s2s_tokenizer": lambda: fairseq_shape.SentencepieceBPE(processor),
    }


def finetuned(path, config=None, **saving):
    """Writes a small recogniser as fairseq would; returns the recogniser and the embedding."""
    conf = {
        "audio_frontend": "stacked_fbank",
        "visual_frontend_conf": {"width": 2},
        "feature_size": 8,
        "fusion": "concat",
        "encoder": "wav2vec2",
        "encoder_conf": avhubert.ENCODER,
        "decoder": "fairseq_transformer",
        "decoder_conf": {"size": 6, "linear_units": 10, "num_blocks": 2, "attention_heads": 2},
        "ctc_weight": 0.0,
    }
    torch.manual_seed(2)
    config_class, model_class = MODELS["avsr"]
    ours = model_class.from_config(build(config_class, conf), Sizes(vocab=7)).eval()
    embedding = torch.randn(8, 6)
    with torch.no_grad():
        ours.decoder.embed[0].weight.copy_(embedding[[1, 3, 4, 5, 6, 7, 2]])
    weights = {"decoder.embed_positions._float_tensor": torch.zeros(1)}
    for name, value in ours.state_dict().items():
        if not name.startswith("decoder."):
            weights["encoder.w2v_model." + their_name(name)] = value
        elif "decoders" in name:
            weights[their_decoder_name(name)] = value
    weights["decoder.embed_tokens.weight"] = embedding
    weights |= {
        f"decoder.layer_norm.{p}": getattr(ours.decoder.after_norm, p) for p in ("weight", "bias")
    }
    if config is None:
        config = {"model": {**DECODER, "w2v_args": CONFIG, "dropout": 0.1, "layerdrop": 0.1}}
    return ours, fairseq_shape.save(path, weights, config, **saving)


def their_decoder_name(name):
    for ours, theirs in (
        ("decoders.", "layers."),
        ("src_attn", "encoder_attn"),
        ("norm1", "self_attn_layer_norm"),
        ("norm2", "encoder_attn_layer_norm"),
        ("norm3", "final_layer_norm"),
        ("feed_forward.w_", "fc"),
    ):
        name = name.replace(ours, theirs)
    return re.sub(r"linear_(\w+)\.", r"\1_proj.", name)
