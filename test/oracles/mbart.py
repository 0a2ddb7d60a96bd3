"""mBART-50 of Hugging Face in small, with random weights, and ours made of it."""

import io
import json
from pathlib import Path

import sentencepiece
import torch
from transformers import MBartConfig, MBartForConditionalGeneration

from espnet_av.data.mbart_tokens import LANGUAGES
from espnet_av.models.avsr.mbart import convert_mbart, token_order
from espnet_av.models.conversion.foreign_checkpoint import ForeignCheckpoint
from espnet_av.modules.decoder import build_decoder

NUM_PIECES = 36
VOCAB_SIZE = NUM_PIECES + 54
SIZE = 16
SENTENCES = (
    "the cat sat on the mat", "der hund liegt auf der matte", "le chat est sur le tapis",
    "a black dog and a white cat", "où est le chien noir",
)  # fmt: skip


def their_model(seed=0, **changes):
    """In evaluation; weights are all random and none small."""
    values = {
        "vocab_size": VOCAB_SIZE, "d_model": SIZE, "decoder_layers": 2, "encoder_layers": 2,
        "decoder_attention_heads": 4, "encoder_attention_heads": 4, "decoder_ffn_dim": 24,
        "encoder_ffn_dim": 24, "activation_function": "relu", "scale_embedding": True,
        "max_position_embeddings": 40, "dropout": 0.1,
    }  # fmt: skip
    torch.manual_seed(seed)
    model = MBartForConditionalGeneration(MBartConfig(**{**values, **changes}))
    for name, parameter in model.named_parameters():
        if name.endswith(("norm.weight", "layernorm_embedding.weight")):
            torch.nn.init.uniform_(parameter, 0.5, 1.5)
        else:
            torch.nn.init.normal_(parameter, std=0.25)
    return model.eval()


def as_checkpoint(theirs, **changes):
    """As it would be read from its folder: safetensors has one name of what is shared."""
    weights = {k: v.detach() for k, v in theirs.state_dict().items()}
    for name in ("lm_head.weight", "model.decoder.embed_tokens.weight"):
        weights.pop(name)
    weights.pop("model.encoder.embed_tokens.weight")
    values = {
        "path": Path("their_model"),
        "style": "hf",
        "weights": weights,
        "config": json.loads(theirs.config.to_json_string(use_diff=False)),
    }
    return ForeignCheckpoint(**{**values, **changes})


def our_decoder(theirs):
    """Ours with their weights, in evaluation."""
    converted = convert_mbart(as_checkpoint(theirs))
    made = build_decoder("fairseq_transformer", converted.num_tokens, SIZE, converted.conf)
    weights = {k.removeprefix("decoder."): v for k, v in converted.weights.items()}
    made.load_state_dict(weights)
    return made.eval()


def our_ids(theirs):
    """Our token of each of their rows, of any shape."""
    order = token_order(VOCAB_SIZE)
    places = torch.empty(VOCAB_SIZE, dtype=torch.long)
    places[torch.tensor(order)] = torch.arange(VOCAB_SIZE)
    return places[theirs]


def their_ids(ours):
    """Their row of each of our tokens."""
    order = token_order(VOCAB_SIZE)
    return [order[token] for token in ours]


def their_logits(theirs, memory, lengths, tokens):
    """(B, L, V) of their decoder over given frames."""
    mask = (torch.arange(memory.size(1)) < lengths.unsqueeze(1)).long()
    hidden = theirs.model.decoder(
        input_ids=tokens, encoder_hidden_states=memory, encoder_attention_mask=mask
    ).last_hidden_state
    return theirs.lm_head(hidden) + theirs.final_logits_bias


def train_pieces():
    """A sentencepiece model as mBART's: <unk>, <s>, </s> first, texts normalised."""
    stream = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 3), model_writer=stream, vocab_size=NUM_PIECES,
        hard_vocab_limit=True, minloglevel=2, num_threads=1,
    )  # fmt: skip
    return stream.getvalue()


def write_folder(folder, seed=0, weights="safetensors", pieces=True):
    """A model folder as published; returns the model."""
    theirs = their_model(seed)
    theirs.save_pretrained(folder)
    if weights == "bin":
        (folder / "model.safetensors").unlink()
        torch.save(theirs.state_dict(), folder / "pytorch_model.bin")
    if pieces:
        (folder / "sentencepiece.bpe.model").write_bytes(train_pieces())
    assert len(LANGUAGES) == 52
    return theirs
