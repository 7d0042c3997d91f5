"""Storms: real processes, pulled plugs, and one checker over what is left."""
