"""What a command loads before it is needed: seconds and memory of every call, of every job."""

from __future__ import annotations

import subprocess
import sys

import pytest

from espnet_av.bin.main import VERBS
from espnet_av.models import MODELS

FRAMEWORKS = ("torch", "torchaudio", "lightning", "espnet", "espnet2", "transformers")
DRAWING = ("matplotlib", "sacrebleu", "scipy.stats")
COMPILER = ("torch._dynamo", "torch._inductor", "torch.distributed.tensor", "sympy", "triton")


def loaded(code: str, *modules: str) -> str:
    """Those of `modules` that a new process has loaded after `code`."""
    code += f"\nimport sys; sys.stderr.write(' '.join({{*{modules!r}}} & {{*sys.modules}}))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stderr


@pytest.mark.parametrize("verb", VERBS)
def test_help_needs_neither_torch_nor_espnet(verb: str) -> None:
    code = (
        "from espnet_av.bin.main import main\n"
        "import contextlib, io\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()) as said:\n"
        f"    main(['{verb}', '--help'])\n"
        "assert 'usage' in said.getvalue()"
    )
    assert loaded(code, *FRAMEWORKS) == ""


@pytest.mark.parametrize("module", ["bin.train", "bin.transcribe", "search.decode_config"])
def test_programs_are_imported_without_what_they_run(module: str) -> None:
    assert loaded(f"import espnet_av.{module}", *FRAMEWORKS, *DRAWING, "cv2", "av") == ""


def test_models_and_transcription_do_without_torchs_compiler() -> None:
    code = "import espnet_av.models, espnet_av.speech2text as s; s.Speech2Text"
    assert loaded(code, *COMPILER, *DRAWING, "lightning", "transformers") == ""


@pytest.mark.parametrize("name", MODELS)
def test_blueprint_of_a_model_does_without_torchs_compiler(name: str) -> None:
    code = (
        "from espnet_av.models import MODELS\n"
        "from espnet_av.models.abs_model import Sizes\n"
        "from espnet_av.models.blueprint import blueprint\n"
        "from espnet_av.models.upstream import UpstreamConfig\n"
        f"config, model = MODELS[{name!r}]\n"
        "below = {'upstream': UpstreamConfig(model='bestrq')}\n"
        f"values = below if {name!r}.startswith('superb') else {{}}\n"
        "labels = getattr(config, 'num_classes', None) and config(**values).num_classes\n"
        "def build():\n"
        "    sizes = Sizes(vocab=10, units=10, labels=labels or 10)\n"
        "    return model.from_config(config(**values), sizes)\n"
        "assert blueprint(build, 10**6, 'weights')"
    )
    assert loaded(code, *COMPILER) == ""
