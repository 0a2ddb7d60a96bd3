"""Sentencepiece models made of others' tokens: how they cut, and how they number."""

from __future__ import annotations

import pytest
import sentencepiece

from espnet_av.data.sentencepiece_model import SPACE, model_of_symbols, reorder_pieces
from espnet_av.errors import CheckpointError


def processor(model: bytes) -> sentencepiece.SentencePieceProcessor:
    return sentencepiece.SentencePieceProcessor(model_proto=model)


def pieces_of(model: bytes) -> list[str]:
    cutter = processor(model)
    return [cutter.id_to_piece(index) for index in range(cutter.get_piece_size())]


def test_characters_are_numbered_from_1_and_others_are_unknown() -> None:
    cutter = processor(model_of_symbols("char", ["b", "a", SPACE]))
    assert cutter.encode("ab a") == [2, 1, 3, 2]
    assert cutter.encode("axb") == [2, 0, 1]
    assert cutter.decode([2, 1, 3, 2]) == "ab a"
    assert (cutter.unk_id(), cutter.bos_id(), cutter.eos_id(), cutter.pad_id()) == (0, -1, -1, -1)


def test_longer_symbols_are_found_wherever_they_stand() -> None:
    cutter = processor(model_of_symbols("char", ["a", "b", "<noise>", SPACE]))
    assert cutter.encode("a<noise>b <noise>") == [1, 3, 2, 4, 3]


def test_words_have_a_space_before_each() -> None:
    cutter = processor(model_of_symbols("word", [SPACE + "set", SPACE + "blue"]))
    assert cutter.encode("blue set blue") == [2, 1, 2]
    assert cutter.encode("set green") == [1, 0]
    assert cutter.decode([2, 1]) == "blue set"


def test_nothing_is_normalised() -> None:
    cutter = processor(model_of_symbols("char", ["A", "ﬁ", "e\u0301"]))
    assert cutter.encode("Aﬁ") == [1, 2]
    assert cutter.encode("a") == [0]


def test_pieces_are_numbered_anew_and_the_others_leave() -> None:
    model = model_of_symbols("char", ["a", "b", "c"])
    again = reorder_pieces(model, ["c", "a"], "here")
    assert pieces_of(again) == ["<unk>", "c", "a"]
    assert processor(again).encode("cab") == [1, 2, 0]
    assert pieces_of(model) == ["<unk>", "a", "b", "c"]


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        (["a", "x"], "x"),
        ([*"klmnopqrst"], "k, l, m, n, o, p, q, r"),
    ],
)
def test_pieces_of_another_model_are_named(wanted: list[str], named: str) -> None:
    with pytest.raises(CheckpointError) as raised:
        reorder_pieces(model_of_symbols("char", ["a", "b"]), wanted, "there")
    assert str(raised.value) == (
        f"there: lacks {named}, which the list of tokens has; they are not of the same model"
    )


def test_a_model_has_one_piece_for_what_is_unknown() -> None:
    from sentencepiece import sentencepiece_model_pb2

    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(model_of_symbols("char", ["a"]))
    del proto.pieces[0]
    with pytest.raises(CheckpointError, match="there: lacks <unk>"):
        reorder_pieces(proto.SerializeToString(), ["a"], "there")


def test_a_damaged_model() -> None:
    with pytest.raises(CheckpointError, match=r"there: damaged, or no sentencepiece model .*copy"):
        reorder_pieces(b"\xff\xff nothing", ["a"], "there")
