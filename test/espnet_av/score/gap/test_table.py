"""The page of a gap, whichever way it points; one seed says so."""

from oracles.gap_systems import PLACES, arguments, systems

from espnet_av.bin import gap as gap_bin
from espnet_av.score.gap.gap import make_gap
from espnet_av.score.gap.table import format_gap, show_estimate
from espnet_av.score.seeds.estimate import Estimate


def test_the_page(tmp_path, capsys):
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


def test_claims_are_told_whichever_way_they_point():
    found = systems()
    for place in PLACES:
        found[5].errors[place] = dict.fromkeys((1, 2, 3), 20.0)  # VGS+ all
    gap = make_gap(found, "SSL", "VGS+")
    page = format_gap(found, gap, layer="layer12", names=("SSL", "VGS+"), published={})
    assert "**y > w does not hold here**" in page and "**z > x does not hold here**" in page


def test_a_claim_is_open_where_seeds_do_not_agree():
    found = systems()
    for place in PLACES:  # VGS+ all: one seed far worse than the others
        found[5].errors[place] = {1: 1.0, 2: 1.0, 3: 30.0}
    gap = make_gap(found, "SSL", "VGS+")
    page = format_gap(found, gap, layer="layer12", names=("SSL", "VGS+"), published={})
    assert "**y > w is open**" in page and "in 2 of 3 seeds; 0 is inside the interval" in page


def test_one_seed_says_nothing_of_others():
    found = systems(seeds=(1,))
    gap = make_gap(found, "SSL", "VGS+")
    page = format_gap(found, gap, layer="layer12", names=("SSL", "VGS+"), published={})
    assert "one seed says nothing of others" in page and "|y|gap without pictures|31.50|" in page


def test_estimates():
    assert show_estimate(Estimate((0.315,))) == "31.50"
    assert show_estimate(Estimate((0.1, 0.2))) == "15.00 [-48.53, 78.53]"
