"""The sandbox, spoken to over HTTP as anybody would."""
