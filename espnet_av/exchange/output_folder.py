"""A folder for a conversion, which takes nobody's work away."""

from __future__ import annotations

import filecmp
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from espnet_av.atomic import atomic_dir
from espnet_av.errors import ConfigError
from espnet_av.exchange.request import WITH_LIPS


@contextmanager
def output_folder(out_dir: Path) -> Iterator[Path]:
    """A folder that replaces an earlier conversion in `out_dir` when the block succeeds.

    Raises:
        ConfigError: this would lose what somebody else put there.
    """
    with atomic_dir(out_dir) as folder:
        yield folder
        made = {path.relative_to(folder) for path in folder.rglob("*")}
        there = {path.relative_to(out_dir) for path in out_dir.rglob("*")}
        lost = {str(path) for path in there - made}
        # The one file that is there to be edited.
        if Path(WITH_LIPS) in there & made and not filecmp.cmp(
            out_dir / WITH_LIPS, folder / WITH_LIPS, shallow=False
        ):
            lost.add(WITH_LIPS)
        if lost:
            msg = (
                f"{out_dir}: {', '.join(sorted(lost)[:8])} would be lost; choose another folder, "
                "or remove what you do not need"
            )
            raise ConfigError(msg)
