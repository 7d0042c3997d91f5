"""`manage.py bench`: what drawing costs, beside what others take for the same."""
