import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillit.policy.regions import (
    COUNTRIES,
    EEA_COUNTRIES,
    NAMED_REGIONS,
    REGION_COUNT,
    Region,
    region_bits,
    region_of,
)
from tillit.policy.roles import EVERYONE, Role, role_bits


@pytest.mark.clause("B7")
@pytest.mark.parametrize(
    ("country", "subdivision", "region"),
    [
        ("SE", None, Region.EEA),
        ("no", None, Region.EEA),
        (" IS ", None, Region.EEA),
        ("EL", None, Region.EEA),
        ("RE", None, Region.EEA),
        ("GB", "SCT", Region.UK),
        ("UK", None, Region.UK),
        ("CH", None, Region.CH),
        ("LI", None, Region.EEA),
        ("US", "CA", Region.US_CA),
        ("US", "us-ca", Region.US_CA),
        ("US", "NY", Region.US),
        ("US", None, Region.US_CA),
        ("PR", None, Region.US),
        ("CA", None, Region.CA),
        ("CA", "QC", Region.CA),
        ("AU", None, Region.AU),
        ("KE", None, Region.OTHER),
        ("TR", None, Region.OTHER),
        ("", None, Region.UNKNOWN),
        (None, None, Region.UNKNOWN),
        ("XX", None, Region.UNKNOWN),
        ("Sweden", None, Region.UNKNOWN),
    ],
)
def test_a_place_belongs_to_its_region(country, subdivision, region):
    assert region_of(country, subdivision) is region


def test_the_eea_has_thirty_countries():
    assert len(EEA_COUNTRIES) == 30


def test_every_country_of_the_standard_is_known():
    assert len(COUNTRIES) == 250  # the 249 of ISO 3166-1, and Kosovo


@given(st.text(max_size=4), st.text(max_size=4))
def test_any_text_has_a_region(country, subdivision):
    assert region_of(country, subdivision) in Region


def test_codes_fit_a_positive_integer():
    assert all(0 <= region < REGION_COUNT for region in Region)
    assert region_bits(*Region) < 1 << 31
    assert set(NAMED_REGIONS.values()) == set(Region) - {Region.UNKNOWN}
    assert Region.US_CA.code == "US-CA"


def test_roles_become_bits():
    assert role_bits(["contact", "member"]) == Role.CONTACT | Role.MEMBER == 5
    assert role_bits(["everyone"]) == EVERYONE
    assert all(EVERYONE & role for role in Role)
    with pytest.raises(KeyError):
        role_bits(["king"])
