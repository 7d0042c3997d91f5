"""What protects people, tokens and the fleet, across all apps."""
