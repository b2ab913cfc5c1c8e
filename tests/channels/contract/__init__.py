"""What every channel keeps, whatever its provider: each test runs once for each channel of the registry."""
