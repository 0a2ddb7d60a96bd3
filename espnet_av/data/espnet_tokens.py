"""The tokens of an ESPnet experiment, as a folder of ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from espnet_av.data.sentencepiece_model import SPACE, model_of_symbols, reorder_pieces
from espnet_av.data.tokenizer import BLANK, SOS_EOS, UNKNOWN, Tokenizer, write_tokenizer
from espnet_av.errors import CheckpointError

_SPACE_NAME = "<space>"


def save_espnet_tokens(
    tokens: Sequence[str], kind: str, bpe_model: Path | None, out_dir: Path, where: str
) -> Tokenizer:
    """Write `bpe.model` and `tokens.txt` in which every token has the number that it has there.

    A space, `<space>` in ESPnet's lists of characters, is written as sentencepiece writes it, and
    so is the one before each word of a list of words.

    Args:
        tokens: ESPnet's `token_list`.
        kind: ESPnet's `token_type`: `bpe`, `char`, `word`, or `phn` where texts are phones already.
        bpe_model: sentencepiece model, for `bpe`.
        out_dir: folder to write to.
        where: names the experiment in errors.

    Raises:
        CheckpointError: the list has another order than blank, unknown, ..., sos/eos, or the model
            is missing, damaged, or of another list.
    """
    _check_order(tokens, where)
    symbols = list(tokens[2:-1])
    if kind == "bpe":
        if bpe_model is None or not bpe_model.is_file():
            msg = (
                f"{where}: its tokens are those of {bpe_model or 'a sentencepiece model'}, which "
                "is not there; copy it, or give its place by --bpe_model"
            )
            raise CheckpointError(msg)
        model = reorder_pieces(bpe_model.read_bytes(), symbols, str(bpe_model))
    elif kind == "char":
        model = model_of_symbols("char", [SPACE if s == _SPACE_NAME else s for s in symbols])
    elif kind in ("word", "phn"):
        model = model_of_symbols("word", [SPACE + symbol for symbol in symbols])
    else:
        msg = (
            f"{where}: token_type is {kind}; tokens can be taken over from bpe, char, word and phn"
        )
        raise CheckpointError(msg)
    return write_tokenizer(model, out_dir)


def _check_order(tokens: Sequence[str], where: str) -> None:
    expected = {0: BLANK, 1: UNKNOWN, len(tokens) - 1: SOS_EOS}
    for index, name in expected.items():
        if len(tokens) <= len(expected) or tokens[index] != name:
            found = tokens[index] if index < len(tokens) else "nothing"
            msg = (
                f"{where}: token {index} of {len(tokens)} is {found}, where {name} is wanted; only "
                f"lists that begin with {BLANK} and {UNKNOWN} and end with {SOS_EOS} are converted"
            )
            raise CheckpointError(msg)
    if len(set(tokens)) != len(tokens):
        twice = next(token for token in tokens if list(tokens).count(token) > 1)
        msg = f"{where}: the token {twice} is in its list twice; it cannot be converted"
        raise CheckpointError(msg)
