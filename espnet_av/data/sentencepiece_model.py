"""Sentencepiece models made of the tokens of other projects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from espnet_av.errors import CheckpointError

SPACE = "\N{LOWER ONE EIGHTH BLOCK}"
"""How sentencepiece writes a space."""
_NOWHERE = "\N{WORD JOINER}"
"""What no text has within a piece."""


def reorder_pieces(model: bytes, wanted: Sequence[str], where: str) -> bytes:
    """The same model with <unk> as piece 0 and `wanted` from 1, and no others.

    Args:
        model: serialised.
        wanted: pieces of it.
        where: names the model in errors.

    Raises:
        CheckpointError: the model is damaged, or does not have one of the pieces.
    """
    from sentencepiece import sentencepiece_model_pb2

    proto = _parse(model, where)
    pieces = {piece.piece: piece for piece in proto.pieces}
    unknown = [piece for piece in proto.pieces if piece.type == piece.UNKNOWN]
    absent = [symbol for symbol in wanted if symbol not in pieces]
    if absent or len(unknown) != 1:
        msg = (
            f"{where}: lacks {', '.join(absent[:8]) or '<unk>'}, which the list of tokens has; "
            "they are not of the same model"
        )
        raise CheckpointError(msg)
    ordered = sentencepiece_model_pb2.ModelProto()
    ordered.CopyFrom(proto)
    del ordered.pieces[:]
    ordered.pieces.extend([unknown[0], *(pieces[symbol] for symbol in wanted)])
    return _serialise(ordered)


def model_of_symbols(kind: Literal["char", "word"], symbols: Sequence[str]) -> bytes:
    """A model that cuts text into these symbols, numbered from 1; what is none of them is <unk>.

    Args:
        kind: `char`: symbols are characters, `SPACE` stands for a space, longer ones are found
            wherever they stand; `word`: symbols are words with `SPACE` before each.
        symbols: all different.
    """
    from sentencepiece import sentencepiece_model_pb2

    proto = sentencepiece_model_pb2.ModelProto()
    kinds = sentencepiece_model_pb2.TrainerSpec
    proto.trainer_spec.model_type = kinds.CHAR if kind == "char" else kinds.WORD
    proto.normalizer_spec.name = "identity"
    proto.normalizer_spec.add_dummy_prefix = kind == "word"
    unknown = proto.pieces.add()
    unknown.piece, unknown.score, unknown.type = "<unk>", 0.0, unknown.UNKNOWN
    for symbol in symbols:
        piece = proto.pieces.add()
        whole = kind == "char" and len(symbol) > 1
        piece.piece, piece.score = symbol, 0.0
        piece.type = piece.USER_DEFINED if whole else piece.NORMAL
    return _serialise(proto)


def pieces_of(model: bytes, where: str) -> list[str]:
    """All pieces of a model, in its order.

    Raises:
        CheckpointError: it is damaged.
    """
    return [piece.piece for piece in _parse(model, where).pieces]


def with_symbols(model: bytes, whole: Sequence[str], outside: Sequence[str]) -> bytes:
    """The same model with more pieces at its end.

    A piece that has the name of one of them already, such as a tag of HTML, keeps its number, but
    is found in no text any more.

    Args:
        model: serialised.
        whole: found in a text wherever they stand, and never cut.
        outside: part of no text.
    """
    proto = _parse(model, "the model")
    taken = {*whole, *outside}
    for piece in proto.pieces:
        if piece.piece in taken:
            piece.piece += _NOWHERE
    for symbols, kind in ((whole, "USER_DEFINED"), (outside, "CONTROL")):
        for symbol in symbols:
            piece = proto.pieces.add()
            piece.piece, piece.score, piece.type = symbol, 0.0, getattr(piece, kind)
    return _serialise(proto)


def _parse(model: bytes, where: str) -> Any:
    # protobuf comes with the logger of training; only this file needs it besides.
    from google.protobuf.message import DecodeError
    from sentencepiece import sentencepiece_model_pb2

    proto = sentencepiece_model_pb2.ModelProto()
    try:
        proto.ParseFromString(model)
    except DecodeError as error:
        msg = f"{where}: damaged, or no sentencepiece model ({error}); copy it again"
        raise CheckpointError(msg) from error
    return proto


def _serialise(proto: Any) -> bytes:
    spec = proto.trainer_spec
    spec.vocab_size = len(proto.pieces)
    spec.unk_id, spec.bos_id, spec.eos_id, spec.pad_id = 0, -1, -1, -1
    return bytes(proto.SerializeToString())
