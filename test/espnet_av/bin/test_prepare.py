"""espnet-av prepare <corpus>: command lines made of the corpus functions' signatures."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from espnet_av.bin import prepare
from espnet_av.corpora import CORPORA

CALLS: list[tuple[object, ...]] = []


def prepare_toy(
    root: str,
    out_dir: str,
    *,
    split: Literal["a", "b"] = "a",
    share: float = 0.1,
    langs: tuple[str, ...] = ("en",),
    config: Path | None = None,
) -> dict[str, int]:
    """Toy corpus."""
    CALLS.append((root, out_dir, split, share, langs, config))
    return {"train": 3, "test": 1}


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    CALLS.clear()
    monkeypatch.setattr(prepare, "load_prepare", lambda name: prepare_toy)


def test_options_get_their_types(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--share", "1", "--langs", "[de, fr]", "--config", "c.yaml", "--split", "b"]
    prepare.main(["toy", "in", "out", *options])
    expected = [("in", "out", "b", 1.0, ("de", "fr"), Path("c.yaml"))]
    assert expected == CALLS
    assert isinstance(CALLS[0][3], float)
    assert capsys.readouterr().out == "toy -> out: train 3, test 1\n"


def test_defaults_are_the_functions() -> None:
    prepare.main(["toy", "in", "out"])
    assert CALLS == [("in", "out", "a", 0.1, ("en",), None)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--share", "many"], "ConfigError: prepare: share: expected a number"),
        (["--split", "c"], "'c' is not a choice"),
        (["--split", "[c"], r"ConfigError: --split: '\[c' is not valid YAML; quote it"),
    ],
)
def test_wrong_values(options: list[str], message: str) -> None:
    with pytest.raises(SystemExit, match=message):
        prepare.main(["toy", "in", "out", *options])
    assert CALLS == []


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        prepare.main(["toy", "--help"])
    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert "Toy corpus." in shown
    assert "default: 0.1" in shown
    with pytest.raises(SystemExit) as end:
        prepare.main([])
    assert end.value.code == 2


@pytest.mark.parametrize("name", sorted(CORPORA))
def test_every_corpus_has_a_command_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    function = prepare.load_prepare(name)
    folders, options = prepare.split_parameters(function)
    names = [item.name for item in folders]
    # Some join two sources.
    assert names[-1] == "out_dir" and len(names) == (3 if name in ("covost2", "librimix") else 2)
    assert all(item.default is not item.empty for item in options)
    assert prepare.typed_options(function, {}) == {}
