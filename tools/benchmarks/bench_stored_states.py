"""A training step of SUPERB's heads: states of the frozen model read from disk, against computed.

Asserts equal losses with the same weights at every step, then prints times and their ratio for each
head; and what a training on stored states takes of memory as its corpus grows:

    python tools/benchmarks/bench_stored_states.py --out tools/benchmarks/results/<name>.md
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from page import heading, publish, version_line
from timing import clock, mean_spread

from espnet_av.config import to_dict
from espnet_av.data.ark import ArkWriter
from espnet_av.data.batch import collate
from espnet_av.data.data_dir import DataDir, read_data_dir, write_data_dir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.data.tokenizer import Tokenizer, train_tokenizer
from espnet_av.models import MODELS
from espnet_av.models.abs_model import Sizes
from espnet_av.models.hubert import HubertConfig
from espnet_av.models.superb.probe import ProbeModel
from espnet_av.models.upstream import UpstreamConfig
from espnet_av.predict.prediction import Work
from espnet_av.predict.states import predict_states
from espnet_av.search.decode_config import DecodeConfig

SEED = 0
WORDS = ("up", "down", "left")
PHONES = "AA1 B IY0 K SIL"
HEADS = {
    "superb_ks": (1.0, 1),
    "superb_ic": (2.3, 1),
    "superb_pr": (12.3, 1),
    "superb_sd": (13.0, 4),
}
"""Head -> seconds of an utterance of its corpus, on average, and how many a batch has at least: the
LSTM takes its steps one after the other, whatever their number."""
SLOTS = (3, 1)
LOSS_TOLERANCE = 1e-3
"""Largest relative difference of a loss: of numbers that were rounded to float16."""
_PER_FRAME = 640


def main() -> None:
    """Run the comparisons and print (or write) their table; with --only_memory, train once."""
    args = parse_args()
    torch.set_num_threads(args.num_threads)
    if args.only_memory:
        print(peak_of_training(args, args.only_memory))
        return
    times = [compare(args, name, *sizes) for name, sizes in HEADS.items()]
    publish(report(args, times, memory(args)), args.out)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num_layers", type=int, default=12, help="of HuBERT base below")
    parser.add_argument("--size", type=int, default=768, help="of its features")
    parser.add_argument("--speed", type=float, default=1.0, help="shorter utterances, for a test")
    parser.add_argument("--batch_sec", type=float, default=26.0, help="speech in a batch")
    parser.add_argument("--steps", type=int, default=3, help="timed steps of each kind")
    parser.add_argument("--warm_up", type=int, default=1)
    parser.add_argument("--corpora", type=int, nargs="*", default=[64, 512], help="utterances")
    parser.add_argument("--num_threads", type=int, default=1)
    parser.add_argument("--only_memory", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help="results file (markdown)")
    return parser.parse_args()


def make_head(args: argparse.Namespace, name: str) -> ProbeModel:
    """A head on HuBERT base, or fewer of its layers, with random weights."""
    torch.manual_seed(SEED)
    encoder = {"num_layers": args.num_layers, "layerdrop": 0.0}
    if args.size != HubertConfig.feature_size:
        encoder |= {"attention_heads": 2, "linear_units": args.size, "pos_conv_groups": 2}
    conf = to_dict(HubertConfig(feature_size=args.size))
    conf["encoder_conf"] = encoder
    below = UpstreamConfig(model="hubert", model_conf=conf, sizes=Sizes(units=100))
    config_class, model_class = MODELS[name]
    more = {"slot_sizes": SLOTS} if name == "superb_ic" else {}
    sizes = Sizes(labels=len(WORDS), vocab=len(PHONES.split()) + 3)
    model = model_class.from_config(config_class(upstream=below, **more), sizes)
    assert isinstance(model, ProbeModel)
    return model.train()


def write_sound(folder: Path, num_utts: int, num_frames: int) -> DataDir:
    """Noise, with labels, phones and turns."""
    folder.mkdir()
    rng = np.random.default_rng(SEED)
    utts = [f"u{number:05d}" for number in range(num_utts)]
    with ArkWriter(folder / "wav.ark") as ark:
        waves = (rng.normal(0, 0.1, _PER_FRAME * num_frames) for _ in utts)
        pointers = {u: ark.write_audio(u, w, 16000) for u, w in zip(utts, waves, strict=True)}
    return write_data_dir(folder, {**tables_of(utts, num_frames), "wav.scp": pointers})


def tables_of(utts: list[str], num_frames: int) -> dict[str, dict[str, str]]:
    """What is known of utterances."""
    seconds = num_frames / 25
    return {
        "utt2spk": dict.fromkeys(utts, "s"),
        "utt2num_samples": dict.fromkeys(utts, str(_PER_FRAME * num_frames)),
        "utt2label": {u: WORDS[i % len(WORDS)] for i, u in enumerate(utts)},
        "text": dict.fromkeys(utts, PHONES),
        "rttm": dict.fromkeys(utts, f"0 {seconds / 2:g} ann {seconds / 4:g} {seconds / 2:g} bob"),
    }


def open_set(folder: Path, model: ProbeModel, field: str, tokenizer: Tokenizer) -> AVDataset:
    """A set as a head reads it, with its sound or with stored states."""
    text = tokenizer if model.learns_from == "text" else None
    config = DatasetConfig(modalities="A", labels=WORDS)
    reads = {field, model.learns_from}
    rate = model.feature_rate
    return AVDataset(folder, text, config, train=True, frame_hz=rate, reads=reads)


class Run:
    """One way of training.

    Args:
        model: what is trained.
        dataset: of one batch.
    """

    def __init__(self, model: ProbeModel, dataset: AVDataset) -> None:
        self.model, self.dataset = model, dataset
        learning = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(learning, 1e-4)
        self.losses: list[float] = []
        self.seconds: list[float] = []

    def step(self) -> None:
        """One timed step: read, compute, learn."""
        start = clock("cpu")
        batch = collate([self.dataset[index] for index in range(len(self.dataset))]).as_dict()
        loss = self.model(**batch)[0]
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.losses.append(loss.item())
        self.seconds.append(clock("cpu") - start)


def compare(args: argparse.Namespace, name: str, seconds: float, fewest: int) -> dict[str, Any]:
    """Times both ways side by side, and asserts equal losses."""
    num_frames = max(3, round(25 * seconds / args.speed))
    num_utts = max(fewest, round(25 * args.batch_sec / args.speed / num_frames))
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        write_sound(root / "sound", num_utts, num_frames)
        tokenizer = train_tokenizer([PHONES], root / "tokens", "word", 0)
        model = make_head(args, name)
        size = store(model, root / "sound", root / "stored")
        twin = make_head(args, name)
        stored = Run(model, open_set(root / "stored", model, "states", tokenizer))
        computed = Run(twin, open_set(root / "sound", twin, "speech", tokenizer))
        for _ in range(args.warm_up + args.steps):
            # Alternating, so that other load on the machine hits both alike.
            for run in (stored, computed):
                run.step()
    pairs = zip(stored.losses, computed.losses, strict=True)
    worst = max(abs(a - b) / abs(b) for a, b in pairs)
    assert worst < LOSS_TOLERANCE, f"{name}: losses differ by {worst:.1e}"
    return {
        "name": name,
        "batch": f"{num_utts} x {num_frames / 25:g} s",
        "stored": stored.seconds[args.warm_up :],
        "computed": computed.seconds[args.warm_up :],
        "worst": worst,
        "bytes_a_second": size / (num_utts * num_frames / 25),
    }


def store(model: ProbeModel, sound: Path, stored: Path) -> int:
    """As `decode --kind states`; returns bytes of the archive."""
    dataset = AVDataset(sound, None, DatasetConfig(modalities="A"))
    work = Work(model=model.upstream, config=DecodeConfig())
    stored.mkdir()
    predict_states(work, dataset, lambda _: None).write(stored, read_data_dir(sound))
    return (stored / "states.ark").stat().st_size


def memory(args: argparse.Namespace) -> dict[int, int]:
    """Utterances of a corpus -> most bytes that a training on its stored states takes."""
    words = [sys.executable, __file__, "--num_layers", str(args.num_layers)]
    words += ["--size", str(args.size), "--num_threads", str(args.num_threads)]
    found = {}
    for count in args.corpora:
        told = subprocess.run(
            [*words, "--only_memory", str(count)], check=True, capture_output=True, text=True
        )
        found[count] = int(told.stdout)
    return found


def peak_of_training(args: argparse.Namespace, num_utts: int) -> int:
    """Bytes of this process, when a head has seen every utterance of a second once."""
    batch_size, num_frames = 16, 25
    model = make_head(args, "superb_ks")
    shape = (2 * num_frames - 1, len(model.states), model.state_size)
    rng = np.random.default_rng(SEED)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        utts = [f"u{number:05d}" for number in range(num_utts)]
        with ArkWriter(folder / "states.ark") as ark:
            pointers = {u: ark.write_array(u, rng.standard_normal(shape, np.float32)) for u in utts}
        write_data_dir(folder, {**tables_of(utts, num_frames), "states.scp": pointers})
        tokenizer = train_tokenizer([PHONES], folder / "tokens", "word", 0)
        dataset = open_set(folder, model, "states", tokenizer)
        for start in range(0, num_utts, batch_size):
            part = range(start, min(start + batch_size, num_utts))
            model(**collate([dataset[i] for i in part]).as_dict())[0].backward()
    return peak_bytes()


def peak_bytes() -> int:
    """Most memory of this process; what `getrusage` tells begins with that of its parent."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def report(args: argparse.Namespace, rows: list[dict[str, Any]], peaks: dict[int, int]) -> str:
    """The results file: machine, command, table, versions."""
    title = "Heads on a frozen model: stored states, against computed"
    lines = [
        *heading(title, "cpu", args.num_threads),
        f"HuBERT base with {args.num_layers} layers of {args.size} below, random weights; a step "
        f"is reading, forward, backward and Adam of one batch, {args.steps} of each kind, "
        f"alternating. Losses are equal within {LOSS_TOLERANCE:g}: states are stored as float16, "
        "half the room and half the reading of float32. Times are CPU seconds of the process.",
        "",
        "| head | batch | stored: mean ms | median | p95 | computed: mean ms | median | p95 "
        "| ratio of means | largest relative difference of a loss | MB stored a second |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        ratio = statistics.mean(row["computed"]) / statistics.mean(row["stored"])
        lines.append(
            f"| {row['name']} | {row['batch']} | {mean_spread(row['stored'])} "
            f"| {mean_spread(row['computed'])} | **{ratio:.0f}** | {row['worst']:.1e} "
            f"| {row['bytes_a_second'] / 1e6:.2f} |"
        )
    if peaks:
        lines += ["", "| utterances of a second | most memory of a training, MB |", "|--:|--:|"]
        lines += [f"| {count} | {peak / 1e6:.0f} |" for count, peak in peaks.items()]
    lines += ["", version_line(), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
