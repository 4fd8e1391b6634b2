"""Handing a conversation to a human: who may take it, who is asked when, and what the person is promised."""
