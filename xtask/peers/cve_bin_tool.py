"""Fills cve-bin-tool's database from an NVD 2.0 file, with its own reader, and writes a bill of materials of products that the file
speaks of, and the entries that both programs are given beside it: what `docs/performance.md` compares medward with. Needs cve-bin-tool 3.4 (from the Python package index).

    python peers_cve_bin_tool.py nvd.json bom.cdx.json COMPONENTS
"""

import json
import pathlib
import random
import sqlite3
import sys

from cve_bin_tool.cvedb import CVEDB
from cve_bin_tool.data_sources.nvd_source import NVD_Source

source, target, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
everything = json.load(open(source))
# Its reader ends at the first entry that has no score of CVSS 2 or 3: such are left out, for both programs.
entries = [
    entry
    for entry in everything["vulnerabilities"]
    if entry["cve"].get("metrics", {}).keys() & {"cvssMetricV31", "cvssMetricV30", "cvssMetricV2"}
]
everything["vulnerabilities"] = entries
everything["totalResults"] = everything["resultsPerPage"] = len(entries)
json.dump(everything, open(f"{target}.nvd.json", "w"))
place = pathlib.Path.home() / ".cache" / "cve-bin-tool"
place.mkdir(parents=True, exist_ok=True)
for old in place.glob("cve.db*"):
    old.unlink()
database = sqlite3.connect(place / "cve.db")
for schema in CVEDB.TABLE_SCHEMAS.values():
    database.execute(schema)
for index in CVEDB.INDEXES.values():
    database.execute(index)
severities, ranges = NVD_Source(nvd_type="api2").format_data_api2(entries)
shown = CVEDB(sources=[], cachedir=str(place))
cursor = database.cursor()
shown.populate_severity(severities, cursor, "NVD")
shown.populate_affected(ranges, cursor, "NVD")
database.execute("INSERT INTO metrics VALUES (1, 'EPSS'), (2, 'CVSS-2'), (3, 'CVSS-3')")
database.commit()
print(database.execute("SELECT COUNT(DISTINCT cve_number), COUNT(*) FROM cve_range").fetchone())

# Products that the file speaks of, at the first version that some range ends with or before it.
draw = random.Random(7)
seen = {}
for entry in entries:
    for configuration in entry["cve"].get("configurations", []):
        for node in configuration["nodes"]:
            for match in node["cpeMatch"]:
                part = match["criteria"].split(":")
                version = match.get("versionEndIncluding") or match.get("versionStartIncluding") or part[5]
                if part[2] == "a" and version not in ("*", "-") and "\\" not in "".join(part[3:6]):
                    seen.setdefault((part[3], part[4]), set()).add(version)
chosen = draw.sample(sorted(seen), min(count, len(seen)))
components = []
for vendor, product in chosen:
    version = draw.choice(sorted(seen[(vendor, product)]))
    components.append(
        {
            "type": "application",
            "bom-ref": f"{vendor}-{product}",
            "name": product,
            "version": version,
            "supplier": {"name": vendor},
            "cpe": f"cpe:2.3:a:{vendor}:{product}:{version}:*:*:*:*:*:*:*",
        }
    )
bom = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.5",
    "version": 1,
    "metadata": {"component": {"type": "application", "name": "bundle", "version": "1"}},
    "components": components,
}
json.dump(bom, open(target, "w"), indent=1)
print(len(components), "components")
