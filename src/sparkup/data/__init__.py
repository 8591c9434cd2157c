"""What travels with the package: programs and files that are data to it, not a layer of it."""
