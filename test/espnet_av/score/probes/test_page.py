"""The page of frozen models."""

from __future__ import annotations

from oracles.probes import panel

from espnet_av.score.probes.page import format_panel
from espnet_av.score.probes.panel import Change
from espnet_av.score.published.improvements import Improvement

FOUND = {
    ("MAE", "KS"): [50.0], ("de", "KS"): [75.0], ("MAE", "SD"): [20.0], ("de", "SD"): [25.0],
    ("CLR", "KS"): [60.0],
}  # fmt: skip


def test_best_in_bold_and_improvements() -> None:
    changes = [Change("en-de", "MAE", ("de",)), Change("x", "MAE", ("CLR",))]
    page = format_panel(panel(FOUND), changes)
    lines = page.splitlines()
    assert "|frozen model|KS: Accuracy %|SD: DER %|" in lines
    assert "|MAE|50.0|**20.0**|" in lines and "|de|**75.0**|25.0|" in lines
    assert "|CLR|60.0|-|" in lines
    assert "|en-de|+50.0|-25.0|" in lines and "|x|+20.0|-|" in lines
    assert "KS: higher is better; SD: lower is better" in page and "One seed each" in page


def test_intervals_over_seeds() -> None:
    page = format_panel(panel({("MAE", "KS"): [50.0, 52.0, 54.0]}))
    assert "**52.0 [47.0, 57.0]**" in page and "95% intervals" in page
    assert "Relative" not in page


def test_what_is_published_beside_ours() -> None:
    said = [
        Improvement(about="en-de", task="KS", percent=27.52, note="Fig. 2"),
        Improvement(about="en-de", task="SD", better=False),
        Improvement(about="en-nl", task="KS", percent=-1.0),
        Improvement(about="en-de", task="IC", better=True),
    ]
    page = format_panel(panel(FOUND), [Change("en-de", "MAE", ("de",))], said)
    lines = page.splitlines()
    assert "|en-de|KS|+27.52 %|+50.0 %|Fig. 2|" in lines
    assert "|en-de|SD|worse|-25.0 %||" in lines
    assert "|en-nl|KS|-1.00 %|-||" in lines, "no such change is compared"
    assert "|en-de|IC|better|not run here||" in lines
