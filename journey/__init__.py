"""The way of one person through the tasks: which apply, by when, what blocks them. Pure: no I/O, no clock."""
