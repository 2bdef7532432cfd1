"""The trained heads, as pure functions over plain arrays."""
