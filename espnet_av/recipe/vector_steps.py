"""The steps of a teacher's vectors: a text encoder over the sentences, once, before the dump."""

from __future__ import annotations

from collections.abc import Sequence

from espnet_av.errors import ConfigError
from espnet_av.recipe.jobs import encode_sentences
from espnet_av.recipe.options import Options
from espnet_av.recipe.step import Note, Step, log


def vector_steps(options: Options, sets: Sequence[str]) -> list[Step | Note]:
    """Also of stage 3: sentences -> vectors, whose tables go into the data dirs, and so the dump.

    Args:
        options: of the run.
        sets: all that it uses.

    Raises:
        ConfigError: it is not told who the teacher is, or sets are named that it does not use.
    """
    if not options.vectors_config:
        return []
    data, out, teacher = options.datadir, vectors_dir(options), options.teacher.rstrip("/")
    if not teacher:
        msg = "--vectors_config is given, and no --teacher: the folder of a text encoder of "
        raise ConfigError(msg + "Hugging Face, as --teacher downloads/labse")
    names = [name for name in options.vectors_sets.split() or sets if name in sets]
    if not names:
        msg = f"--vectors_sets '{options.vectors_sets}': none of them is used here; there are: "
        raise ConfigError(msg + ", ".join(sets))
    args = ["--config", options.vectors_config, "--teacher", teacher]
    args += ["--data_dirs", *(f"{data}/{name}" for name in names)]
    texts = tuple(f"if:{data}/{name}/text*" for name in names)
    encoder = (f"{teacher}/config.json", f"if:{teacher}/*.safetensors", f"if:{teacher}/*token*")
    return [
        log(f"stage 3 vectors: {data}/{{{','.join(names)}}}/text + {teacher} -> {out}"),
        Step(
            f"{out}/.done",
            (options.vectors_config, f"{data}/.done", *texts, *encoder),
            *encode_sentences(options, out, out, *args),
        ),
    ]


def vectors_dir(options: Options) -> str:
    """Where the vectors of a run's sentences are."""
    return f"{options.dumpdir}/vectors"
