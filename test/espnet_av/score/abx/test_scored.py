"""Frames that were decoded: every layer, an item file, and the page."""

from __future__ import annotations

import numpy as np
import pytest
from oracles import abx_set
from oracles.abx_decoded import LANGS, decoded, phones, run

from espnet_av.score.abx.items import write_items


def test_an_item_file_every_layer_and_the_page(tmp_path, capsys):
    decoded(tmp_path)
    write_items(tmp_path / "test.item", abx_set.items())
    options = f"{{items: '{tmp_path}/{{set}}.item', max_size_group: null, max_x_across: null}}"
    target = "{set: test, mode: A, target: 40, axes: {speaker: across, layer: layer3}}"
    scores = run(tmp_path, f"{{metric: abx, abx: {options}}}", target)
    found = {(r["axes"]["speaker"], r["axes"]["layer"]): r["abx"] for r in scores["conditions"]}
    assert list(found) == [(s, f"layer{n}") for s in ("within", "across") for n in (3, 12)]
    # The features are float16 in archives: equal to the golden ones to that precision.
    assert found["within", "layer3"]["rate"] == pytest.approx(43.82716, abs=0.5)
    assert found["across", "layer3"]["rate"] == pytest.approx(44.50231, abs=0.5)
    assert found["within", "layer3"]["num_cells"] == 36
    assert found["within", "layer12"]["rate"] != found["within", "layer3"]["rate"]
    assert scores["targets"][0]["got"] == found["across", "layer3"]["rate"]
    assert scores["targets"][0]["met"] is False
    assert scores["conditions"][0]["axes"]["context"] == "within"
    page = (tmp_path / "d" / "RESULTS.md").read_text(encoding="utf-8")
    assert "|A within within layer3|43." in page
    assert "### What ABX is made of" in page and "slice correct" in page
    assert "averaged over context, then speaker, then ordered pair of phones" in page
    pictures = [name for name in scores["pictures"] if name.startswith("abx")]
    assert pictures == ["abx_test_A_clean.png"], "one picture shows all talkers and layers"
    assert (tmp_path / "d" / pictures[0]).stat().st_size > 10_000


def test_phones_of_two_languages_are_two(tmp_path):
    folder = decoded(tmp_path, layers=(3,), langs=LANGS)
    phones(folder)
    scores = run(tmp_path, "{metric: abx, abx: {speaker: [within]}}")
    (record,) = scores["conditions"]
    assert sorted(p[:2] for p in record["abx"]["most_confused"]) == [
        ["en:a", "en:o"],
        ["fr:a", "fr:o"],
    ]
    parts = {lang: part["abx"] for lang, part in record["by_lang"].items()}
    assert {lang: part["num_items"] for lang, part in parts.items()} == {"en": 48, "fr": 48}
    assert record["abx"]["rate"] == pytest.approx(
        np.mean([p["rate"] for p in parts.values()]), abs=1e-3
    )
