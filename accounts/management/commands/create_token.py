from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.enums import Scope
from accounts.errors import Invalid
from accounts.models import User
from accounts.services import create_token


class Command(BaseCommand):
    help = "Make an access token for a person and print it: this once, it is stored nowhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument(
            "--scope", action="append", default=[], required=True, help=f"repeat it: {', '.join(Scope.values)}"
        )
        parser.add_argument("--name", default="command line", help="what it is for, as its owner will read it")

    def handle(self, *args: Any, username: str, scope: list[str], name: str, **options: Any) -> None:
        user = User.objects.filter(username__iexact=username, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active person with the user name “{username}”.")
        try:
            _token, secret = create_token(user, scopes=scope, name=name, now=timezone.now())
        except Invalid as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(secret)
