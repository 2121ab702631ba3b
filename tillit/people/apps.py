from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "tillit.people"
    label = "people"

    def ready(self) -> None:
        from tillit.people import moments  # noqa: PLC0415  models are there by now, not before

        moments.register_all()
