"""The one door to Hugging Face: every name of `transformers` and `safetensors` that we use.

Names resolve lazily (PEP 562): safetensors alone is small, but transformers takes a second and is
no requirement of this package.
"""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from espnet_av.errors import CheckpointError, ConfigError

if TYPE_CHECKING:
    from safetensors import SafetensorError as SafetensorError
    from safetensors.torch import load_file as load_file
    from safetensors.torch import save as save
    from safetensors.torch import save_file as save_file
    from torch import nn

_MODULE_OF = {
    "AutoModel": "transformers",
    "SafetensorError": "safetensors",
    "load_file": "safetensors.torch",
    "save": "safetensors.torch",
    "save_file": "safetensors.torch",
}


def __getattr__(name: str) -> Any:
    """Imports the name on its first use; raises AttributeError for any other.

    Raises:
        ConfigError: it is of transformers, which is not installed.
    """
    if name not in _MODULE_OF:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    try:
        value = getattr(importlib.import_module(_MODULE_OF[name]), name)
    except ModuleNotFoundError as error:
        msg = f"{error.name} is not installed; run: pip install {_MODULE_OF[name].split('.')[0]}"
        raise ConfigError(msg) from error
    globals()[name] = value
    return value


def load_model(folder: Path) -> "nn.Module":
    """A model of a folder as `save_pretrained` writes it, in evaluation, on the CPU.

    Nothing is fetched and nothing in the folder is run: its class is one of transformers, and its
    weights are safetensors.

    Raises:
        CheckpointError: there is no such model in the folder, or it cannot be read.
        ConfigError: transformers is not installed.
    """
    if not (folder / "config.json").is_file():
        msg = f"{folder}: no model of Hugging Face (no config.json); give the folder of one"
        raise CheckpointError(msg)
    auto_model, safetensor_error = __getattr__("AutoModel"), __getattr__("SafetensorError")
    _know_makers_of_tensors()
    try:
        model: nn.Module = auto_model.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, use_safetensors=True
        )
    except (OSError, ValueError, KeyError, RuntimeError, safetensor_error) as error:
        first = next(iter(str(error).splitlines()), repr(error))
        msg = f"{folder}: cannot be read ({first:.300}); copy the whole folder again, with its "
        msg += "model.safetensors"
        raise CheckpointError(msg) from error
    return model.eval()


def _know_makers_of_tensors() -> None:
    """Let torch note which functions make tensors, before transformers exchanges one of them.

    torch notes them at the first use of a device context and for good; transformers 5 has its own
    `torch.linspace` in place while it loads and uses such a context. If that is the first,
    `torch.linspace` follows no device context any more until the process ends.
    """
    import torch

    with torch.device("cpu"):
        torch.empty(0)
