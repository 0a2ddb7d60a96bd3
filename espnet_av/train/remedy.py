"""What to do about a damaged file of weights, by what the file is to its run."""

from __future__ import annotations

from pathlib import Path

from espnet_av.models.conversion.archive_check import COPY_AGAIN

INPUTS = "inputs.yaml"
"""In the folder of every run that was trained here; what was converted has none."""


def remedy(path: Path) -> str:
    """End of the error about the damaged file `path`."""
    exp_dir, name = path.parent, path.resolve().name
    if not (exp_dir / INPUTS).is_file():
        return COPY_AGAIN
    if name.endswith(".ckpt"):
        return f"{COPY_AGAIN}, or name other weights, as {exp_dir / 'latest.pth'}"
    again = f"{COPY_AGAIN}, or remove it and {exp_dir / '.done'} and give the command of the "
    if ".ave_" in name:
        return again + "training again, which then only makes the average again"
    if name != path.name:
        again = again.replace("remove it", f"remove {name}")
    return again + "training again: it trains no further, and the next best takes its place"
