"""Running Velkommen: the command line, the supervisor, the embedded database, training, asking in bulk."""
