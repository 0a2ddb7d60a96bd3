"""The one door to ESPnet: every name of `espnet` and `espnet2` that we use, imported on demand.

Names resolve lazily (PEP 562), because some of ESPnet's modules take seconds to import or create
a CUDA context. Importing through this file also spares the user three side effects: `g2p_en`
fetching NLTK data at import, the "Failed to import Flash Attention" line on stdout, and a silent
run on an ESPnet release whose modules have moved.
"""

import contextlib
import importlib
import importlib.metadata
import importlib.util
import io
import logging
import sys
import types
from typing import TYPE_CHECKING, Any

from espnet_av.package_set import set_of

if TYPE_CHECKING:
    from espnet.nets.batch_beam_search import BatchBeamSearch as BatchBeamSearch
    from espnet.nets.beam_search import Hypothesis as Hypothesis
    from espnet.nets.pytorch_backend.nets_utils import make_non_pad_mask as make_non_pad_mask
    from espnet.nets.pytorch_backend.nets_utils import make_pad_mask as make_pad_mask
    from espnet.nets.pytorch_backend.nets_utils import th_accuracy as th_accuracy
    from espnet.nets.pytorch_backend.transformer.add_sos_eos import add_sos_eos as add_sos_eos
    from espnet.nets.pytorch_backend.transformer.label_smoothing_loss import (
        LabelSmoothingLoss as LabelSmoothingLoss,
    )
    from espnet.nets.scorers.ctc import CTCPrefixScorer as CTCPrefixScorer
    from espnet.nets.scorers.length_bonus import LengthBonus as LengthBonus
    from espnet2.asr.ctc import CTC as CTC
    from espnet2.asr.decoder.abs_decoder import AbsDecoder as AbsDecoder
    from espnet2.asr.decoder.transducer_decoder import TransducerDecoder as TransducerDecoder
    from espnet2.asr.decoder.transformer_decoder import TransformerDecoder as TransformerDecoder
    from espnet2.asr.encoder.abs_encoder import AbsEncoder as AbsEncoder
    from espnet2.asr.encoder.branchformer_encoder import BranchformerEncoder as BranchformerEncoder
    from espnet2.asr.encoder.conformer_encoder import ConformerEncoder as ConformerEncoder
    from espnet2.asr.encoder.e_branchformer_encoder import (
        EBranchformerEncoder as EBranchformerEncoder,
    )
    from espnet2.asr.encoder.multiconvformer_encoder import (
        MultiConvConformerEncoder as MultiConvConformerEncoder,
    )
    from espnet2.asr.encoder.rnn_encoder import RNNEncoder as RNNEncoder
    from espnet2.asr.encoder.transformer_encoder import TransformerEncoder as TransformerEncoder
    from espnet2.asr.frontend.abs_frontend import AbsFrontend as AbsFrontend
    from espnet2.asr.frontend.default import DefaultFrontend as DefaultFrontend
    from espnet2.asr.transducer.beam_search_transducer import (
        BeamSearchTransducer as BeamSearchTransducer,
    )
    from espnet2.asr_transducer.joint_network import JointNetwork as JointNetwork
    from espnet2.iterators.abs_iter_factory import AbsIterFactory as AbsIterFactory
    from espnet2.torch_utils.device_funcs import force_gatherable as force_gatherable
    from espnet2.train.abs_espnet_model import AbsESPnetModel as AbsESPnetModel
    from espnet2.train.distributed_utils import DistributedOption as DistributedOption
    from espnet2.train.reporter import Reporter as Reporter
    from espnet2.train.trainer import Trainer as Trainer
    from espnet2.train.trainer import TrainerOptions as TrainerOptions

logger = logging.getLogger(__name__)

_MODULE_OF = {
    "AbsDecoder": "espnet2.asr.decoder.abs_decoder",
    "AbsESPnetModel": "espnet2.train.abs_espnet_model",
    "AbsEncoder": "espnet2.asr.encoder.abs_encoder",
    "AbsFrontend": "espnet2.asr.frontend.abs_frontend",
    "AbsIterFactory": "espnet2.iterators.abs_iter_factory",
    "BatchBeamSearch": "espnet.nets.batch_beam_search",
    "BeamSearchTransducer": "espnet2.asr.transducer.beam_search_transducer",
    "BranchformerEncoder": "espnet2.asr.encoder.branchformer_encoder",
    "CTC": "espnet2.asr.ctc",
    "CTCPrefixScorer": "espnet.nets.scorers.ctc",
    "ConformerEncoder": "espnet2.asr.encoder.conformer_encoder",
    "DefaultFrontend": "espnet2.asr.frontend.default",
    "DistributedOption": "espnet2.train.distributed_utils",
    "EBranchformerEncoder": "espnet2.asr.encoder.e_branchformer_encoder",
    "Hypothesis": "espnet.nets.beam_search",
    "JointNetwork": "espnet2.asr_transducer.joint_network",
    "LabelSmoothingLoss": "espnet.nets.pytorch_backend.transformer.label_smoothing_loss",
    "LengthBonus": "espnet.nets.scorers.length_bonus",
    "MultiConvConformerEncoder": "espnet2.asr.encoder.multiconvformer_encoder",
    "RNNEncoder": "espnet2.asr.encoder.rnn_encoder",
    "Reporter": "espnet2.train.reporter",
    "Trainer": "espnet2.train.trainer",
    "TrainerOptions": "espnet2.train.trainer",
    "TransducerDecoder": "espnet2.asr.decoder.transducer_decoder",
    "TransformerDecoder": "espnet2.asr.decoder.transformer_decoder",
    "TransformerEncoder": "espnet2.asr.encoder.transformer_encoder",
    "add_sos_eos": "espnet.nets.pytorch_backend.transformer.add_sos_eos",
    "force_gatherable": "espnet2.torch_utils.device_funcs",
    "make_non_pad_mask": "espnet.nets.pytorch_backend.nets_utils",
    "make_pad_mask": "espnet.nets.pytorch_backend.nets_utils",
    "th_accuracy": "espnet.nets.pytorch_backend.nets_utils",
}

_FLASH_ATTENTION_NOTICE = "Failed to import Flash Attention"


def __getattr__(name: str) -> Any:
    """Imports the ESPnet name `name` on its first use; raises AttributeError for any other."""
    if name not in _MODULE_OF:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(_import_quietly(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE_OF})


def espnet_version() -> str:
    """Returns the installed ESPnet release, e.g. `202511`."""
    return importlib.metadata.version("espnet")


def _check_version() -> None:
    """Warns once when the installed ESPnet is not the one that is tested with this Python."""
    tested, installed = set_of(), espnet_version()
    if tested is not None and installed != tested.espnet:
        logger.warning(
            "espnet %s is installed, but with this Python %s is tested; if imports or results "
            "differ, run: pip install espnet==%s",
            installed,
            tested.espnet,
            tested.espnet,
        )


def _import_quietly(module: str) -> types.ModuleType:
    """Imports `module`, or its place in later releases, without the flash-attention notice."""
    if module not in sys.modules:
        _install_g2p_stub()
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            loaded = _import_moved(module)
        for line in said.getvalue().splitlines():
            if not line.startswith(_FLASH_ATTENTION_NOTICE):
                logger.info("%s: %s", module, line)
        return loaded
    return sys.modules[module]


def _import_moved(module: str) -> types.ModuleType:
    """Imports `module`; releases after 202511 keep `espnet.*` under `espnet2.legacy.*`."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if not module.startswith("espnet.") or not module.startswith(error.name or "-"):
            raise
    return importlib.import_module("espnet2.legacy." + module.removeprefix("espnet."))


def _install_g2p_stub() -> None:
    """Puts a stand-in for `g2p_en` in place, whose real import downloads NLTK data twice."""
    if "g2p_en" in sys.modules:
        return
    stub = types.ModuleType("g2p_en")
    stub.__spec__ = importlib.util.spec_from_loader("g2p_en", loader=None)
    stub.G2p = _AbsentG2p  # type: ignore[attr-defined]
    sys.modules["g2p_en"] = stub


class _AbsentG2p:
    """Stand-in for `g2p_en.G2p`: this package has no grapheme-to-phoneme step."""

    def __init__(self) -> None:
        msg = (
            "g2p_en is replaced by a stub here because importing it downloads NLTK data; "
            "import g2p_en before espnet_av if you need ESPnet's English g2p"
        )
        raise ImportError(msg)


_check_version()
