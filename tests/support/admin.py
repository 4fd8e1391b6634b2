"""Colleagues of every role in front of the admin pages, and knowledge that is as it was afterwards."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from bot.services import Services
from tests.support.inbox import Browser, add
