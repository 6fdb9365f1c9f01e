"""Fills a framework's form as a person does in a spreadsheet: python tests/sheets/fill.py FORM

Moves the columns of the indicators about, writes a code that looks like a number, and adds a line."""

import sys

from openpyxl import load_workbook

book = load_workbook(sys.argv[1])
book["framework"]["B2"] = "Filled in a spreadsheet"
sheet = book["indicators"]
names = [cell.value for cell in sheet[1]]
lines = [[cell.value for cell in line] for line in sheet.iter_rows(min_row=2) if line[0].value]
lines[0][names.index("code")] = 1.1
added = {"code": "9.1", "name_en": "Minutes of women's circles", "unit": "ratio", "direction": "up", "count": "minutes",
         "modality": "sociotherapy", "of_count": "sessions", "of_modality": "sociotherapy", "by": "modality ; district",
         "baseline_value": 62.5, "baseline_year": 2025, "baseline_source": "Last year's reports"}
lines.append([added.get(name) for name in names])
for at, line in enumerate([names, *lines], start=1):
    for column, value in enumerate(reversed(line), start=1):
        sheet.cell(row=at, column=column).value = value
book.save(sys.argv[1])
