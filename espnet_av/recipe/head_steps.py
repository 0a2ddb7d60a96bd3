"""The steps of heads on a frozen model: its states, stored once, and the best of a sweep."""

from __future__ import annotations

from espnet_av.recipe.experiment import Experiment, states_of
from espnet_av.recipe.inputs import marks_of_sets, weights_of
from espnet_av.recipe.jobs import python_job, store_states
from espnet_av.recipe.options import Options
from espnet_av.recipe.step import Note, Step, log


def states_steps(options: Options, experiment: Experiment, name: str) -> list[Step | Note]:
    """Also of stage 5: a frozen model over a set -> the states of all its layers.

    Args:
        options: of the run.
        experiment: with the model, and where its states go.
        name: of the set.
    """
    dump, out = f"{options.dumpdir}/{name}", experiment.states
    args = ["--config", options.decode_config, "--exp_dir", experiment.upstream]
    args += ["--kind", "states", "--sets", dump, "--modes", "A", "--noises", "clean"]
    inputs = (options.decode_config, weights_of(experiment.upstream))
    return [
        log(f"stage 5 states: {experiment.upstream} + {dump} -> {states_of(experiment, name)}"),
        Step(
            _states_marker(experiment, name),
            (*inputs, *marks_of_sets(options, name)),
            *store_states(options, out, name, *args),
        ),
    ]


def upstream_options(experiment: Experiment) -> list[str]:
    """Options of bin.train that name the frozen model, and say that its states are there."""
    told = [f"upstream={experiment.upstream}"] if experiment.upstream else []
    told += ["model_conf.states=stored"] if experiment.states else []
    return [word for change in told for word in ("--override", change)]


def upstream_marks(experiment: Experiment) -> tuple[str, ...]:
    """What tells the frozen model, and its states, from others."""
    sets = (experiment.train_set, experiment.valid_set) if experiment.states else ()
    return (weights_of(experiment.upstream), *(_states_marker(experiment, name) for name in sets))


def choice_steps(experiment: Experiment, marker: str, inputs: tuple[str, ...]) -> list[Step | Note]:
    """Trainings of a sweep -> that which is best on the validation set.

    Args:
        experiment: that stands for the best.
        marker: of its step.
        inputs: what the trainings leave when they are done.
    """
    out, choices = experiment.out, experiment.choices
    return [
        log(f"stage 9 choose: {len(choices)} trainings -> {out}"),
        Step(
            marker,
            inputs,
            *python_job(f"{out}/logdir/choose.log", "choose", "--output", out, *choices),
        ),
    ]


def _states_marker(experiment: Experiment, name: str) -> str:
    return f"{experiment.states}/{name}/.done.decode"
