"""YAML: nothing is lost in it silently, and nothing in it can take the memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from espnet_av.errors import ConfigError
from espnet_av.yaml_file import parse_yaml, read_yaml_keys

ROOT = Path(__file__).resolve().parents[2]
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "key", "first", "second"),
    [
        ("seed: 1\nmax_steps: 2\nseed: 3\n", "seed", 1, 3),
        ("model_conf:\n  a: 1\n\n  b: 2\n  a: 3\n", "a", 2, 5),
        ("'a': 1\na: 1\n", "a", 1, 2),
        ("list:\n- {a: 1}\n- {b: 1,\n   b: 2}\n", "b", 3, 4),
        ("x: {k: 1, k: 1}\n", "k", 1, 1),
        ("a: &m {k: 1}\nb:\n  <<: *m\n  <<: *m\n", "<<", 3, 4),
    ],
)
def test_key_that_is_given_twice(text: str, key: str, first: int, second: int) -> None:
    """PyYAML keeps the last and loses the others."""
    message = rf"c\.yaml: .*the key '{key}' is given twice, in line {first} and in line {second}"
    with pytest.raises(ConfigError, match=message):
        parse_yaml(text, "c.yaml", ConfigError, "mend it")


def test_merged_keys_may_be_changed() -> None:
    text = "deep: {base: &base {a: 1, b: 2}}\nboth: &both {<<: *base, b: 3}\nx: {<<: *both, a: 4}\n"
    content = parse_yaml(text, "c.yaml", ConfigError, "mend it")
    assert content["both"] == {"a": 1, "b": 3} and content["x"] == {"a": 4, "b": 3}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB, "more than 200000 values"),
        ("[" * 5000, "nested more than 64 deep"),
        ("a: " + "{b: " * 100 + "1" + "}" * 100, "nested more than 64 deep"),
        ("&a [*a]", "alias stands for a group that it is in"),
        ("a:\n\t- 1\n", "line 2: .*a tab: indent by spaces"),
        ("when: 2020-13-45\n", "line 1: '2020-13-45' is no timestamp .month must be in .*quotes"),
        ("a: 1\nb: [x, 0x_]\n", "line 2: '0x_' is no int"),
        ("a: !!int ''\n", "line 1: '' is no int"),
        ("a: !!bool maybe\n", "line 1: 'maybe' is no bool"),
        ("a: !!timestamp today\n", "line 1: 'today' is no timestamp"),
        ("a: " + "9" * 6000, "digits"),
        ("a: 1\n---\nb: 2\n", "line 2: expected a single document"),
        ("a: !!python/object/apply:os.getcwd []\n", "could not determine a constructor"),
        ("a: [1", "line 1: while parsing a flow sequence"),
        ("a: *b\n", "undefined alias"),
        ("? [1]\n: 2\n", "unhashable"),
        ("a: \x07\n", "special characters"),
    ],
)
def test_what_is_no_configuration_is_named(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=rf"(?s)c\.yaml: not valid YAML: .*{words}.*; mend it"):
        parse_yaml(text, "c.yaml", ConfigError, "mend it")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: caf\xe9\n", r"c\.yaml:1: byte 0xe9 is not UTF-8.*iconv"),
        ("a: 1\n".encode("utf-16"), "UTF-16 text, not UTF-8"),
        (b"a: 1\n\0\0\0", r"c\.yaml:2: holds zero bytes"),
        (b"- a\n", "expected 'key: value' lines, found a list"),
        (b"hello", "found a str"),
    ],
)
def test_bytes_that_are_no_configuration(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        read_yaml_keys(path, ConfigError, "mend it")


def test_folder_missing_and_empty(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a folder, where a file is expected; mend it"):
        read_yaml_keys(tmp_path, ConfigError, "mend it")
    with pytest.raises(ConfigError, match="no such file; mend it"):
        read_yaml_keys(tmp_path / "c.yaml", ConfigError, "mend it")
    (tmp_path / "c.yaml").write_bytes(b"\xef\xbb\xbf# nothing\r\n")
    assert read_yaml_keys(tmp_path / "c.yaml", ConfigError, "mend it") == {}


@pytest.mark.parametrize("path", sorted(ROOT.glob("egs2/**/*.yaml")), ids=str)
def test_files_of_the_project_give_each_key_once(path: Path) -> None:
    assert parse_yaml(path.read_text(encoding="utf-8"), path, ConfigError, "") is not None
