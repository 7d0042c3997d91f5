"""A demo fleet with a past, made through the product's own services."""
