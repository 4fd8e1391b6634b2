"""Tables, queries as functions of a session, migrations."""
