"""Recognise test sets in every mode and noise: experiment + dumps -> a folder per condition."""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from espnet_av.command import add_config, add_jobs, check_jobs, device_of, stage_parser, user_errors
from espnet_av.config import load_config, to_dict
from espnet_av.data.data_dir import DataDir, read_data_dir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.missing_video import LostVideo, lost_video
from espnet_av.data.noise_bank import MANIFEST, NoiseBank
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.errors import ConfigError
from espnet_av.predict.condition import CLEAN, MODES, Condition, list_conditions
from espnet_av.predict.example import write_example
from espnet_av.predict.results_dir import fingerprint, is_done, write_results
from espnet_av.predict.text import Recognition, decode_set, read_lm
from espnet_av.progress import ProgressBar
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.search.ngram_lm import NGramLM
from espnet_av.train.config import TrainConfig
from espnet_av.train.loading import default_checkpoint, load_recogniser, read_train_config

logger = logging.getLogger(__name__)


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("decode", __doc__)
    add_config(parser, "search")
    parser.add_argument("--exp_dir", type=Path, required=True, help="trained experiment")
    parser.add_argument("--checkpoint", help="file in it; none: the averaged model")
    parser.add_argument("--sets", type=Path, nargs="+", required=True, help="dumps of test sets")
    parser.add_argument("--modes", nargs="+", default=list(MODES), help="of A V AV")
    parser.add_argument(
        "--noises", nargs="+", default=[CLEAN], help="clean, or category:dB as in babble:0"
    )
    parser.add_argument("--noise_dir", type=Path, help="noises of the test split")
    parser.add_argument(
        "--missing_video",
        nargs="+",
        default=[],
        help="in modes with video also with less of it, as in whole:0.5 (every second utterance) "
        "frames:0.5 start:0.5 middle:0.5 end:0.5 (half the frames of each)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the choice of noises and frames")
    add_jobs(parser, "the conditions")
    parser.add_argument("--ngpu", type=int, default=0, choices=[0, 1], help="0: CPU")
    parser.add_argument("--num_workers", type=int, default=0, help="loading processes")
    parser.add_argument("--dry_run", action="store_true", help="list the conditions, do nothing")
    parser.add_argument("out_dir", type=Path, help="folder for the results")
    return parser


@dataclass
class Job:
    """One process's share of the work; models and noises are read when first needed."""

    options: argparse.Namespace
    config: DecodeConfig

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
    def experiment(self) -> tuple[Any, TrainConfig, Tokenizer]:
        """Model, training configuration, tokenizer."""
        exp_dir = self.options.exp_dir
        return load_recogniser(exp_dir, self.checkpoint.name, self.device)

    @cached_property
    def lm(self) -> NGramLM | None:
        """Language model of the search; None: it uses none."""
        return read_lm(self.config, self.experiment[2])

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
        mute = {name for name, path in dumps.items() if not (path / "video.scp").is_file()}
        if mute and set(self.options.modes) - {"A"}:
            logger.info("no video, so mode A alone: %s", ", ".join(sorted(mute)))
        if "V" in self.options.modes and any("whole" in m for m in self.options.missing_video):
            logger.info("mode V never loses whole utterances: nothing would be left of them")
        listed = list_conditions(
            list(dumps), self.options.modes, self.options.noises, mute, self.options.missing_video
        )
        mine = listed[self.options.job - 1 :: self.options.num_jobs]
        return [(condition, dumps[condition.set_name]) for condition in mine]

    def fingerprint(self, condition: Condition, dump_dir: Path) -> str:
        """What the results of a condition depend on, hashed."""
        manifest = self.noise.path / MANIFEST if condition.noise is not None else None
        return fingerprint(
            condition,
            self.config,
            checkpoint=self.checkpoint,
            dump_dir=dump_dir,
            noise_manifest=manifest,
            seed=self.options.seed,
        )

    def decode(
        self, condition: Condition, dump_dir: Path, data: DataDir, key: str, bar: ProgressBar
    ) -> None:
        """Recognise one condition and write its folder."""
        model, train_config, tokenizer = self.experiment
        noise = self.noise if condition.noise is not None else None
        dataset = AVDataset(
            dump_dir,
            None,
            train_config.dataset.for_tests(),
            noise=noise,
            seed=self.options.seed,
            modalities=condition.mode,
            condition=condition.noise,
            missing_video=condition.missing_video,
        )
        lm = self.lm  # read before the clock starts
        start = time.perf_counter()
        results = decode_set(
            model,
            dataset,
            tokenizer,
            self.config,
            device=self.device,
            num_workers=self.options.num_workers,
            lm=lm,
            advance=lambda count: bar.update(count, condition=condition.folder),
        )
        info = self._info(condition, results, time.perf_counter() - start)
        lost, info["missing_share"] = self._lost_video(condition, data)
        write_results(
            self.options.out_dir / condition.folder,
            results,
            data=data,
            noises={utt_id: self._noise_line(utt_id, condition) for utt_id in results}
            if noise
            else {},
            missing=["\t".join(map(str, line)) for line in lost],
            info=info,
            config=self.config,
            fingerprint=key,
            example=lambda path: self._write_example(path, dataset, results),
        )
        logger.info("%s: %d utterances, %.1f s", condition.folder, len(results), info["decode_sec"])

    def _info(
        self, condition: Condition, results: dict[str, Recognition], seconds: float
    ) -> dict[str, Any]:
        silent = sum(not result.texts or not result.texts[0] for result in results.values())
        if silent:
            logger.warning("%s: %d of %d texts are empty", condition.folder, silent, len(results))
        return {
            "set": condition.set_name,
            "mode": condition.mode,
            "noise": condition.noise_name,
            "snr_db": condition.noise.snr_db if condition.noise else None,
            "missing_video": str(condition.missing_video) if condition.missing_video else None,
            "target_lang": self.experiment[1].dataset.target_lang,
            "num_utts": len(results),
            "num_empty": silent,
            "audio_sec": sum(result.num_frames for result in results.values())
            / self.experiment[0].feature_rate,
            "decode_sec": round(seconds, 3),
            "exp_dir": str(self.options.exp_dir),
            "checkpoint": self.checkpoint.name,
            "num_parameters": sum(p.numel() for p in self.experiment[0].parameters()),
            "seed": self.options.seed,
            "train_seed": self.experiment[1].seed,
            "device": self.device,
            "config": to_dict(self.config),
        }

    def _write_example(
        self, path: Path, dataset: AVDataset, results: dict[str, Recognition]
    ) -> None:
        """Open up the first utterance of the set, the same one in every condition."""
        model, _, tokenizer = self.experiment
        sample = dataset[0]
        write_example(path, model, sample, results[sample.utt_id], tokenizer, device=self.device)

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


def run(options: argparse.Namespace, config: DecodeConfig) -> None:
    """Decode what is not there yet."""
    job = Job(options, config)
    waiting: list[tuple[Condition, Path, str, DataDir]] = []
    for condition, dump_dir in job.conditions():
        folder = options.out_dir / condition.folder
        if options.dry_run:
            print(folder)
            continue
        key = job.fingerprint(condition, dump_dir)
        if is_done(folder, key):
            print(f"{folder}: done before")
        else:
            if folder.exists():
                logger.info("%s: made from other inputs, decoding again", folder)
            waiting.append((condition, dump_dir, key, read_data_dir(dump_dir)))
    if not waiting:
        return
    bar = ProgressBar(sum(len(data.utt_ids) for *_, data in waiting), "decode", unit="utt")
    try:
        for condition, dump_dir, key, data in waiting:
            job.decode(condition, dump_dir, data, key, bar)
            print(f"{dump_dir} -> {options.out_dir / condition.folder}")
    finally:
        bar.close()


def main(arguments: Sequence[str] | None = None) -> None:
    """Decode this job's share of the conditions."""
    options = get_parser().parse_args(arguments)
    with user_errors("decode"):
        check_jobs(options.job, options.num_jobs)
        run(options, load_config(DecodeConfig, options.config, options.override))


if __name__ == "__main__":
    main()
