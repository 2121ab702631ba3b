"""The edge served alone, without Django."""

from tillit.edge.app import EdgeApp
from tillit.env import env

application = EdgeApp(key=env().keys.derive("tokens"), dsn=env().edge_dsn)
