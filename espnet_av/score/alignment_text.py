"""Texts side by side to read: alignments in the manner of sclite's `.pra` files, translations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from espnet_av.score.edits import UtteranceAlignment


def format_alignments(alignments: Iterable[UtteranceAlignment]) -> str:
    """One block per utterance: counts, reference, hypothesis and error letters in columns.

    Errors are in capitals; `***` stands where a unit is missing.
    """
    return "\n".join(_format(alignment) for alignment in alignments)


def format_translations(refs: Mapping[str, str], hyps: Mapping[str, str]) -> str:
    """One block per utterance: reference and hypothesis as BLEU compares them."""
    return "\n".join(
        f"id: ({utt_id})\nREF: {text}\nHYP: {hyps[utt_id]}".rstrip() + "\n"
        for utt_id, text in refs.items()
    )


def _format(alignment: UtteranceAlignment) -> str:
    columns = [_column(left, right) for left, right in alignment.pairs]
    refs, hyps, marks = ("", "", "")
    for ref, hyp, mark in columns:
        width = max(len(ref), len(hyp))
        refs += f" {ref:<{width}}"
        hyps += f" {hyp:<{width}}"
        marks += f" {mark:<{width}}"
    counts = alignment.counts
    return "\n".join(
        [
            f"id: ({alignment.utt_id})",
            "Scores: (#C #S #D #I) "
            f"{counts.hits} {counts.substitutions} {counts.deletions} {counts.insertions}",
            f"REF: {refs}".rstrip(),
            f"HYP: {hyps}".rstrip(),
            f"Eval:{marks}".rstrip(),
            "",
        ]
    )


def _column(left: str | None, right: str | None) -> tuple[str, str, str]:
    if left == right:
        text = _visible(left or "")
        return text, text, ""
    mark = "I" if left is None else "D" if right is None else "S"
    blank = "*" * max(len(left or ""), len(right or ""), 3 if len(left or right or "") > 1 else 1)
    return (
        blank if left is None else _visible(left).upper(),
        blank if right is None else _visible(right).upper(),
        mark,
    )


def _visible(text: str) -> str:
    return "_" if text == " " else text
