"""The edge, mounted beside Django or served alone without it."""

from tillit.edge import tokens
from tillit.edge.app import EdgeApp
from tillit.env import env


def make_edge() -> EdgeApp:
    """Make the edge's application as the settings say."""
    return EdgeApp(key=env().keys.derive(tokens.USE), dsn=env().edge_dsn, trusted_proxies=env().trusted_proxies.split())
