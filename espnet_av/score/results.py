"""RESULTS.md from `scores.json`: nothing in it is typed by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from espnet_av.score.matrix import (
    MODE_ORDER,
    NOT_RUN,
    cell,
    matrix,
    noise_order,
    noise_title,
    noises_of,
    row_title,
    sets_of,
)
from espnet_av.score.metric import Metric
from espnet_av.score.missing_video import curves, missing_notes, missing_table
from espnet_av.score.published.paper_table import Block, direction
from espnet_av.score.record import Record, axes_of
from espnet_av.score.scorers import metric_of, scorer_of
from espnet_av.score.text_table import format_markdown

Scores = Mapping[str, Any]


def format_results(scores: Scores) -> str:
    """The whole page: where the numbers come from, targets, matrices, published rows, counts."""
    records = sorted(scores["conditions"], key=_order)
    metric = metric_of(scores["scoring"]["metric"])
    unit = metric.unit_words + ("" if metric.lower_is_better else f", {metric.better}")
    parts = ["# RESULTS", _environment(scores), f"## {scores['decode_dir']}", _model(scores)]
    if scores["targets"]:
        parts += ["### Targets", _targets(scores["targets"])]
    parts.append(f"### {metric.title} by mode and noise ({unit}, with 95 % confidence interval)")
    parts += [format_markdown(matrix(records, name, metric)) for name in sets_of(records)]
    parts += _derived(scores.get("derived", []), [metric])
    parts += _missing_video(scores, metric)
    if scores["tables"]:
        parts.append("### Beside the published figures")
        parts += [format_block(Block(**block)) for block in scores["tables"]]
        parts.append(direction(metric))
    parts += scorer_of(metric.name).sections(records)
    parts += _groups(records, metric)
    parts += _further(records, scores)
    parts += _positions(records)
    if scores["pictures"]:
        parts.append("### Pictures")
        parts += [f"![{name}]({name})" for name in scores["pictures"]]
    return "\n\n".join(parts) + "\n"


def _order(record: Record) -> tuple[Any, ...]:
    axes = axes_of(record)
    mode = MODE_ORDER.index(axes["mode"])
    return axes["set"], mode, noise_order(axes["noise"]), row_title(record)


def _derived(records: Sequence[Record], metrics: Sequence[Metric]) -> list[str]:
    """Groups of test sets and what is made of them: names and modes down, noises across."""
    parts = []
    for metric in metrics:
        mine = [record for record in records if metric.name in record]
        if not mine:
            continue
        noises = noises_of(mine)
        rows: dict[str, dict[str, str]] = {}
        for record in mine:
            title = f"{axes_of(record)['set']} {row_title(record)}"
            figure = metric.show(record[metric.name]["rate"])
            rows.setdefault(title, {})[axes_of(record)["noise"]] = figure
        table = [["figure", *map(noise_title, noises)]]
        table += [[title, *(row.get(n, "-") for n in noises)] for title, row in rows.items()]
        parts += [f"### {metric.heading} of groups, and made of them", format_markdown(table)]
    return parts


def _further(records: Sequence[Record], scores: Scores) -> list[str]:
    """Metrics that were asked for beside the first one: conditions down, metrics across."""
    asked = dict.fromkeys(scores["scoring"].get("metrics", ()))
    metrics = [metric_of(name) for name in asked if name != scores["scoring"]["metric"]]
    if not metrics:
        return []
    rows = [["condition", *(metric.heading for metric in metrics)]]
    rows += [[_title(record), *(cell(record, metric) for metric in metrics)] for record in records]
    signatures = [
        f"- {metric.title} ({metric.better}): {', '.join(f'`{name}`' for name in found)}"
        for metric in metrics
        if (found := dict.fromkeys(r[metric.name].get("signature") for r in records))
    ]
    parts = ["### Further metrics", format_markdown(rows), "\n".join(signatures)]
    parts += _derived(scores.get("derived", []), metrics)
    for metric in metrics:
        parts += _groups(records, metric)
    return parts


def _missing_video(scores: Scores, metric: Metric) -> list[str]:
    """A table for each test set that was decoded with less of its video."""
    records, parts = scores.get("missing_video", []), []
    for name in sets_of(records):
        lost = curves(scores["conditions"], records, name)
        parts += [format_markdown(missing_table(lost, name, metric)), *missing_notes(lost)]
    heading = f"### {metric.title} with missing video (`whole`: of the utterances; else: of frames)"
    return [heading, *parts] if parts else []


def format_block(block: Block) -> str:
    """A published table in markdown, with its heading and notes."""
    notes = [f"\\{note}" for note in block.notes]
    return "\n\n".join([f"#### {block.heading}", format_markdown(block.rows, block.left), *notes])


def _environment(scores: Scores) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in scores["versions"].items())
    lines = [
        "## Environments",
        f"- date: {scores['date']}",
        f"- git hash: {scores['git']}",
        f"- versions: {versions}",
        f"- command: `{scores['command']}`",
    ]
    return "\n".join(lines)


def _model(scores: Scores) -> str:
    first = scores["conditions"][0]
    folders = {record["folder"]: record for record in scores["conditions"]}.values()
    decode_sec = sum(record["decode_sec"] for record in folders)
    audio_sec = sum(record["audio_sec"] for record in folders)
    lines = [
        f"- checkpoint: {first['exp_dir']}/{first['checkpoint']}",
        f"- parameters: {first['num_parameters'] / 1e6:.2f} M",
        *_training(scores["training"]),
        f"- seeds: training {first['train_seed']}, noise {first['seed']}, bootstrap "
        f"{scores['bootstrap']['seed']} ({scores['bootstrap']['num_resamples']} resamples)",
        f"- decoding: {decode_sec:.1f} s for {audio_sec / 3600:.2f} h on {first['device']} "
        f"(real-time factor {decode_sec / audio_sec:.4f}); `{scores['decode_config']}`",
        f"- decoding command: `{scores['decode_command']}`",
        *scorer_of(scores["scoring"]["metric"]).comparison(scores),
    ]
    return "\n".join(lines)


def _training(training: Mapping[str, Any]) -> list[str]:
    if not training:
        return ["- training: not recorded"]
    return [
        f"- training data: {_hours(training['data_sec'])}",
        f"- training: {_hours(training['train_sec'])} on {training['hardware']}, "
        f"{training['steps']} steps",
    ]


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.2f} h" if seconds >= 360 else f"{seconds / 60:.1f} min"


def _targets(targets: Sequence[Mapping[str, Any]]) -> str:
    rows = [["set", "mode", "noise", "metric", "target", "got", "difference", "met", "source"]]
    for row in targets:
        got, metric = row["got"], metric_of(row["metric"])
        rows.append(
            [
                row["set"] + (f" ({row['lang']})" if row["lang"] else ""),
                row["mode"],
                row["noise"],
                metric.title,
                f"{'' if row['op'] == '~' else row['op'] + ' '}{metric.show(row['target'])}",
                NOT_RUN if got is None else metric.show(got),
                "" if got is None else metric.show(got - row["target"], "+"),
                {True: "yes", False: "**no**", None: ""}[row["met"]],
                row["note"],
            ]
        )
    return format_markdown(rows, left=(0, 1, 2, 3, 7, 8))


def _groups(records: Sequence[Record], metric: Metric) -> list[str]:
    """One table for each kind of group: conditions down, groups across, then their mean."""
    parts = []
    for key, title in (("by_lang", "language"), ("by_category", "category")):
        chosen = [record for record in records if key in record]
        if not chosen:
            continue
        names = sorted({name for record in chosen for name in record[key]})
        rows = [["condition", *names, "mean"]]
        for record in chosen:
            rates = {name: part[metric.name]["rate"] for name, part in record[key].items()}
            cells = [metric.show(rates[name]) if name in rates else "-" for name in names]
            rows.append([_title(record), *cells, metric.show(sum(rates.values()) / len(rates))])
        heading = f"### {metric.heading} by {title} ({metric.better}; unweighted mean)"
        parts += [heading, format_markdown(rows)]
    return parts


def _positions(records: Sequence[Record]) -> list[str]:
    chosen = [record for record in records if "accuracy_by_position" in record]
    if not chosen:
        return []
    longest = max(len(record["accuracy_by_position"]) for record in chosen)
    rows = [["condition", *(f"word {place}" for place in range(1, longest + 1))]]
    for record in chosen:
        places = [f"{value:.0f}" for value in record["accuracy_by_position"]]
        rows.append([_title(record), *places, *["-"] * (longest - len(places))])
    return ["### Words recognised by place in the sentence (percent)", format_markdown(rows)]


def _title(record: Record) -> str:
    return f"{axes_of(record)['set']} {row_title(record)} {axes_of(record)['noise']}"
