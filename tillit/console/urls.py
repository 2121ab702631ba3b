"""The console's routes. A noun's module lists its own; each view declares who may see it (`pages`)."""

from django.urls import include, path

from tillit.console.views import (
    campaign_sending,
    campaigns,
    caught,
    duplicates,
    explain,
    exports,
    fields,
    front,
    hygiene,
    import_trial,
    import_undo,
    imports,
    keys,
    ledger,
    lists,
    overview,
    people,
    people_bulk,
    policy,
    policy_assessments,
    policy_changes,
    policy_drafts,
    policy_editor,
    policy_map,
    policy_notices,
    policy_register,
    policy_yaml,
    profile,
    requests,
    segments,
    settings,
    sources,
    suppressions,
    users,
    webhooks,
)

app_name = "console"

#: Modules of tillit.console.views whose routes lie under ``w/<workspace_id>/``.
NOUNS = (
    *(
        overview,
        exports,
        people_bulk,
        duplicates,
        people,
        explain,
        fields,
        lists,
        hygiene,
        imports,
        import_trial,
        import_undo,
        sources,
    ),
    *(campaigns, campaign_sending, segments, suppressions, requests, ledger),
    *(policy_register, policy_map, policy_assessments),
    *(policy, policy_changes, policy_notices, policy_drafts, policy_editor, policy_yaml),
    *(settings, users, keys, webhooks, caught),
)

urlpatterns = [
    *front.urlpatterns,
    *profile.urlpatterns,
    path("w/<int:workspace_id>/", include([route for noun in NOUNS for route in noun.urlpatterns])),
]
