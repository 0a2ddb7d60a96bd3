"""The tokenizer inside a fine-tuned checkpoint of fairseq, as a folder of ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from espnet_av.data.tokenizer import BLANK, SOS_EOS, UNKNOWN, Tokenizer, write_lines
from espnet_av.errors import CheckpointError

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
    # protobuf comes with the logger of training; only this needs it besides.
    from google.protobuf.message import DecodeError
    from sentencepiece import sentencepiece_model_pb2

    proto = sentencepiece_model_pb2.ModelProto()
    try:
        proto.ParseFromString(model)
    except DecodeError as error:
        msg = f"the tokenizer in the checkpoint is damaged ({error}); copy the checkpoint again"
        raise CheckpointError(msg) from error
    pieces = {piece.piece: piece for piece in proto.pieces}
    unknown = [piece for piece in proto.pieces if piece.type == piece.UNKNOWN]
    wanted = list(symbols[NUM_SPECIAL:])
    absent = [symbol for symbol in wanted if symbol not in pieces]
    if absent or len(unknown) != 1:
        msg = (
            f"the tokenizer in the checkpoint lacks {', '.join(absent[:8]) or '<unk>'}, which its "
            "dictionary has; they are not of the same model"
        )
        raise CheckpointError(msg)
    ordered = sentencepiece_model_pb2.ModelProto()
    ordered.CopyFrom(proto)
    del ordered.pieces[:]
    ordered.pieces.extend([unknown[0], *(pieces[symbol] for symbol in wanted)])
    spec = ordered.trainer_spec
    spec.vocab_size = len(ordered.pieces)
    spec.unk_id, spec.bos_id, spec.eos_id, spec.pad_id = 0, -1, -1, -1
    out_dir.mkdir(parents=True, exist_ok=True)
    (out_dir / "bpe.model").write_bytes(ordered.SerializeToString())
    write_lines(out_dir / "tokens.txt", [BLANK, UNKNOWN, *wanted, SOS_EOS])
    return Tokenizer.load(out_dir)
