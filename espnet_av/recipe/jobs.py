"""How the programs of a step are started: words that mark it, and its jobs."""

from __future__ import annotations

from pathlib import Path

from espnet_av.recipe.experiment import Experiment, Test, states_of
from espnet_av.recipe.inputs import noise_options
from espnet_av.recipe.options import Options
from espnet_av.recipe.step import Job

JobCall = tuple[tuple[str, ...], tuple[Job, ...]]
"""Words and jobs of a step."""


def python_job(log_file: str, program: str, *args: str) -> JobCall:
    """One job of a data stage."""
    command = ("python3", "-m", f"espnet_av.bin.{program}", *args)
    return ("python_job", log_file, program, *args), (Job("train_cmd", (log_file, *command)),)


def parallel_jobs(options: Options, logdir: str, program: str, *args: str) -> JobCall:
    """Jobs with a part each, then one that joins them."""
    nj, command = str(options.nj), ("python3", "-m", f"espnet_av.bin.{program}", *args)
    shares = (f"JOB=1:{nj}", f"{logdir}/{program}.JOB.log", *command)
    jobs = (
        Job("train_cmd", (*shares, "--job", "JOB", "--num_jobs", nj)),
        Job("train_cmd", (f"{logdir}/{program}.log", *command, "--finish")),
    )
    return ("parallel_jobs", logdir, program, *args), jobs


def train_model(options: Options, experiment: Experiment, *args: str) -> JobCall:
    """A training, on one machine or several."""
    out, ngpu, nodes = experiment.out, str(options.ngpu), str(options.num_nodes)
    tasks = str(options.ngpu if options.ngpu > 0 else options.num_processes)
    runner = ("--gpu", ngpu, "--num_nodes", nodes, "--num_tasks", tasks, f"{out}/logdir/train.log")
    program: tuple[str, ...] = ("python3", "-m", "espnet_av.bin.train", "--ngpu", ngpu)
    program += ("--num_nodes", nodes, "--num_processes", str(options.num_processes), *args)
    program += noise_options(options, "train")
    program += ("--valid_dir", learnt_from(options, experiment, experiment.valid_set), out)
    return ("train_model", out, *args), (Job("cuda_cmd", runner + program),)


def learnt_from(options: Options, experiment: Experiment, name: str) -> str:
    """Folder of a set as a training reads it: the dump, or what a frozen model made of it."""
    return states_of(experiment, name) if experiment.states else f"{options.dumpdir}/{name}"


def label_units(options: Options, out: str, *args: str) -> JobCall:
    """Centres from a share of the frames, then labels in jobs."""
    ngpu, nj = str(options.decode_ngpu), str(options.decode_nj)
    program = ("python3", "-m", "espnet_av.bin.units", out, *args)
    runner, gpu, logs = ("--gpu", ngpu), ("--ngpu", ngpu), f"{out}/logdir"
    shares = (*runner, f"JOB=1:{nj}", f"{logs}/units.JOB.log", *program, *gpu)
    jobs = (
        Job("decode_cmd", (*runner, f"{logs}/fit.log", *program, *gpu, "--fit")),
        Job("decode_cmd", (*shares, "--job", "JOB", "--num_jobs", nj)),
        Job("train_cmd", (f"{logs}/units.log", *program, "--finish")),
    )
    return ("label_units", out, *args), jobs


def encode_sentences(options: Options, out: str, *args: str) -> JobCall:
    """A text encoder over a part of the sentences each, then one job that joins the parts."""
    ngpu, nj, logs = str(options.decode_ngpu), str(options.decode_nj), f"{out}/logdir"
    program = ("python3", "-m", "espnet_av.bin.vectors", *args)
    shares = ("--gpu", ngpu, f"JOB=1:{nj}", f"{logs}/vectors.JOB.log", *program, "--ngpu", ngpu)
    jobs = (
        Job("decode_cmd", (*shares, "--job", "JOB", "--num_jobs", nj)),
        Job("train_cmd", (f"{logs}/vectors.log", *program, "--finish")),
    )
    return ("encode_sentences", *args), jobs


def store_states(options: Options, out: str, name: str, *args: str) -> JobCall:
    """One job that runs a frozen model over a set."""
    ngpu = str(options.decode_ngpu)
    runner = ("--gpu", ngpu, f"{out}/{name}/logdir/states.log")
    program = ("python3", "-m", "espnet_av.bin.decode", "--ngpu", ngpu, *args)
    shares = ("--job", "1", "--num_jobs", "1", out)
    return ("store_states", out, *args), (Job("decode_cmd", runner + program + shares),)


def translate_texts(options: Options, out: str, *args: str) -> JobCall:
    """One job: texts are translated in little time."""
    ngpu = str(options.decode_ngpu)
    program = ("python3", "-m", "espnet_av.bin.translate", *args, "--ngpu", ngpu, out)
    runner = ("--gpu", ngpu, f"{out}/logdir/decode.log")
    return ("translate_texts", out, *args), (Job("decode_cmd", runner + program),)


def decode_sets(options: Options, test: Test, *args: str) -> JobCall:
    """Jobs that decode a part of the test sets each.

    By the targets they refuse, before the work, a model that cannot be judged so. These change no
    result, and are not among the words.
    """
    out, ngpu, nj = test.out, str(options.decode_ngpu), str(options.decode_nj)
    judge = ("--expected", test.expected) if Path(test.expected).is_file() else ()
    runner = ("--gpu", ngpu, f"JOB=1:{nj}", f"{out}/logdir/decode.JOB.log")
    program = ("python3", "-m", "espnet_av.bin.decode", "--ngpu", ngpu, *args)
    shares = (*judge, "--job", "JOB", "--num_jobs", nj, out)
    return ("decode_sets", *args), (Job("decode_cmd", runner + program + shares),)
