"""Gaps and gains: y, w, x and z of a model without and with pictures, one language and all.

gap = (E of all - E of one) / E of one; gain = (E without - E with pictures) / E without. With one
error a model, 1 + w = (1 + y) (1 - z) / (1 - x); means of the ratios of cells do not obey it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from espnet_av.errors import ConfigError
from espnet_av.score.gap.runs import ALL, ItemPlace, Trained
from espnet_av.score.seeds.estimate import Estimate

NAMES = {
    "y": "gap without pictures",
    "w": "gap with pictures",
    "x": "gain of one language",
    "z": "gain of all languages",
}
"""What is measured; `y - w` and `z - x` are said to be above 0."""
CLAIMS = {"y > w": ("y", "w"), "z > x": ("z", "x")}
_Errors = Mapping[str, float]


@dataclass(frozen=True)
class MultilingualGap:
    """All figures of a comparison."""

    seeds: list[int]
    of_means: dict[str, Estimate]
    """y, w, x, z and the claims, from one error a model."""
    of_cells: dict[str, Estimate]
    """The same as means of the ratios of cells."""
    identity: float
    """How far the figures of means are from 1 + w = (1 + y) (1 - z) / (1 - x), at most."""


def errors_of(
    systems: Sequence[Trained], name: str, *, one: bool, seed: int
) -> dict[ItemPlace, float]:
    """Place -> error of a model that learned that language alone, or all."""
    found: dict[ItemPlace, float] = {}
    for system in systems:
        if system.name != name or (system.learned != ALL) != one:
            continue
        for place, rates in system.errors.items():
            if system.learned in (ALL, place[0]):
                found[place] = rates[seed]
    return found


def make_gap(systems: Sequence[Trained], without: str, with_pictures: str) -> MultilingualGap:
    """Measure the gap.

    Args:
        systems: all that were trained; each of the two models on each language and on all.
        without: name of the model without pictures.
        with_pictures: of the other.

    Raises:
        ConfigError: one is missing, or both are one, or they have no seed in common.
    """
    if without == with_pictures:
        msg = f"--without {without} --with_pictures {without}: a gain is of one over another"
        raise ConfigError(msg)
    chosen = [s for s in systems if s.name in (without, with_pictures)]
    chosen = _for_every_seed(chosen, without)
    places = {place for s in chosen for place in s.errors}
    langs = sorted({lang for lang, _ in places})
    for name in (without, with_pictures):
        learned = {s.learned for s in chosen if s.name == name}
        lacking = [word for word in (*langs, ALL) if word not in learned]
        if lacking:
            msg = (
                f"{name}: no --system {name} {lacking[0]}; the gap needs {', '.join((*langs, ALL))}"
            )
            raise ConfigError(msg)
    seeds = sorted(set.intersection(*(s.seeds for s in chosen)))
    if not seeds:
        told = "; ".join(f"{s.title}: {sorted(s.seeds)}" for s in chosen)
        msg = f"no seed is common to all ({told}); train each with the same ones"
        raise ConfigError(msg)
    means, cells, identity = [], [], 0.0
    for seed in seeds:
        four = [
            errors_of(chosen, name, one=one, seed=seed)
            for name in (without, with_pictures)
            for one in (True, False)
        ]
        if any(set(errors) != set(four[0]) for errors in four):
            msg = f"seed {seed}: not every model was measured at {sorted(places)}; score all (11)"
            raise ConfigError(msg)
        means.append(_ratios(*(fmean(errors.values()) for errors in four)))
        each = [_ratios(*(errors[place] for errors in four)) for place in sorted(four[0])]
        cells.append({name: fmean(ratios[name] for ratios in each) for name in NAMES})
        y, w, x, z = (means[-1][name] for name in NAMES)
        identity = max(identity, abs(1 + w - (1 + y) * (1 - z) / (1 - x)))
    return MultilingualGap(seeds, _estimates(means), _estimates(cells), identity)


def _for_every_seed(systems: Sequence[Trained], without: str) -> list[Trained]:
    """Models that were trained once are what every seed of those with pictures started from."""
    once = {seed for s in systems if s.name == without for seed in s.seeds}
    later = [s.seeds for s in systems if s.name != without]
    seeds = set.intersection(*later) if later else set()
    if len(once) != 1 or len(seeds) < 2:
        return list(systems)
    spread = {
        id(s): {p: dict.fromkeys(seeds, rates[min(once)]) for p, rates in s.errors.items()}
        for s in systems
        if s.name == without and s.seeds
    }
    return [replace(s, errors=spread.get(id(s), s.errors)) for s in systems]


def _ratios(one: float, every: float, seen_one: float, seen_every: float) -> dict[str, float]:
    if 0 in (one, every, seen_one):
        msg = "an error is 0 %, so there are no ratios to it; take a harder set, or another layer"
        raise ConfigError(msg)
    return {
        "y": (every - one) / one,
        "w": (seen_every - seen_one) / seen_one,
        "x": (one - seen_one) / one,
        "z": (every - seen_every) / every,
    }


def _estimates(found: Sequence[_Errors]) -> dict[str, Estimate]:
    def of(value: Callable[[_Errors], float]) -> Estimate:
        return Estimate(tuple(value(errors) for errors in found))

    figures = {name: of(lambda e, name=name: e[name]) for name in NAMES}  # type: ignore[misc]
    claims = {
        claim: of(lambda e, a=a, b=b: e[a] - e[b])  # type: ignore[misc]
        for claim, (a, b) in CLAIMS.items()
    }
    return figures | claims
