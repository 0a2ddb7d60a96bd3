"""Predictions of test sets in every mode and noise, whichever kind a model makes."""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from espnet_av.command import device_of
from espnet_av.config import to_dict
from espnet_av.data.data_dir import DataDir, read_data_dir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.missing_video import LostVideo, lost_video
from espnet_av.data.noise_bank import MANIFEST, NoiseBank
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.errors import ConfigError
from espnet_av.models import MODELS
from espnet_av.predict.condition import Condition, list_conditions
from espnet_av.predict.kinds import KINDS, fields_of, has_text_alone, kind_of
from espnet_av.predict.prediction import Predictions, Work
from espnet_av.predict.results_dir import condition_fingerprint, is_done, write_results
from espnet_av.predict.text import read_lm
from espnet_av.progress import ProgressBar
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.train.config import TrainConfig
from espnet_av.train.loading import (
    default_checkpoint,
    load_experiment,
    load_recogniser,
    needs_text,
    read_train_config,
)
from espnet_av.train.teacher_note import check_teacher

logger = logging.getLogger(__name__)


@dataclass
class DecodeJob:
    """One process's share of the work; models and noises are read when first needed."""

    options: argparse.Namespace
    """Of `bin/decode.py`."""
    config: DecodeConfig
    check: Callable[[str], None] = field(default=lambda kind: None)
    """Told the kind of prediction before anything is predicted; raises if nobody can use it."""

    @cached_property
    def checkpoint(self) -> Path:
        """Weights to decode with."""
        exp_dir: Path = self.options.exp_dir
        name = self.options.checkpoint
        if name is None:
            name = default_checkpoint(read_train_config(exp_dir))
        path = exp_dir / name
        if not path.is_file():
            msg = f"{path}: no such checkpoint; train first, or name one with --checkpoint"
            raise ConfigError(msg)
        return path

    @cached_property
    def experiment(self) -> tuple[Any, TrainConfig, Tokenizer | None]:
        """Model, training configuration, tokenizer (None: the model writes no text)."""
        exp_dir = self.options.exp_dir
        config = read_train_config(exp_dir)
        writes = needs_text(config)  # looks whether there is such a model, too
        usual = has_text_alone(MODELS[config.model][1])
        plain = writes or (usual and self.options.kind is None)
        load = load_recogniser if plain else load_experiment
        return load(exp_dir, self.checkpoint.name, self.device)

    @cached_property
    def kind(self) -> str:
        """What is predicted."""
        kind = kind_of(self.experiment[0], self.options.kind)
        self.check(kind)
        return kind

    @cached_property
    def work(self) -> Work:
        """The model, and how it is run."""
        model, _, tokenizer = self.experiment
        text = tokenizer if self.kind == "text" else None
        return Work(
            model=model,
            config=self.config,
            tokenizer=tokenizer,
            lm=read_lm(self.config, text) if text else None,
            device=self.device,
            num_workers=self.options.num_workers,
            layers=tuple(self.options.layers),
        )

    @cached_property
    def noise(self) -> NoiseBank:
        """Noises of the test split."""
        if self.options.noise_dir is None:
            msg = "--noises asks for noise; pass --noise_dir (stage 3 makes dump/noise/test)"
            raise ConfigError(msg)
        return NoiseBank.load(self.options.noise_dir)

    @cached_property
    def device(self) -> str:
        """Where the model runs."""
        return device_of(self.options.ngpu)

    def conditions(self) -> list[tuple[Condition, Path]]:
        """This job's conditions with their dumps; every N-th of the whole list."""
        dumps = {path.name: path for path in self.options.sets}
        if len(dumps) < len(self.options.sets):
            msg = f"--sets {' '.join(map(str, self.options.sets))}: two have the same name"
            raise ConfigError(msg)
        for path in dumps.values():
            if not path.is_dir():
                msg = f"--sets {path}: no such folder; stage 3 makes it, or check the path"
                raise ConfigError(msg)
        there = {name: _tables_of(path) for name, path in dumps.items()}
        films = {name for name, tables in there.items() if tables == {"film.scp"}}
        mute = {name for name, tables in there.items() if "video.scp" not in tables} - films
        if mute and set(self.options.modes) - {"A"}:
            logger.info("no video, so mode A alone: %s", ", ".join(sorted(mute)))
        if films:
            logger.info("films without sound, so mode V alone: %s", ", ".join(sorted(films)))
        if "V" in self.options.modes and any("whole" in m for m in self.options.missing_video):
            logger.info("mode V never loses whole utterances: nothing would be left of them")
        listed = list_conditions(
            list(dumps),
            self.options.modes,
            self.options.noises,
            mute,
            self.options.missing_video,
            films,
        )
        mine = listed[self.options.job - 1 :: self.options.num_jobs]
        return [(condition, dumps[condition.set_name]) for condition in mine]

    def fingerprint(self, condition: Condition, dump_dir: Path) -> str:
        """What the results of a condition depend on, hashed."""
        manifest = self.noise.path / MANIFEST if condition.noise is not None else None
        return condition_fingerprint(
            condition,
            self.config,
            checkpoint=self.checkpoint,
            dump_dir=dump_dir,
            noise_manifest=manifest,
            seed=self.options.seed,
            asked=(self.options.kind, *self.options.layers),
        )

    def predict(
        self, condition: Condition, dump_dir: Path, data: DataDir, key: str, bar: ProgressBar
    ) -> None:
        """Predict one condition and write its folder."""
        dataset = self._dataset(condition, dump_dir, data)
        work = self.work  # read before the clock starts
        start = time.perf_counter()
        predictions = KINDS[self.kind].predict(
            work, dataset, lambda count: bar.update(count, condition=condition.folder)
        )
        info = self._info(condition, predictions, time.perf_counter() - start)
        lost, info["missing_share"] = self._lost_video(condition, data)
        utt_ids = predictions.utt_ids if condition.noise is not None else []
        write_results(
            self.options.out_dir / condition.folder,
            predictions,
            data=data,
            noises=[self._noise_line(utt_id, condition) for utt_id in utt_ids],
            missing=["\t".join(map(str, line)) for line in lost],
            info=info,
            config=self.config,
            key=key,
        )
        logger.info(
            "%s: %d utterances, %.1f s", condition.folder, info["num_utts"], info["decode_sec"]
        )

    def _dataset(self, condition: Condition, dump_dir: Path, data: DataDir) -> AVDataset:
        dataset = AVDataset(
            dump_dir,
            None,
            self.experiment[1].dataset.for_tests(),
            noise=self.noise if condition.noise is not None else None,
            seed=self.options.seed,
            modalities=condition.mode,
            condition=condition.noise,
            missing_video=condition.missing_video,
            reads=fields_of(self.experiment[0], self.kind, data.tables),
        )
        check_teacher(self.options.exp_dir, dataset.data)
        return dataset

    def _info(
        self, condition: Condition, predictions: Predictions, seconds: float
    ) -> dict[str, Any]:
        model, train_config, _ = self.experiment
        facts = predictions.facts()
        if facts.get("num_empty"):
            logger.warning(
                "%s: %d of %d texts are empty",
                *(condition.folder, facts["num_empty"], len(predictions.utt_ids)),
            )
        return {
            "set": condition.set_name,
            "mode": condition.mode,
            "noise": condition.noise_name,
            "snr_db": condition.noise.snr_db if condition.noise else None,
            "missing_video": str(condition.missing_video) if condition.missing_video else None,
            "kind": self.kind,
            **facts,
            "num_utts": len(predictions.utt_ids),
            "audio_sec": predictions.seconds,
            "decode_sec": round(seconds, 3),
            "exp_dir": str(self.options.exp_dir),
            "checkpoint": self.checkpoint.name,
            "num_parameters": sum(p.numel() for p in model.parameters()),
            "seed": self.options.seed,
            "train_seed": train_config.seed,
            "device": self.device,
            "config": to_dict(self.config),
        }

    def _lost_video(
        self, condition: Condition, data: DataDir
    ) -> tuple[list[LostVideo], float | None]:
        """What was taken from each utterance with video, and from all of them together."""
        if condition.missing_video is None:
            return [], None
        seen = data.tables["video.scp"]
        num_frames = {u: int(data.tables["utt2num_frames"][u]) for u in data.utt_ids if u in seen}
        return lost_video(condition.missing_video, num_frames, self.options.seed)

    def _noise_line(self, utt_id: str, condition: Condition) -> str:
        assert condition.noise is not None
        category, level = condition.noise.category, condition.noise.snr_db
        noise = self.noise.choose(utt_id, category, self.options.seed)
        return "\t".join([utt_id, noise.noise_id, category, f"{level:g}", noise.sha256])


def _tables_of(dump_dir: Path) -> set[str]:
    """What a dump has of sound and pictures."""
    names = ("wav.scp", "video.scp", "film.scp")
    return {name for name in names if (dump_dir / name).is_file()}


def unfinished(job: DecodeJob) -> list[tuple[Condition, Path, str, DataDir]]:
    """The conditions that are to be predicted, with dump, fingerprint and data of each.

    A set is read once, however many conditions it is tested in.
    """
    sets: dict[Path, DataDir] = {}
    waiting = []
    for condition, dump_dir in job.conditions():
        folder = job.options.out_dir / condition.folder
        key = job.fingerprint(condition, dump_dir)
        if is_done(folder, key):
            print(f"{folder}: done before")
            continue
        if folder.exists():
            logger.info("%s: made from other inputs, decoding again", folder)
        if dump_dir not in sets:
            sets[dump_dir] = read_data_dir(dump_dir)
        waiting.append((condition, dump_dir, key, sets[dump_dir]))
    return waiting


def run(job: DecodeJob) -> None:
    """Predict what is not there yet."""
    options = job.options
    if options.dry_run:
        for condition, _ in job.conditions():
            print(options.out_dir / condition.folder)
        return
    waiting = unfinished(job)
    if not waiting:
        return
    bar = ProgressBar(sum(len(data.utt_ids) for *_, data in waiting), "decode", unit="utt")
    try:
        for condition, dump_dir, key, data in waiting:
            job.predict(condition, dump_dir, data, key, bar)
            print(f"{dump_dir} -> {options.out_dir / condition.folder}")
    finally:
        bar.close()
