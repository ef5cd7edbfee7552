"""The soak: the real service is killed again and again while labelled acts happen on loopback portals, and judged afterwards."""
