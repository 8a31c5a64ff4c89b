"""What stands on top of the library: the demonstration."""
