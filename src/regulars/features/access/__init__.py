"""Who may call: API keys, hashed, each with its scopes."""
