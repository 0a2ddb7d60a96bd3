"""The tokenizer inside a fine-tuned checkpoint of fairseq, as a folder of ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from espnet_av.data.sentencepiece_model import reorder_pieces
from espnet_av.data.tokenizer import Tokenizer, write_tokenizer

NUM_SPECIAL = 4
"""fairseq's dictionaries begin with <s>, <pad>, </s>, <unk>."""


def save_fairseq_tokens(model: bytes, symbols: Sequence[str], out_dir: Path) -> Tokenizer:
    """Write `bpe.model` and `tokens.txt` with fairseq's pieces in the order of its dictionary.

    Args:
        model: sentencepiece model of fairseq's task.
        symbols: of its dictionary, the four special ones included.
        out_dir: folder to write to.

    Raises:
        CheckpointError: the dictionary has a symbol that the model does not have.
    """
    wanted = symbols[NUM_SPECIAL:]
    return write_tokenizer(reorder_pieces(model, wanted, "the checkpoint's tokenizer"), out_dir)
