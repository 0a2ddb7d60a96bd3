"""Names that are refused at once."""

from __future__ import annotations

import pytest

from espnet_av.errors import ConfigError
from espnet_av.recipe.checks import check_name, check_names, check_set_names, check_sets
from espnet_av.recipe.options import Options


@pytest.mark.parametrize("value", ["a b", "a\tb", "a'b", "a$b", "a]", "JOBS", "-x", "a\\b", "a:b"])
def test_names_that_a_command_line_takes_for_something_else(value: str) -> None:
    with pytest.raises(ConfigError, match=r"--tag .* may not be in it"):
        check_name("--tag", value)


def test_names_of_files_have_an_end() -> None:
    check_name("--tag", "ä" * 99)
    with pytest.raises(ConfigError, match="is too long for the name of a file"):
        check_name("--tag", "ä" * 100)


def test_only_what_is_needed_may_not_be_empty() -> None:
    check_names(Options(system="", tag="größe/exp-1.5_b=2+@"))
    with pytest.raises(ConfigError, match="--dumpdir may not be empty"):
        check_names(Options(dumpdir=""))


@pytest.mark.parametrize("value", ["a roi", "a/b", "a*", "a -b", ".a", "token_list"])
def test_sets_are_folders_beside_others(value: str) -> None:
    for check in (
        lambda: check_sets(Options(test_sets=value)),
        lambda: check_set_names("--test_sets", value, Options()),
    ):
        with pytest.raises(ConfigError, match="--test_sets"):
            check()
