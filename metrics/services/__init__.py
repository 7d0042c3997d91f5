"""Writing down how the fleet does."""
