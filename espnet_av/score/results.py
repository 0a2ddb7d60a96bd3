"""RESULTS.md from `scores.json`: nothing in it is typed by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from espnet_av.score.matrix import NOT_RUN, Record, format_markdown, matrix, noise_order, sets_of

Scores = Mapping[str, Any]
_MODE_ORDER = ("A", "V", "AV")


def format_results(scores: Scores) -> str:
    """The whole page: where the numbers come from, targets, matrices, ESPnet's tables."""
    records = sorted(
        scores["conditions"],
        key=lambda r: (r["set"], _MODE_ORDER.index(r["mode"]), noise_order(r["noise"])),
    )
    parts = ["# RESULTS", _environment(scores), f"## {scores['decode_dir']}", _model(scores)]
    if scores["targets"]:
        parts += ["### Targets", _targets(scores["targets"])]
    parts.append("### WER by mode and noise (percent, with 95 % confidence interval)")
    parts += [format_markdown(matrix(records, name)) for name in sets_of(records)]
    for metric in ("wer", "cer"):
        parts += [f"### {metric.upper()}", _counts(records, metric)]
    parts += _groups(records)
    parts += _positions(records)
    if scores["pictures"]:
        parts.append("### Pictures")
        parts += [f"![{name}]({name})" for name in scores["pictures"]]
    return "\n\n".join(parts) + "\n"


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
    decode_sec = sum(record["decode_sec"] for record in scores["conditions"])
    audio_sec = sum(record["audio_sec"] for record in scores["conditions"])
    lines = [
        f"- checkpoint: {first['exp_dir']}/{first['checkpoint']}",
        f"- parameters: {first['num_parameters'] / 1e6:.2f} M",
        *_training(scores["training"]),
        f"- seeds: training {first['train_seed']}, noise {first['seed']}, bootstrap "
        f"{scores['bootstrap']['seed']} ({scores['bootstrap']['num_resamples']} resamples)",
        f"- decoding: {decode_sec:.1f} s for {audio_sec / 3600:.2f} h on {first['device']} "
        f"(real-time factor {decode_sec / audio_sec:.4f}); `{scores['decode_config']}`",
        f"- decoding command: `{scores['decode_command']}`",
        f"- text normaliser: {scores['normaliser']}",
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
        got = row["got"]
        rows.append(
            [
                row["set"] + (f" ({row['lang']})" if row["lang"] else ""),
                row["mode"],
                row["noise"],
                row["metric"].upper(),
                f"{'' if row['op'] == '~' else row['op'] + ' '}{row['target']:.1f}",
                NOT_RUN if got is None else f"{got:.1f}",
                "" if got is None else f"{got - row['target']:+.1f}",
                {True: "yes", False: "**no**", None: ""}[row["met"]],
                row["note"],
            ]
        )
    return format_markdown(rows, left=(0, 1, 2, 3, 7, 8))


def _counts(records: Sequence[Record], metric: str) -> str:
    rows = [["dataset", "Snt", "Wrd", "Corr", "Sub", "Del", "Ins", "Err", "S.Err"]]
    for record in records:
        counts = record[metric]
        shares = [
            counts["hits"],
            counts["substitutions"],
            counts["deletions"],
            counts["insertions"],
        ]
        noise = record["noise"].replace(":", "_") + ("" if record["noise"] == "clean" else "dB")
        rows.append(
            [
                f"{record['set']}/{record['mode']}_{noise}",
                str(counts["num_utts"]),
                str(counts["num_ref"]),
                *(f"{100 * share / counts['num_ref']:.1f}" for share in shares),
                f"{counts['rate']:.1f}",
                f"{100 * counts['num_wrong_utts'] / counts['num_utts']:.1f}",
            ]
        )
    return format_markdown(rows)


def _groups(records: Sequence[Record]) -> list[str]:
    """One WER table for each kind of group: conditions down, groups across, then their mean."""
    parts = []
    for key, title in (("by_lang", "language"), ("by_category", "category")):
        chosen = [record for record in records if key in record]
        if not chosen:
            continue
        names = sorted({name for record in chosen for name in record[key]})
        rows = [["condition", *names, "mean"]]
        for record in chosen:
            rates = [record[key][name]["wer"]["rate"] for name in names if name in record[key]]
            rows.append(
                [
                    _title(record),
                    *(
                        f"{record[key][name]['wer']['rate']:.1f}" if name in record[key] else "-"
                        for name in names
                    ),
                    f"{sum(rates) / len(rates):.1f}",
                ]
            )
        parts += [f"### WER by {title} (percent; unweighted mean)", format_markdown(rows)]
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
    return f"{record['set']} {record['mode']} {record['noise']}"
