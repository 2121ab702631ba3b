from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "tillit.console"
    label = "console"

    def ready(self) -> None:
        from tillit.console.person_timeline import acts  # noqa: PLC0415  models are there by now, not before
        from tillit.people import timeline  # noqa: PLC0415  models are there by now, not before

        timeline.register("console.acts", acts, kinds=("act",))
