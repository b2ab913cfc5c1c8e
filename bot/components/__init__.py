"""Graph components of the understanding pipeline, in the order in which config.yml lists them."""
