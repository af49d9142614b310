"""Losing a part: a whole cluster in network namespaces, with each part killed in turn."""
