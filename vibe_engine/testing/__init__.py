"""What tests stand on: private services, a running sandbox, people, the clock."""
