"""The least that Django needs; stands in for the program's settings in tests of the launcher."""

import os

from environs import Env

env = Env()
SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = os.environ["ALLOWED_HOSTS"].split(",")
INSTALLED_APPS = ["alliance"]
DATABASES = {"default": env.dj_db_url("DATABASE_URL")}
REDIS_URL = os.environ["REDIS_URL"]
MATCH_LEASE_SECONDS = 120
CELERY_BEAT_SCHEDULE: dict[str, object] = {}
TIME_ZONE = "Asia/Shanghai"
ROOT_URLCONF = "alliance.urls"
USE_TZ = True
WEB_STATEMENT_SECONDS = 30
