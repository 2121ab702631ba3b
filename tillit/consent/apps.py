from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "tillit.consent"
    label = "consent"

    def ready(self) -> None:
        from tillit.consent.fold import refold  # noqa: PLC0415  models are there by now, not before
        from tillit.consent.moments import choices  # noqa: PLC0415  models are there by now, not before
        from tillit.people import folding, timeline  # noqa: PLC0415  models are there by now, not before

        folding.register(refold)
        timeline.register("consent.choices", choices, kinds=("choice",))
