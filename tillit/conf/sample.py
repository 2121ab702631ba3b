"""Invented people for the demo and for tests of scale: the same ones every time."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from pathlib import Path

FIRST = [
    "Anna",
    "Erik",
    "Maria",
    "Lars",
    "Karin",
    "Karl",
    "Sara",
    "Anders",
    "Emma",
    "Johan",
    "Lena",
    "Per",
    "Eva",
    "Nils",
    "Kristina",
    "Mikael",
    "Elin",
    "Jan",
    "Sofia",
    "Peter",
    "Ida",
    "Hans",
    "Julia",
    "Fredrik",
    "Amina",
    "Yusuf",
    "Leila",
    "Omar",
    "Mei",
    "Wei",
    "Aiko",
    "Kenji",
    "Priya",
    "Arjun",
    "Chloé",
    "Luc",
    "Zoë",
    "Matteo",
    "Giulia",
    "Jürgen",
    "Käthe",
    "Łukasz",
    "Żaneta",
    "Søren",
    "Åsa",
    "Örjan",
    "Björn",
    "Märta",
    "Håkan",
    "Siân",
    "Niamh",
    "José",
    "Núria",
    "João",
    "Inês",
    "Jack",
    "Emily",
    "Olivia",
    "Noah",
    "Grace",
    "Ethan",
]
LAST = [
    "Andersson",
    "Johansson",
    "Karlsson",
    "Nilsson",
    "Eriksson",
    "Larsson",
    "Olsson",
    "Persson",
    "Svensson",
    "Gustafsson",
    "Lindström",
    "Åkesson",
    "Öberg",
    "Sjögren",
    "Müller",
    "Weiß",
    "Schröder",
    "Dubois",
    "Lefèvre",
    "Rossi",
    "Bianchi",
    "García",
    "Fernández",
    "Nowak",
    "Kowalska",
    "Hansen",
    "Sørensen",
    "Virtanen",
    "Mäkinen",
    "O'Connor",
    "Smith",
    "Jones",
    "Taylor",
    "Brown",
    "Patel",
    "Nguyen",
    "Kim",
    "Tanaka",
    "Wang",
    "Haddad",
    "Rahman",
    "van-den-Berg",
    "De-la-Cruz",
]
COMPANIES = [
    "Nordljus Möten AB",
    "Fjord & Sound AS",
    "Bright Rooms Ltd",
    "Salle Claire SARL",
    "Raumklang GmbH",
    "Hexagon Events Inc",
    "Kvarnen Konferens AB",
    "Pixel & Projektor AB",
    "Harbour AV Ltd",
    "Studio Sju",
    "Lumen Systems Inc",
    "Teatro Digitale Srl",
    "Vista Meeting Oy",
    "Blue Heron Resellers LLC",
]
TITLES = [
    "IT manager",
    "Facility manager",
    "Event producer",
    "Purchaser",
    "Head of workplace",
    "AV technician",
    "Office manager",
    "CFO",
]
# Country and city, weighted towards the home market.
PLACES = (
    *[("Sweden", city) for city in ["Stockholm", "Göteborg", "Malmö", "Uppsala", "Umeå", "Västerås", "Linköping"]] * 3,
    *[
        ("Norway", "Oslo"),
        ("Denmark", "København"),
        ("Finland", "Helsinki"),
        ("Germany", "Köln"),
        ("France", "Orléans"),
    ],
    *[
        ("United Kingdom", "Leeds"),
        ("United States", "Austin"),
        ("United States", "Portland"),
        ("Switzerland", "Zürich"),
        ("", ""),
    ],
)
HEADER = ["Email", "First name", "Last name", "Title", "Company", "City", "Country"]
_ASCII = str.maketrans("åäöéèëüøłżßÅÄÖÉŁŻØŚśôâçñúíóãê'", "aaoeeeuolzsAAOELZOSsoacnuioae-")


def people(count: int, *, seed: int = 1) -> Iterator[list[str]]:
    """Yield that many rows under HEADER, each with an address of its own at an example domain."""
    rng = random.Random(seed)
    for number in range(count):
        first, last, company = rng.choice(FIRST), rng.choice(LAST), rng.choice(COMPANIES)
        country, city = rng.choice(PLACES)
        local = f"{first}.{last}".translate(_ASCII).lower().encode("ascii", "ignore").decode()
        title = rng.choice(TITLES) if rng.random() < 0.7 else ""
        yield [f"{local}.{number}@example.com", first, last.replace("-", " "), title, company, city, country]


def write_csv(path: Path, count: int, *, seed: int = 1) -> None:
    """Write a file to import with that many people."""
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(HEADER)
        writer.writerows(people(count, seed=seed))
