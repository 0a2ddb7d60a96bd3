"""A trained model as one zip file."""

from espnet_av.pack.model_zip import ModelFiles, open_model, pack_model
from espnet_av.pack.unpacking import unpack_model

__all__ = ["ModelFiles", "open_model", "pack_model", "unpack_model"]
