"""What must be true of answers and stores, decided from what the upstream delivered."""
