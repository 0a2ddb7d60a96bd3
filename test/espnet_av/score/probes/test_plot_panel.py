"""Pictures of frozen models: every dot and bar is where its figure is."""

from __future__ import annotations

from pathlib import Path

import pytest
from oracles.probes import panel, scores_file

from espnet_av.bin import probes as probes_bin
from espnet_av.score.probes import plot_panel as module
from espnet_av.score.probes.panel import Change


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list:
    """What was drawn."""
    drawn: list = []
    monkeypatch.setattr(module, "save", lambda figure, path: drawn.append(figure))
    return drawn


def test_dots_are_seeds(figures: list) -> None:
    found = panel({("MAE", "KS"): [50.0, 60.0], ("CLR", "KS"): [70.0], ("CLR", "SD"): [9.0]})
    module.plot_panel(found, Path("x.png"))
    left, right = figures[0].axes
    dots = {tuple(line.get_xdata()): set(line.get_ydata()) for line in left.lines[1::2]}
    assert dots == {(50.0, 60.0): {0}, (70.0,): {1}} and len(right.lines) == 2
    assert [label.get_text() for label in left.get_yticklabels()] == ["MAE", "CLR"]


def test_bars_are_improvements(figures: list) -> None:
    found = panel({("MAE", "KS"): [50.0], ("de", "KS"): [75.0], ("MAE", "SD"): [20.0],
                   ("de", "SD"): [25.0]})  # fmt: skip
    module.plot_changes(found, [Change("en-de", "MAE", ("de",))], Path("x.png"))
    assert [bar.get_height() for bar in figures[0].axes[0].patches] == pytest.approx([50.0, -25.0])


def test_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = []
    for number, model in enumerate(("MAE", "CLR")):
        path = scores_file(tmp_path, f"ks{number}", "accuracy", 50.0 + 25 * number)
        words += ["--system", "KS", model, str(path)]
    out = tmp_path / "superb.md"
    probes_bin.main([*words, "--change", "x", "MAE", "CLR", "--output", str(out)])
    page = out.read_text(encoding="utf-8")
    assert "|x|+50.0|" in capsys.readouterr().out and "superb_changes.png" in page
    assert (tmp_path / "superb.png").stat().st_size > 1000
    with pytest.raises(SystemExit, match="expected task, model, then"):
        probes_bin.main(["--system", "KS", "MAE"])
    with pytest.raises(SystemExit, match="--change x MAE: expected a title, the model before"):
        probes_bin.main([*words, "--change", "x", "MAE"])
    with pytest.raises(SystemExit, match=r"ends in \.md"):
        probes_bin.main([*words, "--output", str(tmp_path / "x.txt")])
