"""Kaldi's data-dir tools, run as recipes run them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from espnet_av.bin.data_dir import main
from espnet_av.data.data_dir import read_data_dir, write_data_dir


@pytest.fixture
def tool(repo_root: Path, tmp_path: Path):
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    def run(name: str, *arguments: object, ok: bool = True) -> str:
        result = subprocess.run(
            [str(repo_root / "utils" / name), *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
        )
        assert (result.returncode == 0) == ok, result.stderr
        return result.stdout if ok else result.stderr

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ids = [f"s{index % 2}-{index}" for index in range(6)]
    tables = {
        "utt2spk": {utt_id: utt_id[:2] for utt_id in ids},
        "wav.scp": {utt_id: f"/{utt_id}.wav" for utt_id in ids},
        "text": dict.fromkeys(ids, "some words"),
        "utt2num_frames": {utt_id: str(50 - int(utt_id[-1])) for utt_id in ids},
    }
    write_data_dir(tmp_path / "src", tables)
    return tmp_path / "src"


def test_validate(tool, folder: Path) -> None:
    assert "is valid: 6 utterances" in tool("validate_data_dir.sh", "--no-feats", folder)
    (folder / "text").unlink()
    assert "src/text: missing; without transcripts" in tool(
        "validate_data_dir.sh", folder, ok=False
    )
    tool("validate_data_dir.sh", "--no-text", folder)
    (folder / "wav.scp").write_text("s0-0 /a.wav\ns0-0 /b.wav\n")
    assert "wav.scp:2: s0-0: duplicate id" in tool(
        "validate_data_dir.sh", "--no-text", folder, ok=False
    )


def test_fix_then_validate(tool, folder: Path) -> None:
    lines = (folder / "text").read_text().splitlines()
    (folder / "text").write_text("\n".join(reversed(lines[1:])) + "\n")
    tool("validate_data_dir.sh", folder, ok=False)
    assert "kept 5 of 6 utterances" in tool("fix_data_dir.sh", folder)
    tool("validate_data_dir.sh", folder)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], ["s0-0", "s0-4", "s1-3"]),
        (["--first"], ["s0-0", "s0-2", "s0-4"]),
        (["--last"], ["s1-1", "s1-3", "s1-5"]),
        (["--shortest"], ["s0-4", "s1-3", "s1-5"]),
    ],
)
def test_subset(tool, folder: Path, options: list[str], expected: list[str]) -> None:
    tool("subset_data_dir.sh", *options, folder, 3, "dest")
    assert read_data_dir(folder.parent / "dest").utt_ids == expected


def test_subset_by_speaker_and_by_list(tool, folder: Path) -> None:
    dest = folder.parent / "dest"
    tool("subset_data_dir.sh", "--per-spk", folder, 1, dest)
    assert read_data_dir(dest).utt_ids == ["s0-0", "s1-1"]
    tool("subset_data_dir.sh", "--speakers", folder, 1, dest)
    assert len(read_data_dir(dest).utt_ids) == 3
    (folder.parent / "list").write_text("s1\n")
    tool("subset_data_dir.sh", "--spk-list", "list", folder, dest)
    assert read_data_dir(dest).utt_ids == ["s1-1", "s1-3", "s1-5"]
    (folder.parent / "list").write_text("s1-3 x\n")
    tool("subset_data_dir.sh", "--utt-list", "list", folder, dest)
    assert read_data_dir(dest).utt_ids == ["s1-3"]


def test_subset_explains_wrong_arguments(tool, folder: Path) -> None:
    assert "usage: subset_data_dir.sh" in tool("subset_data_dir.sh", folder, "dest", ok=False)
    assert "'x' is no number" in tool("subset_data_dir.sh", folder, "x", "dest", ok=False)
    message = tool("subset_data_dir.sh", "--utt-list", "nolist", folder, "dest", ok=False)
    assert "nolist: no such file" in message


def test_copy_with_prefixes_and_suffixes_then_combine(tool, folder: Path) -> None:
    tool("copy_data_dir.sh", "--utt-prefix", "x_", "--spk-prefix=x_", folder, "copy")
    copy = read_data_dir(folder.parent / "copy")
    assert copy.utt_ids[0] == "x_s0-0" and copy.tables["utt2spk"]["x_s0-0"] == "x_s0"
    tool("copy_data_dir.sh", "--utt-suffix=-y", "--spk-suffix=-y", folder, "other")
    other = read_data_dir(folder.parent / "other")
    assert other.utt_ids[0] == "s0-0-y" and other.tables["utt2spk"]["s0-0-y"] == "s0-y"
    tool("combine_data.sh", "both", folder, "copy")
    assert len(read_data_dir(folder.parent / "both").utt_ids) == 12
    assert "also in a source before it" in tool("combine_data.sh", "c", folder, folder, ok=False)


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        ("copy", ["src", "dest"]),
        ("combine", ["dest", "src"]),
        ("subset", ["src", "2", "dest"]),
        ("validate", ["--no-text", "src"]),
    ],
)
def test_tools_tell_what_they_leave_out(
    verb: str,
    arguments: list[str],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "utt2langs").write_text("s0-0 en\n")
    monkeypatch.chdir(folder.parent)
    main([verb, *arguments])
    told = "utt2langs: not a table of a data dir; did you mean 'utt2lang'?"
    assert told in capsys.readouterr().err


def test_tools_start_without_heavy_imports(repo_root: Path) -> None:
    code = "import sys, espnet_av.bin.data_dir; print({'torch', 'cv2', 'numpy'} & {*sys.modules})"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=repo_root, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
