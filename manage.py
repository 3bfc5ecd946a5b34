#!/usr/bin/env python
"""Django's command line for Opinion Desk; beside a running `make run` it speaks to that desk."""

import os
import sys

from django.core.management import execute_from_command_line

from opinion_desk.local import adopt_environment

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opinion_desk.settings")
    adopt_environment()
    execute_from_command_line(sys.argv)
