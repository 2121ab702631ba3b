from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "tillit.ledger"
    label = "ledger"

    def ready(self) -> None:
        from tillit.ledger import checks  # noqa: F401, PLC0415  registers the system checks
