"""The product on one machine, for development and tests; nothing here is deployed."""
