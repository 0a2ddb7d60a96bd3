"""Memory of one training step, counted on the meta device: sizes and lifetimes, but no data."""

import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import torch
import torch.nn.functional as F
from torch import Tensor, distributed, nn
from torch.autograd.graph import get_gradient_edge
from torch.distributed._tools.fsdp2_mem_tracker import FSDPMemTracker
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp._fully_shard import _fully_shard
from torch.distributed.fsdp._fully_shard._fsdp_param_group import FSDPParamGroup
from torch.distributed.tensor import DTensor
from torch.overrides import TorchFunctionMode
from torch.testing._internal.distributed.fake_pg import FakeStore
from torch.utils._pytree import tree_map_only

from espnet_av.config import build
from espnet_av.models import MODELS
from espnet_av.models.abs_model import Sizes
from espnet_av.rates import FRAME_HZ, SAMPLES_PER_FRAME
from espnet_av.train.config import TrainConfig
from espnet_av.train.optimizers import build_optimizer
from espnet_av.train.sharding import shard

META = torch.device("meta")
PICTURE = (88, 88)
NUM_UNITS, VOCAB_SIZE = 2000, 1000
_HALF = {
    "linear", "conv1d", "conv2d", "conv3d", "matmul", "__matmul__", "bmm", "einsum", "prelu",
    "scaled_dot_product_attention",
}  # fmt: skip
_FULL = {
    "layer_norm", "group_norm", "softmax", "log_softmax", "cross_entropy", "normalize", "norm",
    "cosine_similarity", "pow", "exp", "log", "rsqrt", "cumsum",
}  # fmt: skip
"""Functions of torch that autocast runs in half and in full precision on CUDA (documentation of
torch.amp), as far as models here call them."""

Batch = dict[str, Tensor]


@dataclass(frozen=True)
class StepMemory:
    """Bytes on one process, at the fullest moment of a step."""

    num_parameters: int
    """Of the whole model."""
    parameters: int
    """The process's share of the weights, in bytes; its gradients take as many."""
    moments: int
    """What the optimiser keeps of its share."""
    at_peak: Mapping[str, int]
    """By torch's name of the kind, without the moments."""

    def of(self, *kinds: str) -> int:
        """Bytes of some kinds at the peak."""
        return sum(self.at_peak[kind] for kind in kinds)

    @property
    def own(self) -> int:
        """Share of weights, gradients and moments; these are there from the second step on."""
        return self.of("Sharded Param", "Sharded Grad") + self.moments

    @property
    def gathered(self) -> int:
        """Weights and gradients of the layers at hand, whole, and the buffers they travel in."""
        return self.of("Unsharded Param", "Unsharded Grad", "All Gather", "Reduce Scatter")

    @property
    def activations(self) -> int:
        """Everything else: what the backward pass needs, what is being computed, the batch."""
        return sum(self.at_peak.values()) + self.moments - self.own - self.gathered

    @property
    def peak(self) -> int:
        """All of it."""
        return self.own + self.gathered + self.activations


class AsOnCUDA(TorchFunctionMode):
    """Casts like autocast on CUDA, which the meta device has not, and fuses attention.

    Autocast of the CPU, which leaves this device alone, is the switch.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Runs `func` on what CUDA would have given it."""
        name = getattr(func, "__name__", "")
        given: tuple[Any, Any] = args, kwargs or {}
        if torch.is_autocast_enabled("cpu") and name in _HALF | _FULL:
            dtype = torch.bfloat16 if name in _HALF else torch.float32
            given = tree_map_only(Tensor, lambda x: _cast(x, dtype), given)
        if func is F.scaled_dot_product_attention:
            # The meta device would write out the attention weights, which no GPU does.
            query, key, value = given[0][:3]
            fused = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
            return fused(query, key, value)[0]
        return func(*given[0], **given[1])


def _cast(x: Tensor, dtype: torch.dtype) -> Tensor:
    return x.to(dtype) if x.is_meta and x.dtype in (torch.bfloat16, torch.float32) else x


@contextmanager
def pretended_processes(world_size: int, device: torch.device = META) -> Iterator[DeviceMesh]:
    """One of `world_size` processes whose peers exist in name only: they send and get nothing.

    Three parts of FSDP2 insist on a device that holds data; they are told otherwise.
    """
    distributed.init_process_group("fake", store=FakeStore(), rank=0, world_size=world_size)
    try:
        with ExitStack() as changes:
            for holder, name, value in (
                (torch, "meta", torch.cpu),
                (_fully_shard, "_get_device_from_mesh", lambda mesh: device),
                (FSDPParamGroup, "_validate_no_meta_params", lambda group: None),
            ):
                changes.enter_context(mock.patch.object(holder, name, value, create=name == "meta"))
            yield init_device_mesh("cpu", (world_size,))
    finally:
        distributed.destroy_process_group()


def make_model(config: TrainConfig, device: torch.device = META) -> nn.Module:
    """The model of a configuration, in training."""
    config_class, model_class = MODELS[config.model]
    model_config = build(config_class, config.model_conf, config.model)
    with device:
        model = model_class.from_config(model_config, Sizes(vocab=VOCAB_SIZE, units=NUM_UNITS))
    return model.train()


def largest_batch(config: TrainConfig, model: nn.Module, device: torch.device = META) -> Batch:
    """As many of the longest clips as a batch holds; all but the first end a frame early."""
    num = min(math.ceil(config.batch_frames / config.dataset.max_frames), config.max_utts)
    frames = min(config.batch_frames // num, config.dataset.max_frames)
    lengths = torch.tensor([frames] + [frames - 1] * (num - 1))
    repeat = int(getattr(model, "feature_rate", FRAME_HZ)) // FRAME_HZ
    batch = {
        "speech": torch.zeros(num, SAMPLES_PER_FRAME * frames, device=device),
        "speech_lengths": SAMPLES_PER_FRAME * lengths,
        "units": torch.zeros(num, repeat * frames, dtype=torch.int64, device=device),
        "units_lengths": repeat * lengths,
    }
    if config.dataset.modalities != "A":
        shape = (num, frames, *PICTURE)
        batch["video"] = torch.zeros(shape, dtype=torch.uint8, device=device)
        batch["video_lengths"] = lengths
    return batch


def forward_and_backward(model: nn.Module, batch: Batch, half: bool) -> None:
    """The passes of a step as the Lightning module and its autocast make them."""
    with torch.autocast("cpu", torch.bfloat16, enabled=half, cache_enabled=False):
        loss, _, weight = model(**batch, utt_id=[str(row) for row in range(len(batch["speech"]))])
    # Of a tensor, the pass would hide the layers that it runs again from `AsOnCUDA`.
    torch.autograd.backward(get_gradient_edge(loss * weight))


def count_step(config: TrainConfig, world_size: int) -> StepMemory:
    """Takes one step of a configuration on the meta device, sharded over `world_size` processes."""
    model = make_model(config)
    num_parameters = sum(parameter.numel() for parameter in model.parameters())
    batch = largest_batch(config, model)
    with pretended_processes(world_size) as mesh:
        shard(model, mesh)
        optimizer = build_optimizer(model, config.optim, config.optim_conf)
        tracker = FSDPMemTracker(model, optimizer)
        tracker.track_inputs(tuple(batch.values()))
        with tracker, AsOnCUDA():
            forward_and_backward(model, batch, config.precision == "bf16")
        optimizer.step()
        shares = [local(parameter) for parameter in model.parameters()]
        gradients = [local(parameter.grad) for parameter in model.parameters()]
        states = [x for state in optimizer.state.values() for x in state.values() if x.dim()]
        assert [x.shape for x in gradients] == [x.shape for x in shares], "a gradient is missing"
        at_peak = tracker.get_tracker_snapshot("peak")[META]
    return StepMemory(
        num_parameters,
        num_bytes(shares),
        num_bytes([local(state) for state in states]),
        {str(kind.value): size for kind, size in at_peak.items() if kind != "Total"},
    )


def local(x: Tensor | None) -> Tensor:
    """What this process has of a sharded tensor."""
    assert isinstance(x, DTensor)
    return x.to_local()


def num_bytes(tensors: list[Tensor]) -> int:
    """Bytes of tensors that share nothing."""
    return sum(x.numel() * x.element_size() for x in tensors)
