"""How a member is reached: addresses and numbers as they were given, for notices; and how one is changed or goes."""

from regulars.kernel.members.contacts.store import read_contacts, remove_identifier, replace_contact

__all__ = ["read_contacts", "remove_identifier", "replace_contact"]
