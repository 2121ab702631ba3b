from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "tillit.campaigns"
    label = "campaigns"
