"""The plan of a run: of every step marker, inputs and words, then its jobs with log and command.

Takes the options of a recipe's run.sh; av.sh runs what is printed. In a recipe's folder,
`espnet-av plan --experiments conf/experiments.yaml` shows what a list would run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from espnet_av.command import user_errors
from espnet_av.recipe.options import help_text, parse_options
from espnet_av.recipe.plan import make_plan
from espnet_av.recipe.stages import Site
from espnet_av.recipe.step import render


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the plan."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    if "--help" in words or "-h" in words:
        print(help_text(), end="")
        return 0
    with user_errors("plan"):
        options = parse_options(words)
        # av.sh tells what it found in db.sh.
        roots, musan = os.environ.get("CORPUS_ROOTS", ""), os.environ.get("MUSAN_DIR", "")
        parts = make_plan(options, Site(roots=roots, musan_dir=musan))
        print(f"dry_run={str(options.dry_run).lower()}")
        print(render(parts), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
