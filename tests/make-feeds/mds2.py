"""Makes the example statements in tests/feeds/mds2: python3 tests/make-feeds/mds2.py (needs openpyxl).

Question ids are those of the forms of 2013 and 2019; the texts are our own short words, makers and devices are invented.
The four files differ in where things stand, as makers' files do.
"""

import csv
import datetime
import pathlib
import zipfile

import openpyxl

OUT = pathlib.Path(__file__).resolve().parent.parent / "feeds" / "mds2"

FORM_2019 = [
    ("MPII", "Personal data", ["1", "2", "2.1", "2.2", "2.3", "2.6", "2.7", "3", "3.1", "3.3", "3.5", "3.6", "3.7", "3.10"]),
    ("ALOF", "Logoff", ["1", "2"]),
    ("AUDT", "Audit", ["1", "1.1", "2", "2.1", "2.8.1", "4.1.1", "5", "5.2", "7"]),
    ("AUTH", "Authorisation", ["1", "1.1", "2", "3", "5"]),
    ("CSUP", "Upgrades", ["1", "2", "2.1", "2.2", "2.3", "2.4", "3", "3.1", "3.2", "4", "4.1", "5", "5.1", "6", "6.1", "7", "8", "11"]),
    ("DIDT", "De-identification", ["1"]),
    ("DTBK", "Backup", ["1", "2", "3"]),
    ("EMRG", "Emergency access", ["1"]),
    ("IGAU", "Integrity", ["1", "2"]),
    ("MLDP", "Malware", ["1", "2", "2.1", "2.3", "3", "4", "5"]),
    ("NAUT", "Nodes", ["1", "2", "3"]),
    ("CONN", "Connections", ["1", "1.1", "1.1.1", "1.2.1", "2", "6", "7"]),
    ("PAUT", "Persons", ["1", "2", "5", "8"]),
    ("PLOK", "Locks", ["1", "2"]),
    ("RDMP", "Road map", ["1", "3", "4"]),
    ("SBOM", "Bill of materials", ["1", "2", "2.1", "3"]),
    ("SAHD", "Hardening", ["1", "3.1", "8", "9", "11"]),
    ("SGUD", "Guidance", ["1", "2"]),
    ("STCF", "Storage", ["1", "1.1"]),
    ("TXCF", "Transmission", ["1", "2", "5"]),
    ("TXIG", "Integrity of transmission", ["1"]),
    ("RMOT", "Remote service", ["1", "1.1", "1.3", "2", "3"]),
]

FORM_2013 = (
    ["A", "B.1", "B.2", "B.3", "B.4", "B.5", "B.6", "C.1", "C.2", "C.3", "C.4"]
    + ["D.%d" % n for n in range(1, 9)]
    + ["1-1", "1-1.1", "1-1.2", "2-1", "2-1.1", "2-2.1", "3-1", "3-2", "4-1", "5-1", "5-1.1", "6-1", "7-1", "8-1", "9-1"]
    + ["10-1", "10-1.1", "10-2", "10-3", "11-1", "12-1", "12-2", "13-1", "14-1", "14-2", "15-1", "15-4", "16-1", "17-1"]
    + ["18-1", "18-2", "19-1", "20-1", "20-2", "20-2.1"]
)


def answer(at, special, question):
    return special.get(question, ["Yes", "No", "No", "N/A", "Yes"][at % 5])


def rows_2019(special, notes):
    at = 0
    for section, title, numbers in FORM_2019:
        yield (None, title.upper(), None, None)
        for number in numbers:
            question = f"{section}-{number}"
            yield (question, f"{title}, question {number}?", answer(at, special, question), notes.get(question, "__"))
            at += 1


def pump_xlsx():
    """2019, as the form comes: particulars as DOC rows, references to standards behind the notes."""
    book = openpyxl.Workbook()
    book.active.title = "Instructions"
    book.active["A1"] = "How to fill in the form; answer MPII-1 first."
    sheet = book.create_sheet("MDS2")
    sheet.append(["Manufacturer Disclosure Statement for Medical Device Security -- MDS2"])
    sheet.merge_cells("A1:G1")
    sheet.append(["Example Infusion Systems, Inc.", "EXAMPLE Flow 300", "MDS-EF300-04"])
    sheet.append([])
    sheet.append(["Question ID", "Question", None, "See note", "IEC TR 80001-2-2:2012", "NIST SP 800-53 Rev. 4", "ISO 27002:2013"])
    released = datetime.date(2023, 3, 21)
    for number, label, value in [
        (1, "Manufacturer Name", "Example Infusion Systems, Inc."),
        (2, "Device Description", "Infusion pump with wireless network"),
        (3, "Device Model", "EXAMPLE Flow 300"),
        (4, "Document ID", "MDS-EF300-04"),
        (5, "Manufacturer Contact Information", "security@example.invalid"),
        (6, "Intended use of device in network-connected environment", "Receives orders, sends status"),
        (7, "Document Release Date", released),
        (8, "Programme for disclosure", "Yes"),
    ]:
        sheet.append([f"DOC-{number}", label, value, "__"])
    sheet.append(["Software Revision:", None, "4.2.1"])
    special = {"MPII-1": "Yes", "MPII-2.2": "Yes", "MPII-3.5": "No", "MPII-3.6": "Yes", "MLDP-2": "No", "RMOT-1": "See Note"}
    special |= {"CSUP-2.1": "No", "CSUP-3.1": "No", "CSUP-5.1": "N/A", "CSUP-6.1": "N/A", "RMOT-2": "No", "SBOM-1": "Yes, on request"}
    for row in rows_2019(special, {"RMOT-1": "Note 4", "SBOM-1": "Note 2", "MLDP-2": "See the <manual> & letter"}):
        question = row[0]
        sheet.append([*row, "Section 5.1, ALOF", "AC-12", "A.11.2.8"] if question else list(row))
    save(book, "pump-2019.xlsx")


def monitor_xlsx():
    """2013 in a spreadsheet: labels above their values, a margin to the left, a day as a number without a format."""
    book = openpyxl.Workbook()
    sheet = book.active
    line = lambda *cells: sheet.append([None, *cells])
    line("Manufacturer Disclosure Statement for Medical Device Security – MDS2")
    line("DEVICE DESCRIPTION")
    line("Device Category", None, "Manufacturer", "Document ID", "Document Release Date")
    line("Bedside monitor", None, "Example Monitors GmbH", "D-77", 42130)
    line("Device Model", None, "Software Revision", "Software Release Date")
    line("EXAMPLE View 7", None, "B.06.18", datetime.date(2014, 12, 1))
    line("Manufacturer or Representative Contact Information", None, "Company Name", "Manufacturer Contact Information")
    line(None, None, "Example Monitors GmbH", "service@example.invalid")
    line("MANAGEMENT OF PRIVATE DATA", None, "Yes, No, N/A, or See Note", "Note #")
    special = {"A": "Yes", "C.2": "No", "D.5": "Yes", "10-1": "No", "20-1": "Yes", "14-1": "See Note"}
    for at, question in enumerate(FORM_2013):
        line(question, f"Question {question}", answer(at, special, question), {"14-1": 3}.get(question))
    line("Notes", "3. The operating system is named in the manual.")
    save(book, "monitor-2013.xlsx")


def save(book, name):
    """Without the moment of making, so that the files do not change from run to run."""
    then = datetime.datetime(2024, 1, 1)
    book.properties.created = book.properties.modified = then
    path = OUT / name
    book.save(path)
    with zipfile.ZipFile(path) as archive:
        parts = [(info.filename, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, data in parts:
            if part == "docProps/core.xml":
                data = data.split(b"<dcterms:modified")[0] + b"</cp:coreProperties>"
            archive.writestr(zipfile.ZipInfo(part, (2024, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


def scanner_csv():
    """2019 exported: an empty column in front, the notes far right, long dashes in ids, semicolons, Windows-1252."""
    with open(OUT / "scanner-2019.csv", "w", newline="", encoding="cp1252") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(["", "MDS2 Worksheet"])
        out.writerow(["", "Manufacturer Name:", "", "Exämple Imaging Ltd."])
        out.writerow(["", "Device Model: EXAMPLE Scan 64"])
        out.writerow(["", "Document ID", "", "IM–9"])
        out.writerow(["", "Document Release Date", "", "17.05.2021"])
        out.writerow(["", "Software Version", "", "VB10A"])
        out.writerow(["", "ID", "Question", "Answer", "Reviewed by", "Explanation"])
        special = {"MPII-1": "Yes", "CSUP-2.1": "Yes", "MLDP-2": "Yes", "RMOT-1": "Yes", "SBOM-1": "No"}
        for question, text, given, note in rows_2019(special, {"MLDP-2": "Allow-list of programs\nin read-only memory"}):
            out.writerow(["", (question or "").replace("-", "–"), text, given or "", "", note or ""])


def laboratory_csv():
    """2013 exported: no heading over answers and notes."""
    with open(OUT / "analyser-2013.csv", "w", newline="", encoding="utf-8-sig") as file:
        out = csv.writer(file)
        out.writerow(["Manufacturer Disclosure Statement for Medical Device Security - MDS2 (HN 1-2013)", "", "", ""])
        out.writerow(["Manufacturer", "Example Diagnostics SA", "Device Model", "EXAMPLE Assay 12, 12x"])
        out.writerow(["Software Revision", "3.x", "Document Release Date", "May 7, 2019"])
        for at, question in enumerate(FORM_2013):
            out.writerow([question, f"Question {question}", answer(at, {"20-1": "No", "A": "No"}, question), "1" if at % 9 == 0 else ""])


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    pump_xlsx()
    monitor_xlsx()
    scanner_csv()
    laboratory_csv()
