"""Pure functions on strings; every offset refers to the stored, original text."""
