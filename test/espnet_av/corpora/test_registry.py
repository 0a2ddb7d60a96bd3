"""Every corpus has a function that the command line can be made of."""

import inspect

import pytest
from corpora_fixtures.clips import coverage
from corpora_fixtures.muavic import build_muavic

from espnet_av.bin import prepare
from espnet_av.corpora import CORPORA, load_prepare
from espnet_av.errors import ConfigError


@pytest.mark.parametrize("name", CORPORA)
def test_signature_and_help(name):
    function = load_prepare(name)
    assert function.__name__ == f"prepare_{name}"
    folders, options = prepare.split_parameters(function)
    assert [item.name for item in folders][-1] == "out_dir"
    described = inspect.getdoc(function)
    assert all(f"{item.name}: " in described for item in (*folders, *options))
    assert prepare.corpus_parser(name, function).format_help()
    assert prepare.typed_options(function, {}) == {}


def test_options_from_the_command_line(tmp_path, capsys):
    root = build_muavic(tmp_path / "root", ["it", "ru"])
    options = ["--languages", "[it]", "--num_jobs", "1", "--max_missing_ratio", "0.01"]
    prepare.main(["muavic", str(root), str(tmp_path / "data"), *options])
    assert capsys.readouterr().out.endswith("data: train 6, valid 4, test_it 4\n")
    assert ("train", "ru") not in coverage(tmp_path / "data")


def test_an_unknown_corpus():
    with pytest.raises(ConfigError, match="did you mean 'muavic'"):
        load_prepare("mauvic")
