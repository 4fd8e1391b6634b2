"""One message from start to finish; channels; the dialogue engine; delivery."""
