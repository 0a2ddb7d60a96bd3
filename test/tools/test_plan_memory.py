"""The planned memory of a step is what a step takes, and the largest models are planned."""

import sys

import pytest
import torch
import torch.nn.functional as F
from torch.profiler import ProfilerActivity, profile

from espnet_av.config import build, save_yaml
from espnet_av.ops.precision import full_precision
from espnet_av.train.config import TrainConfig
from espnet_av.train.sharding import shard

ENCODER = {"num_layers": 4, "attention_heads": 2, "linear_units": 512, "dropout_rate": 0.0,
           "attention_dropout_rate": 0.0, "pos_conv_groups": 4}  # fmt: skip
TINY = {
    "model": "wav2vec2",
    "model_conf": {
        "audio_frontend_conf": {"norm": "layer_norm", "channels": 4},
        "feature_size": 64,
        "encoder_conf": ENCODER,
        "dropout_rate": 0.0,
        "target_dropout_rate": 0.0,
        "num_negatives": 2,
        "quantizer": {"num_entries": 4, "size": 8},
    },
    "dataset": {"modalities": "A", "max_frames": 100},
    "batch_frames": 1000,
    "strategy": "fsdp2",
}


@pytest.fixture
def step_memory(bench):
    """The counting that the tool uses."""
    return sys.modules["step_memory"]


def measured_peak(step_memory, config: TrainConfig, world_size: int) -> int:
    """Bytes that the allocator of the CPU gave out for the same step, with real tensors."""
    cpu = torch.device("cpu")
    model = step_memory.make_model(config, cpu)
    batch = step_memory.largest_batch(config, model, cpu)
    with step_memory.pretended_processes(world_size, cpu) as mesh:
        shard(model, mesh)
        held = step_memory.num_bytes(
            [*map(step_memory.local, model.parameters()), *model.buffers(), *batch.values()]
        )
        kinds = [ProfilerActivity.CPU]
        with profile(activities=kinds, profile_memory=True, acc_events=True) as measured:
            step_memory.forward_and_backward(model, batch, half=False)
    events = [e for e in measured.profiler.kineto_results.events() if e.name() == "[memory]"]
    now = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        now += event.nbytes()
        peak = max(peak, now)
    return held + peak


@pytest.fixture
def tiny(tmp_path):
    """A configuration file whose transformer takes most of the memory."""
    path = tmp_path / "train_tiny.yaml"
    save_yaml(build(TrainConfig, TINY), path)
    return path


@pytest.mark.parametrize("recompute", [True, False])
def test_planned_is_what_a_step_takes(bench, step_memory, tiny, recompute):
    config = bench.prepare(tiny, recompute)
    counted = step_memory.count_step(config, 4)
    bench.check_shares(counted, 4)
    planned = counted.peak - counted.moments
    assert planned == pytest.approx(measured_peak(step_memory, config, 4), rel=0.01)


def test_casts_are_those_of_cuda(step_memory):
    x = torch.zeros(2, 2, device="meta")
    with step_memory.AsOnCUDA(), torch.autocast("cpu", torch.bfloat16):
        assert (x @ x).dtype == F.linear(x, x).dtype == torch.bfloat16
        assert F.layer_norm(x @ x, (2,)).dtype == (x @ x).softmax(dim=1).dtype == torch.float32
        assert F.gelu(x @ x).dtype == torch.bfloat16
        with full_precision(x.device):
            assert (x @ x).dtype == torch.float32
    with step_memory.AsOnCUDA():
        assert (x @ x).dtype == torch.float32


def test_layers_of_the_largest_model_are_planned(bench, step_memory):
    """Four of the 48 layers of XLAVS-R 2B; a process of 32 has its share, and one layer whole."""
    config = bench.prepare(bench.FULL / "train_xlavsr_2b.yaml", recompute=True)
    config.model_conf["encoder_conf"]["num_layers"] = 4
    counted = step_memory.count_step(config, 32)
    bench.check_shares(counted, 32)
    layer = 4 * (4 * 1920**2 + 2 * 1920 * 7680)
    assert layer < counted.gathered < 4 * counted.num_parameters
    assert counted.activations > counted.own


def test_lost_weights_stop_it(bench, step_memory):
    kinds = dict.fromkeys(("Sharded Param", "Sharded Grad"), 400)
    bench.check_shares(step_memory.StepMemory(200, 400, 800, kinds), 2)
    with pytest.raises(AssertionError, match="missed weights"):
        bench.check_shares(step_memory.StepMemory(200, 400, 800, {"Sharded Param": 300}), 2)
    with pytest.raises(AssertionError, match="800 bytes, 400"):
        bench.check_shares(step_memory.StepMemory(200, 800, 1600, kinds), 2)


def test_other_models_are_refused(bench):
    with pytest.raises(SystemExit, match="model: avsr; counted are wav2vec2, hubert, avhubert"):
        bench.prepare(bench.FULL / "train_avsr_avhubert_base.yaml", recompute=False)


def test_writes_a_table(bench, tiny, tmp_path, monkeypatch, capsys):
    out = tmp_path / "result.md"
    sizes = ["--configs", str(tiny), "--world_size", "3"]
    monkeypatch.setattr(sys, "argv", ["plan", *sizes, "--out", str(out)])
    bench.main()
    rows = [line for line in out.read_text().splitlines() if line.startswith("| tiny")]
    assert [row.split(" | ")[3:5] for row in rows] == [["yes", "3"], ["no", "3"]]
    assert "10 clips of 4.0 s" in rows[0]
    assert out.read_text() in capsys.readouterr().out
