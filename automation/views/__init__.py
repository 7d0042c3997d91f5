"""Pages of the engine room: runs, schedules, settings, and what holds writing back."""
