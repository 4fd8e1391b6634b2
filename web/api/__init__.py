"""What other systems may ask for and do: people, invitations, progress with consent, topics. See docs/how-to/use-the-api.md."""
