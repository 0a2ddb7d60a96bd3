"""Reading text and JSON: what is damaged, or no text at all, is named with its place and a cure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from espnet_av.errors import AVError

_BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_MAX_QUOTED = 200


def read_text(path: str | Path, kind: type[AVError], cure: str) -> str:
    """Content of a UTF-8 file.

    Args:
        path: the file.
        kind: class of the error.
        cure: what to do when it is missing or damaged, as `run the tokens stage (8) again`.

    Returns:
        The text, without a byte order mark and with its line ends as they are.

    Raises:
        kind: it is missing, a folder, no UTF-8, or holds zero bytes, as what a full disk or a power
            cut leaves.
    """
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError as error:
        msg = f"{path}: no such file; {cure}"
        raise kind(msg) from error
    except IsADirectoryError as error:
        msg = f"{path}: a folder, where a file is expected; {cure}"
        raise kind(msg) from error
    return decode_text(content, path, kind, cure)


def decode_text(content: bytes, where: str | Path, kind: type[AVError], cure: str) -> str:
    """The same of bytes that are read already; `where` names them in errors."""
    encoding = _BYTE_ORDER_MARKS.get(content[:2])
    if encoding is not None:
        msg = f"{where}: {encoding.upper()} text, not UTF-8; iconv -f {encoding} -t utf8 makes it"
        raise kind(msg)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        msg = (
            f"{where}:{line}: byte {content[error.start]:#04x} is not UTF-8: it is damaged, or in "
            f"another encoding (iconv -f latin1 -t utf8); {cure}"
        )
        raise kind(msg) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        msg = f"{where}:{line}: holds zero bytes, so it is damaged or no text; {cure}"
        raise kind(msg)
    return text


def read_labels(path: str | Path, kind: type[AVError], cure: str) -> list[str]:
    """Lines of a list in which a label is its line number, as `tokens.txt`.

    Raises:
        kind: as `read_text`; or the last line has no end, as the file was cut short; or there is
            no line, an empty one, or the same one twice.
    """
    text = read_text(path, kind, cure)
    # Not splitlines(): a token may be a character that Unicode takes for a line end.
    lines = text.removesuffix("\n").split("\n")
    if not text.endswith("\n"):
        msg = f"{path}:{len(lines)}: the last line has no end, so the file was cut short; {cure}"
        raise kind(msg)
    first: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if not line:
            msg = f"{path}:{number}: empty line in a list whose line numbers count; {cure}"
            raise kind(msg)
        if first.setdefault(line, number) != number:
            msg = f"{path}:{number}: '{quoted(line)}' stands in line {first[line]} already; {cure}"
            raise kind(msg)
    return lines


def read_json(path: str | Path, kind: type[AVError], cure: str) -> dict[str, Any]:
    """Content of a JSON file that holds an object.

    Raises:
        kind: as `read_text`, or it is not valid JSON, or of another form.
    """
    text = read_text(path, kind, cure)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        state = "empty" if not text.strip() else f"not valid JSON ({error})"
        msg = f"{path}: {state}: it was cut short or edited; {cure}"
        raise kind(msg) from error
    if not isinstance(content, dict):
        msg = f"{path}: expected an object of JSON, found a {type(content).__name__}; {cure}"
        raise kind(msg)
    return content


def quoted(value: object) -> str:
    """A value for a message: of a long one the beginning and its length."""
    text = str(value)
    if len(text) <= _MAX_QUOTED:
        return text
    return f"{text[:_MAX_QUOTED]}... ({len(text)} characters)"
