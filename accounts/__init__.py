"""Floor 1: people, units, roles, who sees what, personal data, tokens and the access log."""
