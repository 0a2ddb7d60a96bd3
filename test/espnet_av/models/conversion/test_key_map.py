"""Tables of names: patterns, both directions, and an account of everything."""

from pathlib import Path

import pytest
import torch

from espnet_av.errors import CheckpointError
from espnet_av.models.conversion.key_map import Dropped, KeyMap, Rule, prefixed

TABLE = KeyMap(
    (
        Rule("layers.{n}.{part}.weight", "blocks.{n}.{part}.w"),
        Rule("head.{rest}", "out.{rest}"),
        Rule("scale", "twice", lambda x: 2 * x),
        Rule("scale", "once"),
    ),
    (Dropped("version", "a number"),),
    ("new.{rest}",),
)


def shapes(*names, size=(2,)):
    return {name: torch.Size(size) for name in names}


def test_every_name_is_accounted_for():
    names = ["layers.3.fc.weight", "layers.x.fc.weight", "head.a.b", "scale", "version", "head.z"]
    weights = {name: torch.full((2,), float(i)) for i, name in enumerate(names)}
    targets = shapes("once", "twice", "out.a.b", "blocks.3.fc.w", "new.x", "lost")
    found, report = TABLE.apply(weights, targets)
    assert list(found) == ["once", "twice", "out.a.b", "blocks.3.fc.w"]
    assert torch.equal(found["twice"], 2 * found["once"])
    assert report.dropped == [("version", "a number")]
    assert report.unused == ["layers.x.fc.weight", "head.z"]
    assert (report.fresh, report.missing) == (["new.x"], ["lost"])
    assert report.text().splitlines()[0] == (
        "4 used, 1 dropped, 1 fresh, 2 unused, 1 missing, 0 of another shape"
    )
    assert "used: head.a.b -> out.a.b" in report.text(every=True)
    with pytest.raises(CheckpointError, match=r"x\.pt: not a complete hubert checkpoint.*--family"):
        report.check(Path("x.pt"), "hubert")


def test_shapes_and_two_sources_of_one_target():
    table = KeyMap((Rule("a", "x"), Rule("b", "x"), Rule("c", "y")))
    weights = {"a": torch.ones(2), "b": torch.ones(2), "c": torch.ones(3)}
    found, report = table.apply(weights, shapes("x", "y"))
    assert list(found) == ["x"]
    assert report.mismatched == ["b (2,) -> x (2,) (a second time)", "c (3,) -> y (2,)"]
    assert report.missing == []


def test_long_lists_are_cut_unless_all_is_wanted():
    _, report = TABLE.apply({f"odd{i}": torch.ones(1) for i in range(20)}, {})
    assert "unused: and 8 more" in report.text()
    assert "more" not in report.text(every=True)
    assert "odd19" in report.text(every=True)


def test_both_ways():
    table = KeyMap(prefixed((Rule("layers.{n}.w", "blocks.{n}.v"), Rule("h", "o")), "m."))
    weights = {"m.layers.0.w": torch.ones(1), "m.h": torch.zeros(1)}
    there, _ = table.apply(weights, table.shapes(weights))
    assert list(there) == ["blocks.0.v", "o"]
    back, report = table.inverted().apply(there, table.inverted().shapes(there))
    assert back.keys() == weights.keys()
    assert not report.unused
    with pytest.raises(AssertionError, match="cannot be read backwards"):
        TABLE.inverted()
