"""The steps of frame labels: centres from a share of the frames, or those of another training."""

from __future__ import annotations

from espnet_av.recipe.experiment import Experiment
from espnet_av.recipe.inputs import marks_of_sets, weights_of
from espnet_av.recipe.jobs import label_units
from espnet_av.recipe.options import Options
from espnet_av.recipe.step import Note, Step, log, not_configured


def units_steps(options: Options, experiment: Experiment) -> list[Step | Note]:
    """Stage 5: features -> k-means -> frame labels, for a training that learns them."""
    units = experiment.units
    assert units is not None
    fitted_on, config = units.fitted_on or experiment.train_set, units.config
    dump = f"{options.dumpdir}/{fitted_on}"
    source = units.codebook or units.source or f"MFCC of {dump}"
    title = log(f"stage 5 units{experiment.about}: {source} -> {units.out}")
    if not config:
        return [title, not_configured("units_config")]
    sets = (experiment.train_set, experiment.valid_set)
    args = ["--config", config]
    args += ["--override", f"layer={units.layer}"] if units.layer is not None else []
    args += ["--train_dir", dump]
    args += ["--exp_dir", units.source] if units.source else []
    args += ["--codebook", units.codebook] if units.codebook else []
    args += ["--sets", *(f"{options.dumpdir}/{name}" for name in sets)]
    inputs = (config, *marks_of_sets(options, *sets), weights_of(units.source))
    if units.codebook:
        inputs += (f"{units.codebook}/.done",)
    step = Step(f"{units.out}/.done", inputs, *label_units(options, units.out, *args))
    return [title, step]
