"""Training, measuring and their data; never imported by the scoring path."""
