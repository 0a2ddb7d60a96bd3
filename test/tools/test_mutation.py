"""The measure of test strength notices a change that tests notice, and only such."""

import subprocess
import sys
import textwrap

import pytest

SOURCE = '''
"""Two functions."""


def grow(value: int, step: int = 1) -> int:
    """Add a step to what is positive."""
    if value > 0 and step:
        return value + step
    return value


def name(folder: str) -> str:
    """A message and a path are no places for changes."""
    msg = "a" + folder * 3
    return f"{folder + 'x'}"
'''


@pytest.fixture
def tool(repo_root, monkeypatch):
    """The scripts of tools/mutation as modules."""
    monkeypatch.syspath_prepend(str(repo_root / "tools" / "mutation"))
    import covering
    import mutants

    yield mutants, covering
    for module in ("mutants", "covering", "trial"):
        sys.modules.pop(module, None)


def _tree(tmp_path):
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "sums.py").write_text(SOURCE)
    return tmp_path


def test_every_kind_of_change_is_found_and_compiles(tool, tmp_path):
    mutants, _ = tool
    lines = {"part/sums.py": set(range(40))}
    found = mutants.sample(_tree(tmp_path), "part", 99, lines, seed=0)
    changes = {(mutant.before, mutant.after) for mutant in found}
    assert changes == {
        ("if value > 0 and step:", "if not (value > 0 and step):"),
        ("value > 0 and step", "value > 0 or step"),
        ("value > 0", "value >= 0"),
        ("0", "1"),
        ("return value + step", "return None"),
        ("value + step", "value - step"),
        ("return value", "return None"),
        ("return f\"{folder + 'x'}\"", "return None"),
    }
    assert len({mutant.source for mutant in found}) == len(found)
    for mutant in found:
        compile(mutant.source, mutant.path, "exec")


def test_only_reached_lines_and_the_same_draw_again(tool, tmp_path):
    mutants, _ = tool
    tree = _tree(tmp_path)
    few = mutants.sample(tree, "part", 3, {"part/sums.py": {7}}, seed=4)
    assert [mutant.line for mutant in few] == [7, 7, 7]
    assert few == mutants.sample(tree, "part", 3, {"part/sums.py": {7}}, seed=4)
    assert mutants.sample(tree, "part", 3, {}, seed=4) == []


def test_tests_of_the_files_own_name_come_first(tool):
    _, covering = tool
    seconds = {"t/test_a.py::x": 0.1, "t/test_sums.py::slow": 2.0, "t/test_sums.py::y": 1.0}
    reached = covering.Covering({"part/sums.py": {3: [*seconds, "t/test_a.py::failed"]}}, seconds)
    assert reached.of("part/sums.py", 3) == [
        "t/test_sums.py::y", "t/test_sums.py::slow", "t/test_a.py::x",
    ]  # fmt: skip
    assert reached.lines() == {"part/sums.py": {3}}


def test_a_noticed_change_is_killed_and_the_file_is_whole_again(repo_root, tmp_path):
    tree = _tree(tmp_path)
    (tree / "test_sums.py").write_text(
        textwrap.dedent("""
            from part.sums import grow

            def test_grows():
                assert grow(2) == 3
        """)
    )
    script = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        sys.path.insert(0, {str(repo_root / "tools" / "mutation")!r})
        import mutants, trial
        tree = Path({str(tree)!r})
        for mutant in mutants.sample(tree, "part", 99, {{"part/sums.py": {{7, 8}}}}, seed=0):
            killed = trial.is_killed(tree, mutant, ["test_sums.py::test_grows"], 1.0, tree / "log")
            print(mutant.after if not killed else "killed")
    """)
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True
    )
    assert sorted(run.stdout.split("\n")[:-1]) == [
        "1", "killed", "killed", "killed", "value > 0 or step", "value >= 0",
    ]  # fmt: skip
    assert (tree / "part" / "sums.py").read_text() == SOURCE
