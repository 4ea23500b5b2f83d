"""Subscriptions to changes, and the notifications that real webhooks get of them."""
