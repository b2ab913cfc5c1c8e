"""What the assistant does beyond speaking: thin actions over the services, one module per topic."""
