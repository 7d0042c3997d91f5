"""The home page, the search, and the health of the installation."""
