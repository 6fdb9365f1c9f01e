"""Reads answers to questions as people do: with pandas and openpyxl.

    tests/sheets/read FOLDER

In the folder stand, for each question, NAME.json, NAME.csv and NAME.xlsx, as the service wrote them. Each must say the same, and no text may be taken for a
formula. tests/tests/questions calls this.
"""

import json
import math
import pathlib
import sys

import openpyxl
import pandas

folder = pathlib.Path(sys.argv[1])
files = sorted(folder.glob("*.json"))
assert files, f"{folder} holds no answers"
formulas = 0


def same(told, read):
    """Whether a value of JSON and one that was read are the same."""
    if told is None:
        return read is None or (isinstance(read, float) and math.isnan(read)) or read is pandas.NaT
    if isinstance(told, (int, float)):
        return abs(float(read) - told) < 1e-9
    return told == str(read)[: len(told)] if hasattr(read, "isoformat") else told == str(read)


for file in files:
    answer = json.loads(file.read_text())
    name, rows = answer["question"], answer["rows"]
    columns = [column["name"] for column in answer["columns"]]

    # 1. CSV, as pandas reads it: a text that would be a formula has an apostrophe before it.
    table = pandas.read_csv(file.with_suffix(".csv"), encoding="utf-8-sig", dtype=str, keep_default_na=False, na_values=[""])
    assert list(table.columns) == columns, (name, list(table.columns))
    assert len(table) == len(rows), (name, len(table), len(rows))
    for told, (_, read) in zip(rows, table.iterrows()):
        for column in columns:
            value, text = told[column], read[column]
            if isinstance(value, str) and value[:1] in "=+-@\t\r" and value:
                formulas += 1
                value = "'" + value
            assert same(value, text), (name, column, value, text)

    # 2. The sheet, as pandas and openpyxl read it: texts stay texts.
    table = pandas.read_excel(file.with_suffix(".xlsx"), sheet_name=name)
    assert list(table.columns) == columns, (name, list(table.columns))
    assert len(table) == len(rows), (name, len(table), len(rows))
    book = openpyxl.load_workbook(file.with_suffix(".xlsx"))
    assert book.sheetnames == ["about", name], book.sheetnames
    lines = list(book[name].iter_rows(min_row=2))
    for told, line in zip(rows, lines):
        for column, cell in zip(columns, line):
            assert cell.data_type != "f", (name, column, cell.value)
            assert same(told[column], cell.value), (name, column, told[column], cell.value)
    about = [[cell.value for cell in line] for line in book["about"].iter_rows()]
    said = {what for _, what, _ in about}
    assert {"title", "as of"} <= said, said
    assert not answer["reconciliation"] or "reconciliation" in said, said

print(f"{len(files)} answers, {formulas} texts that are no formulas")
