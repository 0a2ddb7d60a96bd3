#!/usr/bin/env bash
# yaml.safe_load raises errors that are no yaml.YAMLError for scalars that only look typed.
#
# Plain text that resembles a date or a number is matched by a pattern, then converted without a
# check: 2020-13-45 (an utterance id, a version, a folder's name) raises a plain ValueError without
# file and line, 0x_ and 0b_ (tokens of a list) do, and explicit tags even AttributeError, KeyError
# and IndexError. 'except yaml.YAMLError' misses all of them, and no message names the line.
# The cure: quote such scalars; or catch (yaml.YAMLError, ValueError, LookupError, AttributeError).
#
# usage: pyyaml_plain_errors.sh [version of PyYAML]
set -euo pipefail
pyyaml=${1:-6.0.3}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet "PyYAML==$pyyaml"
"$work/venv/bin/python" - <<'PY'
import sys

import yaml

print("PyYAML", yaml.__version__)
texts = {
    "name: 2020-13-45": ValueError,
    "name: 2021-02-30": ValueError,
    "name: 2020-01-01 10:61:00": ValueError,
    "tokens: [a, 0x_, 0b_]": ValueError,
    "length: !!int five": ValueError,
    "length: !!int ''": IndexError,
    "begin: !!timestamp today": AttributeError,
    "is_new: !!bool maybe": KeyError,
}
as_described = True
for text, expected in texts.items():
    try:
        seen = yaml.safe_load(text)
    except yaml.YAMLError as error:
        seen = "YAMLError: " + str(error).splitlines()[0]
        as_described = False
    except Exception as error:
        seen = f"{type(error).__name__}: {error}"
        as_described &= type(error) is expected
    else:
        as_described = False
    print(f"  {text:28} {seen}")
print("as described" if as_described else "CHANGED: another error, or none")
sys.exit(not as_described)
PY
