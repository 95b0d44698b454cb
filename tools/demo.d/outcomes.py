"""How a story can end other than well."""


class Broken(Exception):
    """A promise was not kept, or recovery failed: what the demo looks for."""


class Inconclusive(Exception):
    """Nothing was at stake, so nothing was shown: neither that a promise was kept nor that it was not."""


class Trouble(Exception):
    """The demo could not do its work; says nothing about the disk."""
