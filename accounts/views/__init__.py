"""Pages of the accounts: the fleet, one account, connecting and leaving."""
