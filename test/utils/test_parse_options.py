"""parse_options.sh: Kaldi's way of options in shell."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

OPTIONS = Path(__file__).resolve().parents[2] / "utils" / "parse_options.sh"
SCRIPT = f"""
set -euo pipefail
nj=4
flag=false
text=""
help_message="how to use"
. {OPTIONS}
echo "nj=$nj flag=$flag text=$text rest=$*"
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", "-c", SCRIPT, "script", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ([], "nj=4 flag=false text= rest="),
        (["--nj", "8", "a", "b"], "nj=8 flag=false text= rest=a b"),
        (["--flag", "true", "x"], "nj=4 flag=true text= rest=x"),
        (["--flag"], "nj=4 flag=true text= rest="),
        (["--flag", "--nj", "2"], "nj=2 flag=true text= rest="),
        (["--text", "two words", "x"], "nj=4 flag=false text=two words rest=x"),
        (["--text", ""], "nj=4 flag=false text= rest="),
        (["--text", "$(touch /nowhere)"], "nj=4 flag=false text=$(touch /nowhere) rest="),
        (["x", "--nj", "3"], "nj=4 flag=false text= rest=x --nj 3"),
    ],
)
def test_options_set_the_variables(arguments: list[str], shown: str) -> None:
    result = run(*arguments)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == shown.strip()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--njj", "8"], "unknown option --njj"),
        (["--nj=8"], "write '--nj 8'"),
        (["--nj"], "--nj needs a value"),
        (["--flag", "yes"], "true or false, not 'yes'"),
        (["--a$b", "1"], "unknown option"),
    ],
)
def test_mistakes_stop(arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert result.returncode == 1
    assert message in result.stderr


def test_dashes_are_underscores_and_help_is_shown() -> None:
    script = f"max_steps=1; . {OPTIONS}; echo $max_steps"
    result = subprocess.run(
        ["bash", "-c", script, "s", "--max-steps", "7"], capture_output=True, text=True, check=True
    )
    assert result.stdout == "7\n"
    assert run("--help").stdout == "how to use\n"
