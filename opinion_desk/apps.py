from django.apps import AppConfig


class DeskConfig(AppConfig):
    """No tables: commands that set the desk up, and the pages around the rooms."""

    name = "opinion_desk"
