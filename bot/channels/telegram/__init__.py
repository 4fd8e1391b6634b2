"""Telegram: updates by polling or webhook, replies through the Bot API. Only this folder imports `telegram`."""
