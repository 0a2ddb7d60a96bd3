"""What the device check runs, the most telling first: commands in two sizes, each with a limit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = "tools/benchmarks"
MODEL_STEP = "tools/device/model_step.py"
FULL = "egs2/mini_av/avsr1/conf/full"
MINI = "egs2/mini_av/avsr1/conf"


@dataclass(frozen=True)
class Step:
    """One thing to be seen."""

    name: str
    title: str
    limit_sec: int
    """At the size of the papers."""
    paper: tuple[str, ...]
    """Arguments of Python. DEVICE, WORK and OUT stand for the device, a scratch folder, and the
    page to be written; a step without OUT is told by what it prints."""
    tiny: tuple[str, ...]


def steps() -> list[Step]:
    """All of them, in their order."""
    return [
        Step("facts", "The device", 40, *_sized("tools/device/facts.py", "", "--size 64")),
        *_sharded(),
        *_families(),
        *_searches(),
        *_ratios(),
        Step(
            "tests",
            "Tests marked gpu",
            100,
            *_sized(
                "-m pytest -q -p no:cacheprovider --device DEVICE -m gpu",
                "test/espnet_av/ops test/espnet_av/models test/espnet_av/data/test_batch.py",
                "test/espnet_av/ops/test_span_masking.py",
                ends="",
            ),
        ),
    ]


def _sized(
    command: str, paper: str, tiny: str, ends: str = "--device DEVICE --out OUT"
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return (
        tuple(f"{command} {paper} {ends}".split()),
        tuple(f"{command} {tiny} {ends}".split()),
    )


def _sharded() -> list[Step]:
    """The largest models that one device trains: FSDP2 with one process, memory, throughput."""
    found = []
    for name, paper, tiny in (
        ("XLS-R 300M", "train_wav2vec2_xlsr_300m.yaml", "train_wav2vec2.yaml"),
        ("XLAVS-R 300M", "train_xlavsr_300m.yaml", "train_xlavsr.yaml"),
    ):
        for recompute in ("yes", "no"):
            options = f"--fsdp2 --recompute {recompute}"
            again = "layers computed again" if recompute == "yes" else "everything kept"
            found.append(
                Step(
                    f"{name}, recompute {recompute}",
                    f"{name}, FSDP2 with one process, {again}",
                    60,
                    *_sized(MODEL_STEP, f"{FULL}/{paper} {options}", f"{MINI}/{tiny} {options}"),
                )
            )
    return found


def _families() -> list[Step]:
    """A step in bf16 of each family."""
    return [
        Step(
            f"step of {model}",
            f"A step of {model} in bf16",
            40,
            *_sized(MODEL_STEP, f"egs2/{paper}", f"egs2/{tiny}"),
        )
        for model, paper, tiny in (
            (
                "AV-HuBERT Large",
                "mini_av/avsr1/conf/full/train_avhubert_large.yaml",
                "mini_av/avsr1/conf/train_avhubert.yaml",
            ),
            (
                "AVSR after AV-HuBERT Large",
                "lrs3/avsr1/conf/train_av_hubert_large.yaml",
                "lrs3/avsr1/conf/tiny/train_av_hubert_large.yaml",
            ),
            (
                "AVSR by a Conformer",
                "grid/avsr1/conf/train_avsr_conformer_large.yaml",
                "mini_av/avsr1/conf/train_avsr.yaml",
            ),
            (
                "a transducer, FAVA 120M",
                "lrs3/avsr1/conf/train_fava_120m.yaml",
                "lrs3/avsr1/conf/tiny/train_fava_120m.yaml",
            ),
            (
                "BEST-RQ 120M",
                "voxceleb2/ssl1/conf/train_bestrq_120m.yaml",
                "voxceleb2/ssl1/conf/tiny/train_bestrq_120m.yaml",
            ),
            (
                "HuBERT",
                "mlcoco/vgs1/conf/train_hubert.yaml",
                "mlcoco/vgs1/conf/tiny/train_hubert.yaml",
            ),
            ("VGS+", "mlcoco/vgs1/conf/train_vgs.yaml", "mlcoco/vgs1/conf/tiny/train_vgs.yaml"),
            (
                "AV-MAE",
                "librispeech/asr1/conf/train_av_mae.yaml",
                "librispeech/asr1/conf/tiny/train_av_mae.yaml",
            ),
            (
                "SAMU-XLS-R 300M",
                "commonvoice/samu1/conf/train_samu_xlsr_300m.yaml",
                "commonvoice/samu1/conf/tiny/train_samu.yaml",
            ),
        )
    ]


def _searches() -> list[Step]:
    """Searches against ESPnet's."""
    return [
        Step(
            "joint search",
            "Joint CTC/attention search",
            60,
            *_sized(
                f"{BENCHMARKS}/bench_beam_search.py",
                "--num_utts 20 --repeats 1",
                "--num_utts 2 --repeats 1 --size 16 --num_blocks 1 --vocab_size 20",
            ),
        ),
        Step(
            "transducer search",
            "Transducer search",
            60,
            *_sized(
                f"{BENCHMARKS}/bench_transducer_search.py",
                "--num_utts 10 --repeats 1",
                "--num_utts 2 --repeats 1 --size 16 --hidden_size 16 --joint_size 16 "
                "--vocab_size 20",
            ),
        ),
    ]


def _ratios() -> list[Step]:
    """Against peers. ABX has no path of its own on a device: it is here for the processor."""
    return [
        Step(
            "span masks",
            "Span masks",
            40,
            *_sized(f"{BENCHMARKS}/bench_span_masking.py", "--repeats 50", "--repeats 2"),
        ),
        Step(
            "k-means",
            "K-means",
            90,
            *_sized(
                f"{BENCHMARKS}/bench_kmeans.py",
                "--num_points 100000 --dim 768 --num_clusters 500 --batch_size 10000 "
                "--num_seeds 1 --n_init 1 --num_threads 8",
                "--num_points 600 --dim 4 --num_clusters 12 --batch_size 100 --num_seeds 3 "
                "--max_no_improvement 20",
            ),
        ),
        Step(
            "transducer loss",
            "Transducer loss",
            90,
            *_sized(
                f"{BENCHMARKS}/bench_rnnt_loss.py",
                "--repeats 3",
                "--repeats 1 --sizes 2x60x20x50 --joiner_sizes 2x60x20x50",
            ),
        ),
        Step(
            "ABX",
            "ABX errors, on the processor",
            90,
            *_sized(
                "tools/device/abx.py",
                "--num_items 20000 --work WORK",
                "--num_items 300 --dim 8 --work WORK",
                ends="--out OUT",
            ),
        ),
    ]
