"""Tables of a list: its experiments and translations side by side, and gaps of languages."""

from __future__ import annotations

from itertools import chain

from espnet_av.recipe.experiment import ComparisonTable
from espnet_av.recipe.experiment_list import ExperimentList
from espnet_av.recipe.named import experiment_of
from espnet_av.recipe.options import Options
from espnet_av.recipe.result_entries import EffectsEntry, GapEntry, ProbesEntry
from espnet_av.recipe.translations import translation_of


def tables(found: ExperimentList, options: Options) -> list[ComparisonTable]:
    """The comparisons of a list."""
    compared = [
        ComparisonTable(
            out=out,
            rows=tuple(
                ((title,), tuple(scores[0] for scores in _scores(found, name, options)))
                for name, title in table.rows.items()
            ),
        )
        for out, table in found.tables.items()
    ]
    gaps = [_gap(out, gap, found, options) for out, gap in found.gaps.items()]
    effects = [_effects(out, entry, found, options) for out, entry in found.effects.items()]
    probes = [_probes(out, entry, found, options) for out, entry in found.probes.items()]
    return [*compared, *gaps, *effects, *probes]


def _probes(
    out: str, entry: ProbesEntry, found: ExperimentList, options: Options
) -> ComparisonTable:
    changes = {title: [entry.models[m] for m in names] for title, names in entry.changes.items()}
    said = ("--expected", entry.expected) if entry.expected else ()
    told = (w for title, models in changes.items() for w in ("--change", title, *models))
    return ComparisonTable(
        out=out,
        rows=tuple(
            (titles, tuple(scores[0] for scores in _scores(found, name, options)))
            for titles, name in entry.cells(found.experiments).items()
        ),
        program="probes",
        options=(*told, *said),
    )


def _effects(
    out: str, entry: EffectsEntry, found: ExperimentList, options: Options
) -> ComparisonTable:
    return ComparisonTable(
        out=out,
        rows=tuple(
            ((row, column), tuple(scores[0] for scores in _scores(found, name, options)))
            for row, columns in entry.cells.items()
            for column, name in columns.items()
        ),
        program="effects",
        options=("--of", *entry.of),
    )


def _gap(out: str, gap: GapEntry, found: ExperimentList, options: Options) -> ComparisonTable:
    told = {
        "--sets": [f"{language}={','.join(names)}" for language, names in gap.sets.items()],
        "--layer": [gap.layer],
        "--without": [gap.titles[0]],
        "--with_pictures": [gap.titles[1]],
        "--published": [f"{name}={value:g}" for name, value in gap.published.items()],
    }
    groups = zip(gap.titles, (gap.without, gap.with_pictures), strict=True)
    return ComparisonTable(
        out=out,
        rows=tuple(
            ((title, learned), tuple(chain(*_scores(found, name, options))))
            for title, group in groups
            for learned, name in group.items()
        ),
        program="gap",
        options=tuple(w for option, words in told.items() if words for w in (option, *words)),
    )


def _scores(found: ExperimentList, name: str, options: Options) -> list[list[str]]:
    """For each seed those of all tests."""
    if name in found.translations:
        return [[f"{t.test.out}/scores.json"] for t in translation_of(found, name, options)]
    return [
        [f"{test.out}/scores.json" for test in experiment_of(found, name, seed, options).tests]
        for seed in found.experiments[name].seeds or (None,)
    ]
