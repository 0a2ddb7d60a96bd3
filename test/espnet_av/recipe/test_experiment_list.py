"""Lists of experiments: what is read, and what is refused before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from espnet_av.errors import ConfigError
from espnet_av.recipe.comparisons import tables
from espnet_av.recipe.experiment_list import load_experiments
from espnet_av.recipe.named import named_experiments
from espnet_av.recipe.options import Options

LIST = """
defaults: {units_config: u.yaml, sets: [speech_en]}
tests:
  words: {sets: [test], modes: [A], noises: [clean]}
experiments:
  vgs_en: {config: v.yaml, from: hubert_en, units: "hubert_en:12", override: [a=1]}
  hubert_en: {config: h.yaml, units: mfcc}
  read: {config: r.yaml, from: vgs_en, tokens: {type: word}, seeds: [1, 2], tests: [words]}
  again: {config: r.yaml, from: read, tokens: {}, seeds: [2], sets: [train], tests: [words]}
tables:
  results/x.md: {rows: {read: first, again: more}}
"""


def load(tmp_path: Path, text: str = LIST, **options: str) -> tuple[list, list]:
    """Experiments and tables."""
    path = tmp_path / "experiments.yaml"
    path.write_text(text, encoding="utf-8")
    full = Options(**options).with_defaults()  # type: ignore[arg-type]
    found = load_experiments(path)
    return named_experiments(found, full), tables(found, full)


def test_experiments_come_after_what_they_start_from(tmp_path: Path) -> None:
    experiments, (table,) = load(tmp_path)
    names = [(named.name, named.level, named.experiment.kind) for named in experiments]
    assert names == [
        ("hubert_en", 1, "avssl"),
        ("vgs_en", 2, "avssl"),
        ("read_s1", 3, "finetune"),
        ("read_s2", 3, "finetune"),
        ("again_s2", 4, "finetune"),
    ]
    _, vgs, read, _, again = (named.experiment for named in experiments)
    assert (vgs.start, vgs.units.source, vgs.units.layer) == ("exp/hubert_en", "exp/hubert_en", 12)
    assert (vgs.args, vgs.train_set) == ("--override a=1", "speech_en")
    assert (read.args, read.start, again.start) == (
        "--override seed=1",
        "exp/vgs_en",
        "exp/read_s2",
    )
    assert (read.tokens.out, again.tokens.out) == (
        "data/token_list/word_speech_en",
        "data/token_list/char",
    )
    assert read.tests[0].out == "exp/read_s1/decode"
    assert table.rows[1] == (("more",), ("exp/again_s2/decode/scores.json",))


def test_one_of_them_with_what_it_starts_from(tmp_path: Path) -> None:
    experiments, _ = load(tmp_path, only="read_s2")
    assert [named.name for named in experiments] == ["hubert_en", "vgs_en", "read_s2"]
    with pytest.raises(ConfigError, match="--only red: no such experiment; did you mean read"):
        load(tmp_path, only="red")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("units: mfcc", "unit: mfcc", "unknown key 'unit'; did you mean 'units'"),
        ("units: mfcc", "from: vgs_en", "each other: .*vgs_en -> hubert_en -> vgs_en"),
        ("from: hubert_en", "from: hubert_de", "did you mean 'hubert_en'"),
        ("from: hubert_en", "start: hubert_en", "unknown key 'start'"),
        ("hubert_en:12", "hubert_en:last", "a layer is a number"),
        ("tests: [words]", "tests: [word]", "tests: there is no 'word'; did you mean 'words'"),
        ("seeds: [1, 2]", "seeds: [one]", "expected a whole number"),
        ("seeds: [2]", "seeds: [3]", r"read has the seeds \(1, 2\); say which: read_s1"),
        ("{read: first", "{rad: first", "rows: there is no 'rad'; did you mean 'read'"),
        ("units_config: u.yaml, ", "", "units need a units_config"),
        ("units: mfcc", "kind: mid", "writes text: add `tokens"),
        ("modes: [A]", "modes: [B]", "'B' is not a choice"),
        ("  hubert_en: {", "  hubert en: {", "white space"),
        ("[a=1]", "['a=1 2']", "expected key=value, without white space"),
        ("  hubert_en: {", "  mfcc: {", "mfcc is taken"),
        ("seeds: [1, 2]", "seeds: [1, 1]", "read_s1 is one of 'read' and one of 'read'"),
        ("{config: h.yaml, units: mfcc}", "h.yaml", "expected key: value pairs"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in LIST
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, LIST.replace(old, new))


def test_tests_of_one_experiment_have_folders_of_their_own(tmp_path: Path) -> None:
    more = LIST.replace("experiments:\n", "  noisy: {noises: [babble:0]}\nexperiments:\n")
    more = more.replace("seeds: [1, 2], tests: [words]", "seeds: [1, 2], tests: [words, noisy]")
    with pytest.raises(ConfigError, match="two tests write to exp/read_s1/decode; give one"):
        load(tmp_path, more)
    more = more.replace("noises: [babble:0]", 'noises: ["babble:0"], folder: noisy')
    experiments, _ = load(tmp_path, more)
    assert [t.out for t in experiments[2].experiment.tests] == [
        "exp/read_s1/decode",
        "exp/read_s1/noisy",
    ]


GOING_ON = """
tests: {}
experiments:
  hubert: {config: h.yaml, units: mfcc, units_config: m.yaml, sets: [a, b], seeds: [1, 2]}
  second: {config: h.yaml, units: "hubert:3", units_config: u.yaml, sets: [a], seeds: [1, 2]}
  vgs: {config: v.yaml, from: hubert, codebook: hubert, sets: [c], seeds: [1, 2]}
  later: {config: v.yaml, from: second, codebook: second, sets: [c], seeds: [1, 2]}
  more: {config: v.yaml, from: later_s2, codebook: later_s2, sets: [d]}
"""


def test_units_go_on(tmp_path: Path) -> None:
    experiments, _ = load(tmp_path, GOING_ON)
    units = {named.name: named.experiment.units for named in experiments}
    assert {named.experiment.kind for named in experiments} == {"avssl"}
    # MFCC are the same for every seed, and so are their labels.
    vgs = units["vgs_s2"]
    assert (vgs.out, vgs.codebook, vgs.fitted_on) == ("dump/units/vgs", "dump/units/hubert", "a_b")
    assert (vgs.config, vgs.source, vgs.layer) == ("m.yaml", "", None)
    later = units["later_s2"]
    assert (later.out, later.codebook) == ("dump/units/later_s2", "dump/units/second_s2")
    assert (later.source, later.layer, later.fitted_on) == ("exp/hubert_s2", 3, "a")
    # Of those that go on themselves, the centres are the first ones.
    more = units["more"]
    assert (more.out, more.codebook) == ("dump/units/more", "dump/units/second_s2")
    assert (more.source, more.fitted_on) == ("exp/hubert_s2", "a")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{config: v.yaml, codebook: hubrt}", r"codebook: there is no 'hubrt'; did you mean"),
        ("{config: v.yaml, codebook: exp/x}", r"codebook: there is no 'exp/x'"),
        ("{config: v.yaml, codebook: hubert}", r"codebook: hubert has the seeds \(1, 2\)"),
        (
            "{config: v.yaml, codebook: hubert_s1, units: mfcc, units_config: u.yaml}",
            r"codebook takes the units of hubert_s1; leave out units, units_config",
        ),
        ("{config: v.yaml, codebook: sound}", r"codebook: sound learns no units"),
    ],
)
def test_a_codebook_that_is_none(tmp_path: Path, entry: str, message: str) -> None:
    text = GOING_ON + "  sound: {config: w.yaml}\n" + f"  new: {entry}\n"
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, text)


GAP = """
tests: {abx: {sets: [test_en, test_fr]}, find: {folder: find}}
experiments:
  h_en: {config: h.yaml, tests: [abx], seeds: [1, 2]}
  h_fr: {config: h.yaml, tests: [abx], seeds: [1, 2]}
  h_bi: {config: h.yaml, tests: [abx], seeds: [1, 2]}
  v_en: {config: v.yaml, tests: [abx, find], seeds: [1, 2]}
  v_bi: {config: v.yaml, tests: [abx, find], seeds: [1]}
gaps:
  results/gap.md:
    sets: {en: [test_en, find_en], fr: [test_fr]}
    layer: layer4
    without: {en: h_en, fr: h_fr, all: h_bi}
    with_pictures: {en: v_en, fr: v_en, all: v_bi}
    published: {y: 31.5, w: 8.04}
"""


def test_a_gap(tmp_path: Path) -> None:
    _, (gap,) = load(tmp_path, GAP)
    assert (gap.program, gap.out) == ("gap", "results/gap.md")
    assert " ".join(gap.options) == (
        "--sets en=test_en,find_en fr=test_fr --layer layer4 --without SSL --with_pictures VGS+ "
        "--published y=31.5 w=8.04"
    )
    assert [titles for titles, _ in gap.rows] == [
        (model, learned) for model in ("SSL", "VGS+") for learned in ("en", "fr", "all")
    ]
    assert gap.rows[0][1] == (
        "exp/h_en_s1/decode/scores.json",
        "exp/h_en_s2/decode/scores.json",
    )
    assert gap.rows[-1][1] == ("exp/v_bi_s1/decode/scores.json", "exp/v_bi_s1/find/scores.json")


EFFECTS = """
tests: {both: {}}
experiments:
  a: {config: a.yaml, tests: [both], seeds: [1, 2], tokens: {}}
  a_de: {config: a.yaml, tests: [both], seeds: [1, 2], tokens: {}}
  b: {config: b.yaml, tests: [both], seeds: [1, 2], tokens: {}}
effects:
  results/e.md:
    of: [pre-training, mid-training]
    cells:
      none: {no mid: a, en-de: a_de}
      MAE: {no mid: b}
"""


def test_crossed_choices(tmp_path: Path) -> None:
    _, (found,) = load(tmp_path, EFFECTS)
    assert (found.program, found.out) == ("effects", "results/e.md")
    assert found.options == ("--of", "pre-training", "mid-training")
    assert [titles for titles, _ in found.rows] == [
        ("none", "no mid"), ("none", "en-de"), ("MAE", "no mid")
    ]  # fmt: skip
    assert found.rows[1][1] == tuple(f"exp/a_de_s{n}/decode/scores.json" for n in (1, 2))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "en-de: a_de",
            "en-de: a_dd",
            r"e.md: cells.none: there is no 'a_dd'; did",
        ),
        ("of: [pre-training, mid-training]", "of: [pre-training]", r"of"),
        ("b.yaml, tests: [both]", "b.yaml", r"b has no tests"),
    ],
)
def test_crossed_choices_that_cannot_be(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in EFFECTS
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, EFFECTS.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("all: h_bi", "all: h_be", r"gaps.results/gap.md: without: there is no 'h_be'; did you"),
        (", all: h_bi", "", r"gap.md: without: has en, fr; name an experiment for each of en, fr,"),
        ("fr: v_en", "de: v_en", r"gap.md: with_pictures: has en, de, all; name"),
        ("layer: layer4", "layer: ~", r"layer"),
        ("h_fr: {config: h.yaml, tests: [abx]", "h_fr: {config: h.yaml", r"h_fr has no tests"),
    ],
)
def test_a_gap_that_cannot_be(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GAP
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, GAP.replace(old, new))


PROBES = """
tests: {word: {}}
experiments:
  ks_a: {config: k.yaml, upstream: x/a, tests: [word]}
  ks_b: {config: k.yaml, upstream: x/b, tests: [word]}
  sd_b: {config: k.yaml, upstream: x/b, tests: [word]}
probes:
  results/p.md:
    tasks: {KS: ks, SD: sd}
    models: {a: MAE, b: MAE de}
    changes: {en-de: [a, b]}
    expected: e.yaml
"""


def test_frozen_models_of_a_list(tmp_path: Path) -> None:
    _, (table,) = load(tmp_path, PROBES)
    assert (table.program, table.out) == ("probes", "results/p.md")
    assert table.options == ("--change", "en-de", "MAE", "MAE de", "--expected", "e.yaml")
    assert table.rows == (
        (("KS", "MAE"), ("exp/ks_a/decode/scores.json",)),
        (("KS", "MAE de"), ("exp/ks_b/decode/scores.json",)),
        (("SD", "MAE de"), ("exp/sd_b/decode/scores.json",)),
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("a: MAE,", "a: MAE, c: CLR,", "models: c: there is no experiment ks_c, sd_c"),
        ("[a, b]", "[a]", "changes: en-de: name the model before, and one after"),
        ("[a, b]", "[a, c]", "changes: en-de: there is no 'c'"),
        ("sd_b: {config: k.yaml, upstream: x/b, tests: [word]}",
         "sd_b: {config: k.yaml, upstream: x/b}", "sd_b has no tests"),
    ],
)  # fmt: skip
def test_frozen_models_that_are_not_there(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in PROBES
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, PROBES.replace(old, new))
