"""Kaldi's list tools, run as recipes run them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def tool(repo_root: Path, tmp_path: Path):
    def run(name: str, *arguments: str, stdin: str = "", ok: bool = True) -> str:
        result = subprocess.run(
            [str(repo_root / "utils" / name), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )
        assert (result.returncode == 0) == ok, result.stderr
        return result.stdout if ok else result.stderr

    return run


LINES = "".join(f"u{index} words {index}\n" for index in range(10))


def test_split_is_even_and_complete(tool, tmp_path: Path) -> None:
    (tmp_path / "in").write_text(LINES)
    tool("split_scp.pl", "in", "o1", "o2", "o3")
    parts = [(tmp_path / name).read_text() for name in ("o1", "o2", "o3")]
    assert "".join(parts) == LINES and [part.count("\n") for part in parts] == [4, 3, 3]
    assert tool("split_scp.pl", "-j", "3", "1", "in") == parts[1]
    assert tool("split_scp.pl", "--one-based", "-j", "3", "1", "-", stdin=LINES) == parts[0]
    tool("split_scp.pl", "-j", "3", "2", "in", "o4")
    assert (tmp_path / "o4").read_text() == parts[2]


def test_split_keeps_speakers_together(tool, tmp_path: Path) -> None:
    (tmp_path / "in").write_text(LINES)
    speakers = {f"u{index}": f"s{index // 3}" for index in range(10)}
    (tmp_path / "utt2spk").write_text("".join(f"{u} {s}\n" for u, s in speakers.items()))
    for names in (["o1", "o2"], ["o1", "o2", "o3"], ["o1", "o2", "o3", "o4"]):
        tool("split_scp.pl", "--utt2spk=utt2spk", "in", *names)
        parts = [(tmp_path / name).read_text() for name in names]
        assert "".join(parts) == LINES
        heard = [{speakers[line.split()[0]] for line in part.splitlines()} for part in parts]
        assert sum(map(len, heard)) == len(set().union(*heard)) == 4


def test_split_refuses_empty_parts(tool, tmp_path: Path) -> None:
    (tmp_path / "in").write_text("u1 a\nu2 b\n")
    message = tool("split_scp.pl", "in", "o1", "o2", "o3", ok=False)
    assert "in has too few lines for 3 parts; lower nj" in message
    assert not (tmp_path / "o1").exists()
    assert "part 3 of 2 does not exist" in tool("split_scp.pl", "-j", "2", "3", "in", ok=False)
    assert "no such file" in tool("split_scp.pl", "nowhere", "o1", ok=False).lower()


def test_filter_keeps_or_excludes(tool, tmp_path: Path) -> None:
    (tmp_path / "ids").write_text("u3 anything\nu1\n")
    (tmp_path / "in").write_text(LINES)
    assert tool("filter_scp.pl", "ids", "in") == "u1 words 1\nu3 words 3\n"
    assert tool("filter_scp.pl", "--exclude", "ids", stdin=LINES).count("\n") == 8
    by_third = tool("filter_scp.pl", "-f", "3", "ids", stdin="x y u3 z\nx y u4 z\n")
    assert by_third == "x y u3 z\n"
    message = tool("filter_scp.pl", "-f", "4", "ids", "in", ok=False)
    assert "in:1: no field 4 in 'u0 words 0'" in message


def test_unusual_line_breaks_do_not_split_transcripts(tool, tmp_path: Path) -> None:
    (tmp_path / "ids").write_text("u1\n")
    line = "u1 one\u2028two\u0085three\n"
    (tmp_path / "in").write_text(line)
    assert tool("filter_scp.pl", "ids", "in") == line


def test_shuffle_is_a_repeatable_permutation(tool) -> None:
    shuffled = tool("shuffle_list.pl", stdin=LINES.rstrip("\n"))
    assert sorted(shuffled.splitlines()) == LINES.splitlines() and shuffled != LINES
    assert tool("shuffle_list.pl", stdin=LINES) == shuffled
    assert tool("shuffle_list.pl", "--srand", "1", stdin=LINES) != shuffled


def test_speaker_maps_are_inverse(tool, tmp_path: Path) -> None:
    (tmp_path / "utt2spk").write_text("a s1\nb s1\nc s2\n")
    spk2utt = tool("utt2spk_to_spk2utt.pl", "utt2spk")
    assert spk2utt == "s1 a b\ns2 c\n"
    assert tool("spk2utt_to_utt2spk.pl", stdin=spk2utt) == "a s1\nb s1\nc s2\n"
    assert "-:1: not '<utt> <speaker>'" in tool("utt2spk_to_spk2utt.pl", stdin="a\n", ok=False)
    assert "-:2: not '<speaker>" in tool("spk2utt_to_utt2spk.pl", stdin="a b\nc\n", ok=False)
