"""What we know: topics, figures, glossary and replies; from files to the database, and from there to an answer."""
