from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "tillit.people"
    label = "people"
