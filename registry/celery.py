"""The Celery application: it carries ids of work, never the work itself.

Truth is the evaluation's row with its lease; a message that is lost, doubled or late changes nothing.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry.settings")
app = Celery("registry")
# Without this only the thread that imported it finds it; any other would publish to a broker of nobody's.
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["registry"])
