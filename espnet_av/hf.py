"""The one door to Hugging Face: every name of `transformers` and `safetensors` that we use.

Names resolve lazily (PEP 562): safetensors alone is small, but transformers takes a second and is
no requirement of this package.
"""

import importlib
from collections.abc import Collection
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
    "AutoModelForSeq2SeqLM": "transformers",
    "AutoTokenizer": "transformers",
    "BertConfig": "transformers",
    "BertModel": "transformers",
    "MBart50Tokenizer": "transformers",
    "MBartConfig": "transformers",
    "MBartForConditionalGeneration": "transformers",
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


def load_translator(folder: Path) -> Any:
    """A model that makes texts of texts, with all of its weights; see `load_model`.

    Raises:
        CheckpointError: there is no such model in the folder, it cannot be read, or lacks weights.
        ConfigError: transformers is not installed.
    """
    return load_model(folder, (), "AutoModelForSeq2SeqLM")


def load_model(
    folder: Path, may_lack: Collection[str] | None = None, kind: str = "AutoModel"
) -> "nn.Module":
    """A model of a folder as `save_pretrained` writes it, in evaluation, on the CPU.

    Nothing is fetched and nothing in the folder is run: its class is one of transformers, and its
    weights are safetensors.

    Args:
        folder: of the model.
        may_lack: beginnings of the names of weights that need not be there; transformers makes
            them at random. None: any.
        kind: class of transformers that finds the model's own.

    Raises:
        CheckpointError: there is no such model in the folder, it cannot be read, or lacks weights.
        ConfigError: transformers is not installed.
    """
    if not (folder / "config.json").is_file():
        msg = f"{folder}: no model of Hugging Face (no config.json); give the folder of one"
        raise CheckpointError(msg)
    auto_model, safetensor_error = __getattr__(kind), __getattr__("SafetensorError")
    _know_makers_of_tensors()
    try:
        model, info = auto_model.from_pretrained(
            folder,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError, safetensor_error) as error:
        first = next(iter(str(error).splitlines()), repr(error))
        msg = f"{folder}: cannot be read ({first:.300}); copy the whole folder again, with its "
        msg += "model.safetensors"
        raise CheckpointError(msg) from error
    lacking = [] if may_lack is None else sorted(info["missing_keys"])
    lacking = [name for name in lacking if not name.startswith(tuple(may_lack or ()))]
    if lacking:
        msg = (
            f"{folder}: its weights lack {', '.join(lacking[:4])}, which would be random; take a "
            "folder with all of the model, or do without that part"
        )
        raise CheckpointError(msg)
    loaded: nn.Module = model.eval()
    return loaded


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of a folder; nothing is fetched, and nothing in the folder is run.

    Raises:
        CheckpointError: there is none, or it cannot be read.
        ConfigError: transformers is not installed.
    """
    auto_tokenizer, again = __getattr__("AutoTokenizer"), "copy the whole folder again, with its"
    try:
        tokenizer = auto_tokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        first = next(iter(str(error).splitlines()), repr(error))
        msg = f"{folder}: has no tokenizer that can be read ({first:.300}); {again} tokenizer files"
        raise CheckpointError(msg) from error
    # Without any file, transformers 5 makes one that knows no word.
    if len(tokenizer) <= len(tokenizer.all_special_tokens):
        msg = f"{folder}: has no tokenizer, or one without words; {again} tokenizer files"
        raise CheckpointError(msg)
    return tokenizer


def _know_makers_of_tensors() -> None:
    """Let torch note which functions make tensors, before transformers exchanges one of them.

    torch notes them at the first use of a device context and for good; transformers 5 has its own
    `torch.linspace` in place while it loads and uses such a context. If that is the first,
    `torch.linspace` follows no device context any more until the process ends.
    """
    import torch

    with torch.device("cpu"):
        torch.empty(0)
