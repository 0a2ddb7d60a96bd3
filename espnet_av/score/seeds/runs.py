"""One system trained several times: its scores, from runs that differ in the seed alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from espnet_av.config import build
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.predict.results_dir import TRANSCRIPTS
from espnet_av.score.record import axes_of
from espnet_av.score.scoring import Scoring
from espnet_av.text_file import read_json
from espnet_av.yaml_file import read_yaml_keys

ConditionKey = tuple[str, str, str]
"""Test set, mode, noise."""
MissingKey = tuple[str, str, str, str]
"""The same and what is missing of the video, as `start:0.5`."""
_FREE_KEYS = (
    "num_workers",
    "num_threads",
    "prefetch_batches",
    "log_interval_steps",
    "save_interval_steps",
)
"""Keys of a training that move no weight, as when a run goes on."""
_NAMES_OF_SEEDS = ("experiment", "checkpoint", "weights_sha256")
"""What tells the models of two seeds apart, in the source of units."""
_LABELS = "languages and categories"
_FILE, _CONFIG, _INPUTS, _UNITS = "scores.json", "config.yaml", "inputs.yaml", "units.yaml"


@dataclass
class System:
    """What one row of a comparison holds."""

    name: str
    metric: str
    rates: dict[ConditionKey, dict[int, float]] = field(default_factory=dict)
    """Condition -> seed of the training -> percent or BLEU points."""
    missing: dict[MissingKey, dict[int, float]] = field(default_factory=dict)
    """The same with missing video."""
    origins: dict[int, str] = field(default_factory=dict)
    """Seed -> its `scores.json`."""
    num_parameters: int = 0
    tests: dict[str, Any] = field(default_factory=dict)
    """Condition in words -> seed of its noise, and its references."""
    shared: dict[str, Any] = field(default_factory=dict)
    """Facts that must be the same in every system, by the words for them in messages."""
    own: dict[str, Any] = field(default_factory=dict)
    """Facts that must be the same for every seed of this system."""


def read_system(name: str, paths: Sequence[Path]) -> System:
    """Read the `scores.json` of every seed of a system.

    Raises:
        DataDirError: a file is missing or broken, or two have the same seed.
        ConfigError: two were trained, decoded or scored differently; the fact is named.
    """
    system: System | None = None
    for path in paths:
        run = _read_run(name, path)
        if system is None:
            system = run
            continue
        _check_same(system, run, {**system.shared, **system.own}, {**run.shared, **run.own})
        (seed,) = run.origins
        if seed in system.origins:
            msg = (
                f"{path}: {name} has seed {seed} from {system.origins[seed]} already; another "
                "seed is --override seed=<number> of the training"
            )
            raise DataDirError(msg)
        system.origins |= run.origins
        for condition, rates in run.rates.items():
            system.rates[condition] |= rates
        for loss, rates in run.missing.items():
            system.missing[loss] |= rates
    if system is None:
        msg = f"{name}: no {_FILE} is named"
        raise ConfigError(msg)
    return system


def check_comparable(systems: Sequence[System]) -> None:
    """Check that systems were decoded and scored alike, and that tests of one name are the same.

    One may have been tested where another was not, as a model of sound alone is not with lips.

    Raises:
        ConfigError: two were not, or have no test in common, or the same name.
    """
    names = [system.name for system in systems]
    for name in names:
        if names.count(name) > 1:
            msg = f"two systems are called '{name}'; give each a name of its own"
            raise ConfigError(msg)
    known = dict(systems[0].tests)
    for system in systems[1:]:
        _check_same(systems[0], system, systems[0].shared, system.shared)
        common = sorted(known.keys() & system.tests.keys())
        if not common:
            msg = (
                f"{system.name} was tested on {', '.join(sorted(system.tests))}, the systems "
                f"before it on {', '.join(sorted(known))}; decode the same ones (stage 10)"
            )
            raise ConfigError(msg)
        words = "seed of the noise and references"
        before, now = ({words: {k: tests[k] for k in common}} for tests in (known, system.tests))
        _check_same(systems[0], system, before, now)
        known |= system.tests


def _read_run(name: str, path: Path) -> System:
    try:
        cure = (
            "run the score stage (11) first, or again, and compare from the folder that "
            "experiments were run in"
        )
        scores = read_json(path, DataDirError, cure)
        metric = scores["scoring"]["metric"]
        records = scores["conditions"]
        first = records[0]
        seed = int(first["train_seed"])
        system = System(name, metric, origins={seed: str(path)})
        system.num_parameters = int(first["num_parameters"])
        for record in [*records, *scores.get("missing_video", [])]:
            axes = axes_of(record)
            condition = (axes["set"], axes["mode"], axes["noise"])
            rate = {seed: float(record[metric]["rate"])}
            lost = axes["missing"]
            if lost is None:
                system.rates[condition] = rate
            else:
                system.missing[*condition, lost] = rate
            words = " ".join(condition if lost is None else (*condition, lost))
            system.tests[words] = (record["seed"], record["refs"])
        system.shared = {
            # Keys that are younger than the scores had their defaults.
            "way of scoring": asdict(build(Scoring, scores["scoring"], f"scoring of {path}")),
            "way of decoding": scores["decode_config"],
        }
        system.own = {
            "set, mode and noise": sorted(system.tests),
            "seed of the noise and references": system.tests,
            "weights that are decoded": first["checkpoint"],
            **_origin_facts(first),
        }
    except (KeyError, IndexError, TypeError) as error:
        msg = (
            f"{path}: no scores, or of an older version ({error!r}); run the score stage (11) again"
        )
        raise DataDirError(msg) from error
    return system


def _origin_facts(record: Mapping[str, Any]) -> dict[str, Any]:
    """The same of what was decoded; texts that were translated are those of a training, or said."""
    source = record.get("translated_from")
    if source is None:
        return _training_facts(Path(record["exp_dir"]))
    return {} if source == TRANSCRIPTS else _training_facts(Path(source).parent)


def _training_facts(exp_dir: Path) -> dict[str, Any]:
    """What a training and all those it started from were told, without seeds and names."""
    facts: dict[str, Any] = {}
    for place, folder in enumerate(_chain(exp_dir)):
        words = "training" if place == 0 else f"pre-training {place} before it"
        config = _read_yaml(folder / _CONFIG)
        entries = config.pop("init_param")
        for key in ("seed", *_FREE_KEYS):
            config.pop(key, None)
        facts[f"configuration of the {words}"] = config
        # What was converted was not trained here.
        inputs = _read_yaml(folder / _INPUTS) if (folder / _INPUTS).is_file() else {"data": {}}
        hashes = inputs.pop("start", {})
        facts[f"start of the {words}"] = [_start(e, hashes.get(e))[1] for e in entries]
        inputs["data"].pop("units_dir", None)  # clusters of a model's features depend on its seed
        if not config.get("dataset", {}).get("noise_prob", 0.0):
            inputs["data"].pop("noise_dir", None)
        facts[f"{_LABELS} of the {words}"] = inputs.pop("labels", None)
        facts[f"data of the {words}"] = inputs
        if (folder / _UNITS).is_file():
            units = _read_yaml(folder / _UNITS)
            source = {k: v for k, v in units["source"].items() if k not in _NAMES_OF_SEEDS}
            told = {key: units[key] for key in ("num_units", "rate_hz")}
            facts[f"units of the {words}"] = {**told, **source}
    return facts


def _chain(exp_dir: Path) -> list[Path]:
    """An experiment, then those that its weights or its units come from, each once."""
    origins = [_start(entry, None)[0] for entry in _read_yaml(exp_dir / _CONFIG)["init_param"]]
    if (exp_dir / _UNITS).is_file():
        source = _read_yaml(exp_dir / _UNITS)["source"]
        origins += [exp_dir.parent / source["experiment"]] if "experiment" in source else []
    found = [exp_dir]
    for origin in origins:
        if origin is not None and origin.is_dir():
            found += [folder for folder in _chain(origin) if folder not in found]
    return found


def _start(entry: str, weights_hash: str | None) -> tuple[Path | None, str]:
    """The training that an entry of `init_param` leads to, if any, and what else it says.

    Of other weights, be they converted or a file alone, that is all of the entry and their hash.
    """
    path, colon, parts = entry.partition(":")
    for folder, name in ((Path(path), ""), (Path(path).parent, f"/{Path(path).name}")):
        if (folder / _INPUTS).is_file():
            return folder, f"<experiment>{name}{colon}{parts}"
    return None, f"{entry} {weights_hash}" if weights_hash else entry


def _read_yaml(path: Path) -> dict[str, Any]:
    cure = "compare from the folder that experiments were run in, or restore it from a copy"
    return read_yaml_keys(path, DataDirError, cure)


def _check_same(old: System, new: System, one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    for words in {**one, **other}:
        if words.startswith(_LABELS) and None in (one.get(words), other.get(words)):
            continue  # a run of a version that did not note them
        if one.get(words) != other.get(words):
            (first, *_), (last, *_) = old.origins.values(), new.origins.values()
            msg = (
                f"{last}: {words} differs from that of {first}: "
                f"{_difference(one.get(words), other.get(words))}; only runs that differ in "
                "nothing but what is compared can share a table"
            )
            raise ConfigError(msg)


def _difference(old: Any, new: Any) -> str:
    """The first key that differs, or both values."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in {**old, **new}:
            if old.get(key) != new.get(key):
                return f"{key}: {_difference(old.get(key), new.get(key))}"
    if isinstance(old, list) and isinstance(new, list):
        gone = [item for item in old if item not in new]
        come = [item for item in new if item not in old]
        if gone or come:
            return f"{gone} there, {come} here"
    return f"{old} there, {new} here"
