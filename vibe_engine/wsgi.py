"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from vibe_engine.settling import settle

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vibe_engine.settings")

application = get_wsgi_application()
settle()
