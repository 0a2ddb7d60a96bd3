"""What a score is made of, condition by condition: ESPnet's table of errors, the parts of BLEU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from espnet_av.score.text_table import format_markdown


def error_counts(records: Sequence[Mapping[str, Any]], rate: str) -> str:
    """ESPnet's table of an error rate: sentences, units, and the share of each kind in percent."""
    rows = [["dataset", "Snt", "Wrd", "Corr", "Sub", "Del", "Ins", "Err", "S.Err"]]
    for record in records:
        counts = record[rate]
        shares = [
            counts["hits"],
            counts["substitutions"],
            counts["deletions"],
            counts["insertions"],
        ]
        rows.append(
            [
                dataset_name(record),
                str(counts["num_utts"]),
                str(counts["num_ref"]),
                *(f"{100 * share / counts['num_ref']:.1f}" for share in shares),
                f"{counts['rate']:.1f}",
                f"{100 * counts['num_wrong_utts'] / counts['num_utts']:.1f}",
            ]
        )
    return format_markdown(rows)


def bleu_parts(records: Sequence[Mapping[str, Any]], metric: str) -> str:
    """Precisions of 1- to 4-grams in percent, brevity penalty and lengths in tokens."""
    orders = [f"{order}-gram" for order in range(1, 5)]
    rows = [["dataset", "Snt", *orders, "BP", "tokens", "of reference", "BLEU"]]
    for record in records:
        bleu = record[metric]
        rows.append(
            [
                dataset_name(record),
                str(bleu["num_utts"]),
                *(f"{precision:.1f}" for precision in bleu["precisions"]),
                f"{bleu['brevity_penalty']:.3f}",
                str(bleu["num_hyp"]),
                str(bleu["num_ref"]),
                f"{bleu['rate']:.1f}",
            ]
        )
    return format_markdown(rows)


def dataset_name(record: Mapping[str, Any]) -> str:
    """`test/AV_babble_0dB`, as ESPnet's tables name a condition."""
    noise = record["noise"].replace(":", "_") + ("" if record["noise"] == "clean" else "dB")
    return f"{record['set']}/{record['mode']}_{noise}"
