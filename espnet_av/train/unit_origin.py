"""Whether a head for units that a model starts with has learned the units that it gets."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from espnet_av.data.unit_set import SUMMARY, read_summary

logger = logging.getLogger(__name__)

HEAD = "units_head"
"""Of every model of units."""


def warn_of_other_units(init_param: Sequence[str], units_dir: Path | None) -> None:
    """Warn where a head comes along whose units are numbers of other clusters.

    As many clusters, made again, have other numbers: the loss begins as if nothing had been
    learned, and nothing else would tell.

    Args:
        init_param: see `TrainConfig`.
        units_dir: labels that are learned; None: there are none.
    """
    if units_dir is None:
        return
    here = read_summary(units_dir)["checksum"]
    for entry in init_param:
        path, source, _, exclude = [*entry.split(":"), "", "", ""][:4]
        brings_head = HEAD.startswith(source.split(".")[0]) and HEAD not in exclude.split(",")
        if not brings_head or not (Path(path) / SUMMARY).is_file():
            continue
        there = read_summary(Path(path))["checksum"]
        if there != here:
            logger.warning(
                "init_param %s: its %s learned other units (%s) than those of %s (%s); make these "
                "with its centres (units --codebook, codebook: in a list of experiments), or start "
                "with a new head (%s:::%s)",
                *(entry, HEAD, there[:8], units_dir, here[:8], path, HEAD),
            )
