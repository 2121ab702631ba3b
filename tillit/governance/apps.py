from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "tillit.governance"
    label = "governance"
