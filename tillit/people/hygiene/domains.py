"""What a mail domain tells: that it is mistyped and for what, or that it gives out addresses for a short while."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from tillit.policy.regions import COUNTRIES

# Providers with many private people, the most used first: of two that are as near, the first is suggested.
_BRANDS = {
    "gmail": ("com",),
    "hotmail": ("com", "se", "co.uk", "fr", "de", "it", "es", "no", "dk", "fi", "nl", "be"),
    "outlook": ("com", "se", "de", "fr", "es", "it", "dk"),
    "yahoo": ("com", "se", "co.uk", "fr", "de", "it", "es", "no", "dk"),
    "icloud": ("com",),
    "telia": ("com",),
    "comhem": ("se",),
    "bredband": ("net",),
    "spray": ("se",),
    "googlemail": ("com",),
    "protonmail": ("com",),
    "glocalnet": ("net",),
    "bahnhof": ("se",),
    "telenor": ("com",),
    "windowslive": ("com",),
}
PROVIDERS = tuple(f"{brand}.{ending}" for brand, endings in _BRANDS.items() for ending in endings)
# Brands that own one ending alone: `gmail.se` is nobody's mail.
_SINGLE = {
    brand: endings[0] for brand, endings in _BRANDS.items() if len(endings) == 1 and brand in {"gmail", "icloud"}
}
# Domains that are near a provider's and are somebody else's.
REAL = frozenset(
    {
        *("mail.com", "email.com", "ymail.com", "gail.com", "gmx.com", "gmx.net", "rocketmail.com", "hushmail.com"),
        *(
            "fastmail.com",
            "zoho.com",
            "aol.com",
            "live.com",
            "live.se",
            "msn.com",
            "me.com",
            "mac.com",
            "pm.me",
            "proton.me",
        ),
        *("tele2.se", "telia.se", "telenor.se", "telenor.no", "telenor.dk", "spray.net", "bredband2.com", "comhem.com"),
        *(
            "yahoo.ca",
            "yahoo.in",
            "yahoo.co.in",
            "yahoo.com.br",
            "yahoo.co.jp",
            "outlook.be",
            "outlook.pt",
            "outlook.at",
        ),
    }
)
# Endings that are no top-level domain and what was meant. Source: IANA's root zone, which has none of them.
_ENDINGS = {
    **dict.fromkeys(
        ("con", "cmo", "ocm", "comm", "coom", "vom", "xom", "cpm", "conm", "ccom", "c0m", "cim", "coml"), "com"
    ),
    **dict.fromkeys(("ner", "nte", "nett"), "net"),
    **dict.fromkeys(("sw", "see", "sse"), "se"),
    **dict.fromkeys(("orgg", "ogr", "rog"), "org"),
}
NEAR_FROM_CHARS = 5  # of a brand: shorter ones are one letter from too much that is real


@lru_cache(maxsize=10_000)
def suggestion(domain: str) -> str:
    """Return the domain that was probably meant, or "" for one that is fine as far as anybody can tell.

    A domain is taken for mistyped when its ending is none, or when one slip (a letter missing, added, exchanged, or two
    transposed) parts it from a large provider's. Source for the slip: Damerau 1964, CACM 7(3), who found four errors
    in five to be one of these.
    """
    if domain in PROVIDERS or domain in REAL or "." not in domain:
        return ""
    rest, _dot, ending = domain.rpartition(".")
    mended = f"{rest}.{_ENDINGS.get(ending, ending)}"
    if mended in PROVIDERS:
        return mended
    brand, _dot, after = mended.partition(".")
    if brand in _SINGLE:
        return f"{brand}.{_SINGLE[brand]}"
    near = next((known for known in PROVIDERS if _near(mended, known, brand=brand, after=after)), "")
    return near or (mended if mended != domain else "")


def _near(domain: str, known: str, *, brand: str, after: str) -> bool:
    name = known.partition(".")[0]
    if len(name) < NEAR_FROM_CHARS:
        return False
    if brand == name and after.upper() in COUNTRIES and after not in {"co", "cm", "om"}:
        return False  # another country's ending of the brand, which may well be real
    return one_slip(domain, known)


def one_slip(one: str, other: str) -> bool:
    """Say whether two different texts are one letter missing, added or exchanged, or two transposed, apart."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    first, second = one[start:], other[start:]
    return (
        first[1:] == second[1:]
        or first[1:] == second
        or first == second[1:]
        or (first[:2] == second[1::-1] and len(first) > 1 and first[2:] == second[2:])
    )


@lru_cache(maxsize=1)
def _disposable() -> frozenset[str]:
    text = (files("tillit.people.hygiene") / "data" / "disposable-domains.txt").read_text(encoding="utf-8")
    return frozenset(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


def is_disposable(domain: str) -> bool:
    """Say whether a domain, or one that it belongs to, gives out addresses for a short while."""
    known, parts = _disposable(), domain.split(".")
    return any(".".join(parts[at:]) in known for at in range(len(parts) - 1))
