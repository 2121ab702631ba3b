from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "tillit.campaigns"
    label = "campaigns"

    def ready(self) -> None:
        from tillit.campaigns import conditions, dormant  # noqa: PLC0415  models are there by now
        from tillit.campaigns.field_uses import campaigns_with  # noqa: PLC0415
        from tillit.campaigns.narrowing import campaigns_of  # noqa: PLC0415
        from tillit.people.field_uses import finds_uses  # noqa: PLC0415
        from tillit.people.segments.uses import add_uses  # noqa: PLC0415

        finds_uses(campaigns_with)
        add_uses(campaigns_of)
        conditions.register()
        dormant.register()
