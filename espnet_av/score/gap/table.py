"""The gap as a page: errors by model and language, gaps and gains, and what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from espnet_av.score.gap.gap import CLAIMS, NAMES, MultilingualGap
from espnet_av.score.gap.runs import ALL, ItemPlace, Trained
from espnet_av.score.seeds.estimate import LEVEL, Estimate
from espnet_av.score.text_table import format_markdown

_TALKERS = ("within", "across")
_NOTHING = "-"


def format_gap(
    systems: Sequence[Trained],
    gap: MultilingualGap,
    *,
    layer: str,
    names: tuple[str, str],
    published: Mapping[str, float],
) -> str:
    """Markdown of everything.

    Args:
        systems: all that were trained.
        gap: made of them.
        layer: of the features.
        names: the model without pictures, and that with them.
        published: y, w, x and z in percent, to stand beside.
    """
    langs = sorted({lang for s in systems for lang, _ in s.errors})
    parts = [
        f"### ABX error (%) of {layer}: mean ± standard deviation over seeds",
        format_markdown(_errors(systems, langs, names)),
        _header(systems, gap),
        "### Gaps and gains (%)",
        format_markdown(_figures(gap, published)),
        f"gap = (all - one) / one, gain = (without - with pictures) / without; {names[0]} without, "
        f"{names[1]} with. In brackets: {LEVEL:.0%} interval over seeds (t, paired). Of means: one "
        "error a model, the mean over languages and talkers; of cells: mean of their ratios, which "
        "does not obey the identity.",
        f"Identity 1 + w = (1 + y)(1 - z) / (1 - x): off by {gap.identity:.1e}",
        *(_claim(gap, claim) for claim in CLAIMS),
    ]
    off = _off_language(systems, langs)
    if len(off) > 1:
        parts += ["### Models of one language on the other (ABX error, %)", format_markdown(off)]
    others = _others(systems)
    if len(others) > 1:
        parts += ["### Languages and retrieval (%)", format_markdown(others)]
    return "\n\n".join(parts) + "\n"


def _errors(
    systems: Sequence[Trained], langs: Sequence[str], names: tuple[str, str]
) -> list[list[str]]:
    talkers = [t for t in _TALKERS if any((lang, t) in s.errors for s in systems for lang in langs)]
    heads = [f"{t} {word}" for t in talkers for word in (*langs, "mean")]
    rows = [["model", "learned", "n", *heads]]
    control: dict[ItemPlace, float] = {}
    for system in systems:
        control |= system.control
    if control:
        rates = {place: {0: value} for place, value in control.items()}
        rows.append(["MFCC", "nothing", _NOTHING, *_row(rates, langs, talkers)])
    for name in names:
        for one in (True, False):
            mine = [s for s in systems if s.name == name and (s.learned != ALL) == one]
            rates = {
                place: found
                for s in mine
                for place, found in s.errors.items()
                if s.learned in (ALL, place[0])
            }
            counts = "/".join(str(len(s.seeds)) for s in mine)
            learned = "one each" if one else ALL
            rows.append([name, learned, counts, *_row(rates, langs, talkers)])
    return rows


def _row(
    rates: Mapping[ItemPlace, Mapping[int, float]], langs: Sequence[str], talkers: Sequence[str]
) -> list[str]:
    cells = []
    for talker in talkers:
        found = [rates.get((lang, talker), {}) for lang in langs]
        cells += [_show(list(values.values())) for values in found]
        common = set.intersection(*(set(values) for values in found))
        cells.append(_show([fmean(values[seed] for values in found) for seed in sorted(common)]))
    return cells


def _show(values: Sequence[float]) -> str:
    if not values:
        return _NOTHING
    spread = f" ± {stdev(values):.2f}" if len(values) > 1 else ""
    return f"{fmean(values):.2f}{spread}"


def _header(systems: Sequence[Trained], gap: MultilingualGap) -> str:
    facts: dict[str, Any] = {}
    for system in systems:
        facts |= system.facts
    way = facts.get("way of scoring abx", {}).get("abx", {})
    told = [f"{key} {value}" for key, value in way.items() if value != ""]
    told += [f"{key} {value[:16]}" for key, value in facts.items() if key.startswith("items of")]
    return f"Seeds of all: {', '.join(map(str, gap.seeds))}{_left_out(systems, gap)}. " + "; ".join(
        told
    )


def _left_out(systems: Sequence[Trained], gap: MultilingualGap) -> str:
    """Seeds that some systems lack."""
    once = {seed for s in systems if len(s.seeds) == 1 for seed in s.seeds}
    told = []
    for seed in sorted({seed for s in systems for seed in s.seeds} - {*gap.seeds} - once):
        lacking = ", ".join(s.title for s in systems if seed not in s.seeds)
        told.append(f"{seed} (not of {lacking})")
    return f", without {', '.join(told)}" if told else ""


def _figures(gap: MultilingualGap, published: Mapping[str, float]) -> list[list[str]]:
    rows = [["", "what", "of means", "of cells", *(["published"] if published else [])]]
    for name, words in NAMES.items():
        both = (show_estimate(found[name]) for found in (gap.of_means, gap.of_cells))
        beside = [f"{published[name]:g}" if name in published else _NOTHING] if published else []
        rows.append([name, words, *both, *beside])
    return rows


def show_estimate(estimate: Estimate) -> str:
    """`31.5 [20.1, 42.9]` in percent."""
    mean, half = 100 * estimate.mean, estimate.half_width
    if half is None:
        return f"{mean:.2f}"
    return f"{mean:.2f} [{mean - 100 * half:.2f}, {mean + 100 * half:.2f}]"


def _claim(gap: MultilingualGap, claim: str) -> str:
    """Whether it holds here, in words."""
    estimate = gap.of_means[claim]
    held = sum(value > 0 for value in estimate.values)
    count = len(estimate.values)
    verdict = "holds here" if estimate.mean > 0 else "does not hold here"
    half = estimate.half_width
    if half is None:
        sure = "one seed says nothing of others"
    elif abs(estimate.mean) > half:
        sure = "0 is outside the interval"
    else:
        verdict = "is open"
        sure = "0 is inside the interval, so another draw of seeds may say otherwise"
    left, right = CLAIMS[claim]
    difference = f"{left} - {right} = {show_estimate(estimate)} points"
    return f"**{claim} {verdict}**: {difference}, in {held} of {count} seeds; {sure}."


def _off_language(systems: Sequence[Trained], langs: Sequence[str]) -> list[list[str]]:
    talkers = [t for t in _TALKERS if any((lang, t) in s.errors for s in systems for lang in langs)]
    rows = [["model", "learned", *(f"{t} {lang}" for t in talkers for lang in langs)]]
    for system in systems:
        foreign = [p for p in system.errors if system.learned not in (ALL, p[0])]
        if foreign:
            cells = [
                _show(list(system.errors.get((lang, t), {}).values()))
                for t in talkers
                for lang in langs
            ]
            rows.append([system.name, system.learned, *cells])
    return rows


def _others(systems: Sequence[Trained]) -> list[list[str]]:
    titles = sorted({title for system in systems for title in system.others})
    if not titles:
        return []
    rows = [["model", "learned", *titles]]
    for system in systems:
        if system.others:
            cells = [_show(list(system.others.get(title, {}).values())) for title in titles]
            rows.append([system.name, system.learned, *cells])
    return rows
