"""The door to ESPnet opens quietly, lazily, and for known names only."""

import subprocess
import sys

import pytest

from espnet_av import compat
from espnet_av.package_set import SETS


@pytest.mark.parametrize("name", sorted(compat._MODULE_OF))
def test_every_name_resolves(name):
    assert getattr(compat, name).__name__ == name


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="NoSuchThing"):
        compat.NoSuchThing  # noqa: B018


def run(code):
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)


def test_importing_an_attention_layer_prints_nothing():
    assert run("from espnet_av.compat import ConformerEncoder").stdout == ""


def test_importing_the_door_imports_no_espnet():
    code = "import sys, espnet_av.compat; print('espnet2' in sys.modules, 'espnet' in sys.modules)"
    assert run(code).stdout.split() == ["False", "False"]


def test_g2p_is_a_stub_that_explains_itself():
    code = (
        "import espnet_av.compat as c; c.CTC; import g2p_en\n"
        "try:\n    g2p_en.G2p()\nexcept ImportError as e:\n    print(e)"
    )
    assert "downloads NLTK data" in run(code).stdout


def test_another_release_warns(monkeypatch, caplog):
    for one in SETS:
        monkeypatch.setattr(compat, "set_of", lambda one=one: one)
        monkeypatch.setattr(compat, "espnet_version", lambda: "209901")
        compat._check_version()
        assert f"pip install espnet=={one.espnet}" in caplog.text
        caplog.clear()
        monkeypatch.setattr(compat, "espnet_version", lambda one=one: one.espnet)
        compat._check_version()
        assert caplog.text == ""


def test_names_moved_in_later_releases_are_found(monkeypatch):
    asked = []

    def importer(name):
        asked.append(name)
        if name.startswith("espnet."):
            raise ModuleNotFoundError(name=name.split(".")[0])
        return sys

    monkeypatch.setattr(compat.importlib, "import_module", importer)
    assert compat._import_moved("espnet.nets.gone") is sys
    assert asked == ["espnet.nets.gone", "espnet2.legacy.nets.gone"]


def test_a_missing_dependency_is_not_hidden(monkeypatch):
    def importer(name):
        raise ModuleNotFoundError(name="humanfriendly")

    monkeypatch.setattr(compat.importlib, "import_module", importer)
    with pytest.raises(ModuleNotFoundError):
        compat._import_moved("espnet.nets.beam_search")
