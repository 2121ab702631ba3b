from django.apps import AppConfig


class RightsConfig(AppConfig):
    name = "tillit.rights"
    label = "rights"

    def ready(self) -> None:
        """Let people be erased as an act on many."""
        from tillit.people.bulk.actions import register  # noqa: PLC0415  models are loaded by now
        from tillit.rights.bulk import Erase  # noqa: PLC0415

        register(Erase())
