"""A tiny text encoder of Hugging Face in a folder, as LaBSE is published."""

from pathlib import Path

import torch
from transformers import BertConfig, BertModel, BertTokenizer

SENTENCES = "the cat sat on mat chat est sur le tapis hund liegt auf der matte"
WORDS = [*"abcdefgh", *SENTENCES.split()]


def write_text_encoder(folder: Path, seed: int = 0, size: int = 8) -> BertModel:
    """The model, in evaluation; its folder has safetensors and a tokenizer."""
    vocab = {
        token: i for i, token in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS])
    }
    sizes = {"num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 12}
    torch.manual_seed(seed)
    config = BertConfig(
        hidden_size=size, vocab_size=len(vocab), max_position_embeddings=20, **sizes
    )
    model = BertModel(config).eval()
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.5)
    model.save_pretrained(folder)
    BertTokenizer(vocab=vocab).save_pretrained(folder)
    return model
