"""The steps of images: features of what the sets name, and what the dump takes of them."""

from __future__ import annotations

from collections.abc import Sequence

from espnet_av.errors import ConfigError
from espnet_av.recipe.jobs import parallel_jobs
from espnet_av.recipe.options import Options
from espnet_av.recipe.step import Note, Step, log


def image_steps(options: Options, sets: Sequence[str]) -> list[Step | Note]:
    """Also of stage 3: a detector's features, or pictures -> archives; none unless configured.

    Raises:
        ConfigError: it is not told where they are.
    """
    if not options.images_config:
        return []
    data, out, sources = options.datadir, images_dir(options), options.image_sources.split()
    if not sources:
        msg = "--images_config is given, and no --image_sources: a detector's .tsv or .hdf5, or "
        raise ConfigError(msg + "folders of pictures")
    args = (out, "--config", options.images_config, "--sources", *sources)
    args += ("--data_dirs", *(f"{data}/{name}" for name in sets))
    names = tuple(f"if:{data}/{name}/utt2image" for name in sets)
    return [
        log(f"stage 3 images: {' '.join(sources)} -> {out}"),
        Step(
            f"{out}/.done",
            (options.images_config, f"{data}/.done", *names, f"fetched:{out}"),
            *parallel_jobs(options, f"{out}/logdir", "images", *args),
        ),
    ]


def images_dir(options: Options) -> str:
    """Where the features of a run's images are."""
    return f"{options.dumpdir}/images"
