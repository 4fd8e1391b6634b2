"""Understanding: what does the person want? Runs inside Rasa, in a Python of its own."""
