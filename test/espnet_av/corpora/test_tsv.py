"""Quotes in tab-separated lists."""

import csv
import io

import pytest
from corpora_fixtures.clips import put, report
from corpora_fixtures.faces_and_voices import build_common_voice

from espnet_av.corpora.common_voice import prepare_common_voice
from espnet_av.corpora.tsv import (
    join_surplus,
    read_headed_tsv,
    read_tsv,
    split_escaped,
    split_row,
)
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import DataDirError

SENTENCES = [
    '"Good-bye," said the boy.',
    '"Yes."',
    'He said "hello" twice.',
    "no quotes, but a comma",
    '"',
    '""',
    "a\tb",
    'ends with "one"',
    "",
    "It's 5\" long",
]


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
@pytest.mark.parametrize("sentence", SENTENCES)
def test_what_a_csv_writer_wrote_is_read_as_it_was(sentence, quoting):
    stream = io.StringIO()
    csv.writer(stream, delimiter="\t", lineterminator="", quoting=quoting).writerow(
        ["x.mp3", sentence, "2"]
    )
    assert split_row(stream.getvalue()) == ["x.mp3", sentence, "2"]


@pytest.mark.parametrize(
    "sentence",
    [
        '"Good-bye," said the boy.',
        'He said "hello" twice.',
        '"Yes," she said, "no."',
        '"never closed',
        'only at the end"',
        'It is 5" long',
        '"',
    ],
)
def test_quotes_of_lists_that_are_no_csv_stay(sentence):
    assert split_row(f"x.mp3\t{sentence}\t2") == ["x.mp3", sentence, "2"]


def test_quotes_that_meet_across_columns_by_chance_part_them_still(tmp_path):
    (tmp_path / "a.tsv").write_text('path\tsentence\taccent\nx\t"a\tb"\n', "utf-8")
    assert read_tsv(tmp_path / "a.tsv", 3)[1] == ["x", '"a', 'b"']
    assert read_headed_tsv(tmp_path / "a.tsv")[1] == [(2, ["x", '"a', 'b"'])]


def test_a_quoted_field_may_run_over_lines(tmp_path):
    rows = ['x\t"one\ntwo ""2"""\t1', 'y\t"open\t1', "z\tc\t1", 'w\t"short']
    (tmp_path / "a.tsv").write_text("path\tsentence\tn\n" + "\n".join(rows) + "\n", "utf-8")
    header, found = read_headed_tsv(tmp_path / "a.tsv")
    assert header == ["path", "sentence", "n"]
    assert found == [
        (2, ["x", 'one\ntwo "2"', "1"]),
        (4, ["y", '"open', "1"]),
        (5, ["z", "c", "1"]),
        (6, ["w", '"short']),
    ]


def test_common_voice_text_has_no_quotes_of_the_file_format(tmp_path):
    corpus = build_common_voice(tmp_path / "cv")
    path = corpus / "de" / "test.tsv"
    header, first, second = path.read_text("utf-8").splitlines()
    column = header.split("\t").index("sentence")
    rows = [row.split("\t") for row in (first, second)]
    rows[0][column] = '"""Gut,"" sagt er."'
    rows[1][column] = '"zwei\nZeilen"'
    lines = [header, *("\t".join(row) for row in rows)]
    put(path, "\n".join(lines) + "\n")
    prepare_common_voice(corpus, tmp_path / "data")
    data = read_data_dir(tmp_path / "data" / "test_de")
    assert list(data.tables["text"].values()) == ['"Gut," sagt er.', "zwei Zeilen"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_lists_that_were_saved_by_a_spreadsheet(tmp_path, start, end):
    lines = ["path\tsentence", 'x\t"a ""b"""', "y\tc", "", " "]
    (tmp_path / "a.tsv").write_bytes((start + end.join(lines)).encode())
    rows = [(2, ["x", 'a "b"']), (3, ["y", "c"])]
    assert read_headed_tsv(tmp_path / "a.tsv") == (["path", "sentence"], rows)


def test_a_list_in_another_encoding_is_told_how_to_mend(tmp_path):
    (tmp_path / "a.tsv").write_text("path\tsentence\n", "utf-16")
    with pytest.raises(DataDirError, match=r"a\.tsv: UTF-16 text, not UTF-8; iconv -f utf-16"):
        read_tsv(tmp_path / "a.tsv", 2)


def test_lists_without_any_clip_are_no_corpus(tmp_path):
    corpus = build_common_voice(tmp_path / "cv")
    for path in (corpus / "de").glob("*.tsv"):
        put(path, path.read_text("utf-8").splitlines()[0] + "\n")
    with pytest.raises(DataDirError, match="its lists name no clip at all"):
        prepare_common_voice(corpus, tmp_path / "data", languages=["de"])


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("a\tb\tc", ["a", "b", "c"]),
        ("a\\\tb\tc", ["a\tb", "c"]),
        ('a\\"b\\\\\tc', ['a"b\\', "c"]),
        ('"a\t"b"\t', ['"a', '"b"', ""]),
        ("a\\", ["a\\"]),
    ],
)
def test_backslashes_of_a_list_that_quotes_nothing(line, fields):
    assert split_escaped(line) == fields


@pytest.mark.parametrize(
    ("row", "joined"),
    [
        (["p", "a", "x"], ["p", "a", "x"]),
        (["p", "a", "b", "c", "x"], ["p", "a b c", "x"]),
        (["p", "a", "x", "", " "], ["p", "a", "x"]),
        (["p", "a"], ["p", "a"]),
    ],
)
def test_stray_tabs_are_spaces_of_the_free_text(row, joined):
    assert join_surplus(row, 3, 1) == joined


def test_a_sentence_of_common_voice_keeps_what_follows_a_stray_tab(tmp_path):
    root = build_common_voice(tmp_path / "cv", ["de"])
    dev = root / "de/dev.tsv"
    put(dev, dev.read_text().replace('Ein "Satz 1', 'Ein\t"Satz\t1'))
    prepare_common_voice(root, tmp_path / "data")
    texts = read_data_dir(tmp_path / "data/valid_de").tables["text"]
    assert sorted(texts.values()) == ['Ein "Satz 0', 'Ein "Satz 1']
    assert [why for _, *why in report(tmp_path / "data")] == [
        ["stray_tab", "kept, the tab is a space"]
    ]
