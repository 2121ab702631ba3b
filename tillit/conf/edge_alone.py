"""What `tillit edge` serves."""

from tillit.conf.edge import make_edge

application = make_edge()
