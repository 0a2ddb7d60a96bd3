"""The gap: formulas, identity, both averages, intervals over seeds, and what does not belong."""

from __future__ import annotations

import json
from itertools import product

import pytest

from espnet_av.bin import gap as gap_bin
from espnet_av.score.gap.gap import Estimate, make_gap
from espnet_av.score.gap.runs import Trained

PUBLISHED = {"y": 31.5, "w": 8.04, "x": 10.84, "z": 26.74}
# One error a model that gives the published figures.
ERRORS = {
    ("SSL", True): 10.0,
    ("SSL", False): 13.15,
    ("VGS+", True): 8.916,
    ("VGS+", False): 9.6337,
}
PLACES = list(product(("en", "fr"), ("within", "across")))


def systems(spread=0.0, seeds=(1, 2, 3)):
    """Six systems whose errors differ by place and, with `spread`, by seed."""
    found = []
    for name, learned in product(("SSL", "VGS+"), ("en", "fr", "all")):
        base = ERRORS[name, learned != "all"]
        rates = {
            place: {
                seed: base * (0.8, 1.0, 1.2, 1.0)[n] + spread * (seed - 2) * (learned == "all")
                for seed in seeds
            }
            for n, place in enumerate(PLACES)
        }
        found.append(Trained(name, learned, rates))
    return found


def test_the_published_figures_agree_with_each_other():
    gap = make_gap(systems(), "SSL", "VGS+")
    for name, percent in PUBLISHED.items():
        assert 100 * gap.of_means[name].mean == pytest.approx(percent, abs=0.02)
    assert gap.identity < 1e-12
    assert gap.of_means["y > w"].mean > 0 and gap.of_means["z > x"].mean > 0
    assert gap.of_means["y"].half_width == pytest.approx(0, abs=1e-12)


def test_means_of_ratios_are_other_figures():
    found = systems()
    found[2].errors["en", "within"] = dict.fromkeys((1, 2, 3), 12.0)  # SSL all
    gap = make_gap(found, "SSL", "VGS+")
    assert gap.of_cells["y"].mean == pytest.approx((12 / 8 + 3 * 1.315) / 4 - 1)
    assert gap.of_means["y"].mean == pytest.approx((12 + 3.2 * 13.15) / 40 - 1)
    assert gap.identity < 1e-12


def test_intervals_are_over_seeds():
    gap = make_gap(systems(spread=0.5), "SSL", "VGS+")
    # 0.265, 0.315, 0.365: a standard deviation of 0.05, and t of 2 degrees is 4.3027.
    assert gap.of_means["y"].values == pytest.approx((0.265, 0.315, 0.365))
    assert gap.of_means["y"].half_width == pytest.approx(4.302653 * 0.05 / 3**0.5)
    assert Estimate((0.1,)).half_width is None


def scores(root, name, learned, seed, errors, **changes):
    """A `scores.json` of the ABX of both sets."""
    records = []
    for (lang, speaker), layer in product(errors, ("layer12", "mfcc")):
        axes = {"set": f"test_{lang}", "mode": "A", "noise": "clean", "missing": None}
        axes |= {"speaker": speaker, "context": "within", "layer": layer}
        rate = errors[lang, speaker] if layer == "layer12" else 30.0
        records.append(
            {
                "axes": axes,
                "train_seed": seed,
                "abx": {"rate": rate},
                "triplets": {"items": lang * 16},
            }
        )
    way = {"metric": "abx", "abx": {"slice": "correct", "distance": "angular"}} | changes
    path = root / f"{name}_{learned}_{seed}.json"
    path.write_text(json.dumps({"conditions": records, "scoring": way}))
    return str(path)


def arguments(root, found, output=None):
    words = ["--sets", "en=test_en", "fr=test_fr", "--layer", "layer12"]
    words += ["--without", "SSL", "--with_pictures", "VGS+"]
    for system in found:
        files = [
            scores(
                root,
                system.name,
                system.learned,
                seed,
                {p: r[seed] for p, r in system.errors.items()},
            )
            for seed in (1, 2, 3)
        ]
        words += ["--system", system.name, system.learned, *files]
    return [*words, *(["--output", str(output)] if output else [])]


def test_page_and_picture(tmp_path, capsys):
    found = systems(spread=0.1)
    words = arguments(tmp_path, found, tmp_path / "gap.md")
    gap_bin.main([*words, "--published", "y=31.5", "w=8.04"])
    page = (tmp_path / "gap.md").read_text(encoding="utf-8")
    assert page.startswith(capsys.readouterr().out)
    assert "|MFCC|nothing|-|30.00|30.00|30.00|" in page
    assert "|SSL|one each|3/3|8.00 ± 0.00|12.00 ± 0.00|10.00 ± 0.00|" in page
    assert "|y|gap without pictures|31.50 [" in page and "|31.5|" in page
    assert "**y > w holds here**" in page and "in 3 of 3 seeds" in page
    assert "Identity 1 + w" in page and "slice correct; distance angular" in page
    assert "### Models of one language on the other" in page
    assert (tmp_path / "gap.png").stat().st_size > 10_000


def test_claims_are_told_whichever_way_they_point():
    from espnet_av.score.gap.table import format_gap

    found = systems()
    for place in PLACES:
        found[5].errors[place] = dict.fromkeys((1, 2, 3), 20.0)  # VGS+ all
    gap = make_gap(found, "SSL", "VGS+")
    page = format_gap(found, gap, layer="layer12", names=("SSL", "VGS+"), published={})
    assert "**y > w does not hold here**" in page and "**z > x does not hold here**" in page


def test_further_figures_stand_beside(tmp_path, capsys):
    found = systems()
    words = arguments(tmp_path, found)
    axes = {"mode": "A", "noise": "clean", "missing": None}
    records = [
        {"axes": axes | {"set": "test_all", "speaker": "within", "layer": "layer12"},
         "train_seed": 1, "abx_language": {"rate": 22.98}, "triplets": {"items": "x"}},
    ]  # fmt: skip
    more = tmp_path / "languages.json"
    more.write_text(json.dumps({"conditions": records, "scoring": {"metric": "abx_language"}}))
    recall = {"axes": axes | {"set": "test_fr", "direction": "speech to image"}, "train_seed": 1,
              "r1": {"rate": 12.0}, "r10": {"rate": 50.0}}  # fmt: skip
    retrieval = tmp_path / "retrieval.json"
    retrieval.write_text(json.dumps({"conditions": [recall], "scoring": {"metric": "r1"}}))
    place = words.index("VGS+", words.index("--system")) + 1
    assert words[place] == "en"
    gap_bin.main([*words, str(more), str(retrieval)])  # of the last system, VGS+ all
    page = capsys.readouterr().out
    assert "|VGS+|all|12.00|50.00|22.98|" in page


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.pop(4), "no --system VGS. fr; the gap needs en, fr, all"),
        (lambda f: f.pop(2), "no --system SSL all"),
        (lambda f: f.append(f[0]), "--system SSL en: is given twice"),
    ],
)
def test_what_is_missing_is_named(tmp_path, change, message):
    found = systems()
    change(found)
    with pytest.raises(SystemExit, match=message):
        gap_bin.main(arguments(tmp_path, found))


def test_what_does_not_belong_together(tmp_path):
    words = arguments(tmp_path, systems())
    one = dict.fromkeys(PLACES, 5.0)
    scores(tmp_path, "SSL", "fr", 2, one, abx={"slice": "zerospeech2021"})
    with pytest.raises(SystemExit, match="way of scoring abx differs from that of another"):
        gap_bin.main(words)
    for seed in (1, 2, 3):
        scores(tmp_path, "SSL", "fr", seed, one, abx={"slice": "zerospeech2021"})
    with pytest.raises(SystemExit, match="SSL fr: way of scoring abx differs from that of SSL en"):
        gap_bin.main(words)
    words = arguments(tmp_path, systems())
    with pytest.raises(SystemExit, match="same figure of seed 1 already"):
        gap_bin.main([*words, words[-1].replace("_3.json", "_1.json")])
    with pytest.raises(SystemExit, match="no ABX errors of layer3 of test_en, test_fr"):
        gap_bin.main([w.replace("layer12", "layer3") for w in words])
    with pytest.raises(SystemExit, match=r"--sets en: expected NAME=VALUE"):
        gap_bin.main([w.replace("en=test_en", "en") for w in words])
    with pytest.raises(SystemExit, match=r"--system SSL de .*: expected a name"):
        gap_bin.main([*words, "--system", "SSL", "de", words[-1]])
    with pytest.raises(SystemExit, match="q: choices: y, w, x, z"):
        gap_bin.main([*words, "--published", "q=1"])
    (tmp_path / "SSL_en_1.json").write_text('{"conditions": []}')
    with pytest.raises(SystemExit, match=r"SSL_en_1\.json: no scores, or of an older version"):
        gap_bin.main(words)


def test_seeds_that_are_not_common():
    found = systems()
    for place in PLACES:
        found[1].errors[place] = {9: 1.0}
    with pytest.raises(ValueError, match="no seed is common to all"):
        make_gap(found, "SSL", "VGS+")


def test_an_error_of_nothing_has_no_ratio():
    found = systems()
    for place in PLACES:
        for n in (0, 1):
            found[n].errors[place] = dict.fromkeys((1, 2, 3), 0.0)
    with pytest.raises(ValueError, match="an error is 0 %"):
        make_gap(found, "SSL", "VGS+")
