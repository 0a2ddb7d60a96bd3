"""Which rows of fairseq's unit vectors are our units: it counts four special symbols as well."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from espnet_av.errors import CheckpointError
from espnet_av.models.conversion.foreign_checkpoint import ForeignCheckpoint
from espnet_av.models.conversion.key_map import Rule

NUM_SPECIAL = 4
"""fairseq's dictionaries begin with <s>, <pad>, </s>, <unk>."""
UNKNOWN = 3
"""Row of what a dictionary does not have."""
_MAX_DIGITS = 12
"""Of a unit that is read to its end; even the start of a longer one is beyond any model."""


@dataclass(frozen=True)
class UnitRows:
    """Rows of `label_embs_concat`."""

    rows: tuple[int, ...]
    """Row of each of our units."""
    notes: tuple[str, ...] = ()
    """What the user should know of them."""


def find_unit_rows(checkpoint: ForeignCheckpoint, num_units: int | None) -> UnitRows | None:
    """Rows of the units of a checkpoint; None = it predicts none.

    A dictionary made by the widely copied recipe `seq 1 K-1` lacks unit 0, which was then trained
    as <unk>: the checkpoint has K + 3 rows, and unit 0 is the row of <unk>.

    Args:
        checkpoint: pre-trained with masked unit prediction.
        num_units: K if the user knows it.

    Raises:
        CheckpointError: dictionary, vectors and `num_units` do not fit together.
    """
    vectors = checkpoint.weights.get("label_embs_concat")
    if vectors is None:
        return None
    if vectors.dim() != 2 or len(vectors) <= NUM_SPECIAL:
        msg = f"{checkpoint.path}: label_embs_concat has shape {tuple(vectors.shape)}; no units"
        raise CheckpointError(msg)
    if checkpoint.unit_symbols is not None:
        return _by_dictionary(checkpoint.unit_symbols, len(vectors), num_units, checkpoint.path)
    return _by_number(len(vectors), num_units, checkpoint.path)


def unit_rules(rows: UnitRows | None) -> tuple[Rule, ...]:
    """Rules of the head of fairseq's masked unit prediction; None = it has none."""
    if rows is None:
        return ()
    index = torch.tensor(rows.rows)

    def pick(vectors: Tensor) -> Tensor:
        return vectors[index]

    return (
        Rule("final_proj.{p}", "units_head.final_proj.{p}"),
        Rule("label_embs_concat", "units_head.label_embs", pick),
    )


def _by_dictionary(
    symbols: tuple[str, ...], num_rows: int, num_units: int | None, path: Path
) -> UnitRows:
    index = {
        int(symbol[:_MAX_DIGITS]): row for row, symbol in enumerate(symbols) if symbol.isdecimal()
    }
    found = max(index, default=-1) + 1
    if len(symbols) != num_rows or found > num_rows:
        msg = (
            f"{path}: {len(symbols)} symbols up to unit {found - 1}, but {num_rows} rows of "
            "vectors; they are not of the same model"
        )
        raise CheckpointError(msg)
    if not found or found != (num_units or found):
        msg = f"{path}: its dictionary has units 0 to {found - 1}, not {num_units}; "
        raise CheckpointError(msg + f"leave --num_units out, or use {found}")
    absent = [unit for unit in range(found) if unit not in index]
    rows = tuple(index.get(unit, UNKNOWN) for unit in range(found))
    dropped = num_rows - len(set(rows))
    notes = [f"{found} units; {dropped} rows of other symbols are left out"]
    if absent:
        notes.append(
            f"the dictionary lacks {len(absent)} units ({', '.join(map(str, absent[:8]))}), which "
            "were trained as <unk>: they get its row"
        )
    return UnitRows(rows, tuple(notes))


def _by_number(num_rows: int, num_units: int | None, path: Path) -> UnitRows:
    complete = num_rows - NUM_SPECIAL
    if num_units is None:
        # 2003 rows are 2000 units without their first, not 1999 units.
        num_units = complete + 1 if complete % 100 == 99 else complete
    if num_units == complete:
        rows = tuple(range(NUM_SPECIAL, num_rows))
        return UnitRows(rows, (f"no dictionary: {num_units} units in the order of the rows",))
    if num_units == complete + 1:
        note = f"no dictionary: {num_rows} rows, so unit 0 of {num_units} was trained as <unk>"
        return UnitRows((UNKNOWN, *range(NUM_SPECIAL, num_rows)), (note,))
    msg = (
        f"{path}: {num_rows} rows of vectors are {complete} units and {NUM_SPECIAL} special "
        f"symbols, not {num_units} units; leave --num_units out"
    )
    raise CheckpointError(msg)
