"""Arrays of memory devices or light, and their row drivers."""
