"""Write the grid-carbon tables of the catalog from the wheels of codecarbon and ecologits.

    pip download --no-deps -d wheels codecarbon ecologits && pip install pycountry
    python scripts/import_grid_carbon.py wheels/codecarbon-*.whl wheels/ecologits-*.whl --checked 2026-11-22

codecarbon (MIT) gives countries, US states, Chinese provinces, Nordic bidding zones and Google Cloud
regions; ecologits (MPL-2.0, so its rows live in a file of their own) gives countries, and the water that
their power plants consume. Only figures are taken, each with the file it comes from. Not a part of the
package: it runs when the tables are renewed.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pycountry

DATA = Path(__file__).parents[1] / "src" / "truecost" / "catalog" / "data"
KG_PER_LB = 0.45359237
PRIVATE = "codecarbon/data/private_infra"
EU = (
    "AUT", "BEL", "BGR", "HRV", "CYP", "CZE", "DNK", "EST", "FIN", "FRA", "DEU", "GRC", "HUN", "IRL", "ITA",
    "LVA", "LTU", "LUX", "MLT", "NLD", "POL", "PRT", "ROU", "SVK", "SVN", "ESP", "SWE",
)  # fmt: skip
REGIONS = {"WOR": ("world", "World"), "EEE": ("europe", "Europe")}
Row = dict[str, Any]


class Wheel:
    """A wheel opened for reading its data files; `cite` is its name and version."""

    def __init__(self, path: Path) -> None:
        self.archive = zipfile.ZipFile(path)
        name, version = path.name.split("-")[:2]
        self.cite = f"{name} {version}"

    def json(self, name: str) -> Any:
        return json.loads(self.archive.read(name))

    def csv(self, name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(self.archive.read(name).decode("utf-8-sig").splitlines()))


def country(alpha_3: str) -> tuple[str, str] | None:
    """Region code and name of an ISO 3166 alpha-3 code; None for a code that is not a country's."""
    found = pycountry.countries.get(alpha_3=alpha_3)
    return (found.alpha_2.lower(), getattr(found, "common_name", found.name)) if found else None


def codecarbon_rows(wheel: Wheel) -> Iterator[Row]:
    yield from countries(wheel)
    yield from us_states(wheel)
    yield from chinese_provinces(wheel)
    yield from nordic_zones(wheel)
    for row in wheel.csv("codecarbon/data/cloud/impact.csv"):
        name = f"{row['provider'].upper()} {row['region']} ({row['city'] or row['country_name']})"
        yield {
            "region": f"{row['provider']}-{row['region']}",
            "name": name,
            "kgco2e_per_kwh": float(row["impact"]) / 1000,
            "year": "",
            "source": f"{wheel.cite} cloud/impact.csv, from {row['source']}",
        }


def countries(wheel: Wheel) -> Iterator[Row]:
    """Each country, then the world and the European Union, weighted by generation."""
    mix = wheel.json(f"{PRIVATE}/global_energy_mix.json")
    source = f"{wheel.cite} global_energy_mix.json"
    for code, entry in mix.items():
        if (place := country(code)) and entry["carbon_intensity"]:
            yield row(place, entry["carbon_intensity"] / 1000, entry["year"], source)
    for place, members in ((("world", "World"), tuple(mix)), (("eu", "European Union"), EU)):
        used = [mix[code] for code in members if mix[code]["carbon_intensity"]]
        grams = sum(entry["carbon_intensity"] * entry["total_TWh"] for entry in used)
        mean = grams / sum(entry["total_TWh"] for entry in used) / 1000
        latest = max(entry["year"] for entry in used)
        yield row(place, mean, latest, f"{source}, {len(used)} countries weighted by generation")


def us_states(wheel: Wheel) -> Iterator[Row]:
    states = wheel.json(f"{PRIVATE}/2023/usa_emissions.json")
    source = f"{wheel.cite} usa_emissions.json, from {states['_source']['name']}"
    for name, entry in states.items():
        if not name.startswith("_") and name != "usa":
            place = f"us-{entry['regionCode'].lower()}", f"{name.title()}, US"
            kg = entry["emissions"] * KG_PER_LB / 1000
            yield row(place, kg, states["_source"]["year"], source)


def chinese_provinces(wheel: Wheel) -> Iterator[Row]:
    provinces = wheel.json(f"{PRIVATE}/2023/china_provincial_emissions.json")
    source = f"{wheel.cite} china_provincial_emissions.json, from {provinces['metadata']['source_url']}"
    for code, entry in provinces["data"].items():
        place = code.lower(), f"{entry['description']}, China"
        yield row(place, entry["emission_factor"] / 1000, entry["year"], source)


def nordic_zones(wheel: Wheel) -> Iterator[Row]:
    zones = wheel.json(f"{PRIVATE}/nordic_emissions.json")
    for code, entry in zones["data"].items():
        if re.fullmatch(r"(SE|NO)\d", code):
            place = f"{code[:2].lower()}-{code.lower()}", f"{code}, {entry['description']}"
            factor = entry["emission_factor"] / 1000
            yield row(place, factor, entry["year"], f"{wheel.cite} nordic_emissions.json, from ENTSO-E")


def ecologits_rows(wheel: Wheel) -> Iterator[Row]:
    """Carbon of each country, and its water where the table has a figure of that country's own."""
    source = f"{wheel.cite} electricity_mixes.json"
    for entry in wheel.json("ecologits/data/electricity_mixes.json")["electricity_mixes"]:
        place = REGIONS.get(entry["name"]) or country(entry["name"])
        if place:
            own_water = "electricity-mix-wue-world" not in (entry["warnings"] or ())
            yield row(place, entry["gwp"], "", source) | {"litres_per_kwh": entry["wue"] if own_water else ""}


def row(place: tuple[str, str], kg: float, year: int | str, source: str) -> Row:
    code, name = place
    return {"region": code, "name": name, "kgco2e_per_kwh": kg, "year": year, "source": source}


def write(name: str, rows: list[Row], licence: str, checked: str) -> None:
    for each in rows:
        each |= {"kgco2e_per_kwh": f"{each['kgco2e_per_kwh']:.5g}", "licence": licence, "checked": checked}
    with (DATA / name).open("w", newline="", encoding="utf-8") as target:
        writer = csv.DictWriter(target, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda each: each["region"]))
    print(f"{name}: {len(rows)} rows")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("codecarbon", type=Path)
    parser.add_argument("ecologits", type=Path)
    parser.add_argument("--checked", required=True, help="the day the wheels were downloaded, YYYY-MM-DD")
    chosen = parser.parse_args()
    first = list(codecarbon_rows(Wheel(chosen.codecarbon)))
    second = list(ecologits_rows(Wheel(chosen.ecologits)))
    write("grid_carbon.csv", first, "MIT", chosen.checked)
    write("grid_carbon_ecologits.csv", second, "MPL-2.0", chosen.checked)


if __name__ == "__main__":
    main()
