"""The Python client of Tillit: needs nothing but Python 3.11.

from tillit_client import Tillit

tillit = Tillit("https://mail.example.com", key="tillit_…")
for person in tillit.every(tillit.list_persons, purpose="marketing.email"):
    ...
"""

from tillit_client.connection import Problem, Unanswered
from tillit_client.operations import Tillit
from tillit_client.webhooks import BadSignature, verified

__all__ = ["BadSignature", "Problem", "Tillit", "Unanswered", "verified"]
