"""Our own parts of Rasa's pipeline. `questions`, `classifier` and `pending` are graph components; the rest is plain functions."""
