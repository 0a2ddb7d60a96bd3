"""stage_jobs.sh: what is done twice and what is not."""

from __future__ import annotations

import subprocess
from pathlib import Path

STAGE_JOBS = Path(__file__).resolve().parents[2] / "utils/stage_jobs.sh"
WORK = """work() {
    echo ran >>calls
    if [ ! -e edited ]; then touch edited; echo "seed: 2" >conf.yaml; fi
}"""


def once(folder: Path) -> int:
    """Run a step that depends on conf.yaml; returns how often it ran by now."""
    script = f"set -euo pipefail\ndry_run=false\n. {STAGE_JOBS}\n{WORK}\n"
    script += "once out/.done conf.yaml work\njob here_cmd work\nfinished"
    subprocess.run(["bash", "-c", script], cwd=folder, check=True, capture_output=True)
    return len((folder / "calls").read_text(encoding="utf-8").splitlines())


def test_configuration_edited_while_its_stage_runs(tmp_path: Path) -> None:
    """The stage used the text of its start; with the new text it has to run again."""
    (tmp_path / "conf.yaml").write_text("seed: 1\n", encoding="utf-8")
    assert [once(tmp_path) for _ in range(3)] == [1, 2, 2]


def test_two_runs_at_once_are_named(tmp_path: Path) -> None:
    """The one that ends first takes the mark of the beginning for both."""
    (tmp_path / "conf.yaml").touch()
    script = f"set -euo pipefail\ndry_run=false\n. {STAGE_JOBS}\nother() {{ rm out/.begun; }}\n"
    script += "once out/.done conf.yaml other\njob here_cmd other\nfinished\necho went on"
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "went on" not in done.stdout
    assert "out: another run makes this at the same time; wait until it is done" in done.stderr
    assert not (tmp_path / "out/.done").exists()
