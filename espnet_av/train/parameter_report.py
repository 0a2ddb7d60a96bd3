"""How many parameters a model has, and where."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn


def parameter_report(model: nn.Module) -> str:
    """A table: total and trainable parameters of the model and of each top-level part."""
    rows = [("part", "parameters", "trainable")]
    for name, part in model.named_children():
        rows.append((name, *_counts(part.parameters())))
    rows.append(("total", *_counts(model.parameters())))
    width = max(len(name) for name, _, _ in rows)
    return "\n".join(f"{name:<{width}} {total:>13} {train:>13}" for name, total, train in rows)


def _counts(parameters: Iterable[nn.Parameter]) -> tuple[str, str]:
    sizes = [(p.numel(), p.numel() if p.requires_grad else 0) for p in parameters]
    return f"{sum(s for s, _ in sizes):,}", f"{sum(t for _, t in sizes):,}"
