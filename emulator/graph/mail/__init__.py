"""Mail: `state` holds mailboxes, `post` carries messages between them, `routes` is what Graph says of them."""
