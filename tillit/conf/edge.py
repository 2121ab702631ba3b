"""The edge served alone, without Django."""

from tillit.conf.env import env
from tillit.edge.app import EdgeApp

application = EdgeApp(key=env().keys.derive("tokens"), dsn=env().edge_dsn)
