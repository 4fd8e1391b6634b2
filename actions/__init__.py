"""What is done for each act: plain values in, replies and changes out. Nothing here reads a clock or a database."""
