"""The published policy, now and of any earlier day."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tests import make
from tillit.ledger.actions import publish
from tillit.ledger.versions import in_force
from tillit.public.markdown import as_html

pytestmark = pytest.mark.django_db


@pytest.mark.clause("J1", "J2")
def test_the_policy_is_read_in_both_languages_with_its_date_and_digest(client):
    workspace = make.workspace()
    for language, words in (("en", "What we use information for"), ("sv", "Vad vi använder uppgifter till")):
        html = client.get(f"/privacy/{workspace.pk}", {"lang": language}).content.decode()
        assert words in html
        assert in_force(workspace.pk).digest in html
        assert '<a id="clause-e5"></a>' in html or 'id="clause-e5"' in html


@pytest.mark.clause("A9")
def test_each_audience_has_its_layer(client):
    address = f"/privacy/{make.workspace().pk}"
    everything, applicants = (client.get(address, more).content.decode() for more in ({}, {"for": "applicants"}))
    assert "If you are on somebody&#x27;s list" in everything or "If you are on somebody's list" in everything
    assert "If you apply for a job" in applicants and "Who we are, and who is who" in applicants
    assert "on somebody" not in applicants and "purpose-marketing.email" not in applicants
    assert "All of it" in client.get(address, {"for": "<nobody>"}).content.decode()


@pytest.mark.clause("J2")
def test_earlier_versions_stay_readable_as_they_were(client, policy_text):
    workspace = make.workspace()
    first = in_force(workspace.pk)
    publish(workspace.pk, policy_text.replace("Exempelgatan 1", "Exempelgatan 99"), by=None, now=timezone.now())
    now, then = (client.get(f"/privacy/{workspace.pk}{part}").content.decode() for part in ("", "/1"))
    assert "Exempelgatan 99" in now and "Exempelgatan 99" not in then
    assert first.digest in then and "This is an earlier version." in then
    assert f"/privacy/{workspace.pk}/1" in now and f"/privacy/{workspace.pk}/2" in now


@pytest.mark.parametrize("path", ["/privacy/99999", "/privacy/{}/7"])
def test_a_policy_that_is_not_there_is_a_clear_page(client, path):
    assert client.get(path.format(make.workspace().pk)).status_code == 404


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        '<a href="javascript:alert(1)">x</a>',
        "<svg onload=alert(1)>",
        '<a id="x" onclick="alert(1)" style="color:red">x</a>',
        "<iframe src=//evil></iframe>",
    ],
)
def test_a_policys_words_cannot_do_anything(text):
    html = as_html(text)
    bad = ("<script", "<img", 'href="javascript', "onload=", "onclick", "style=", "<iframe", "onerror=")
    assert not [each for each in bad if each in html]
