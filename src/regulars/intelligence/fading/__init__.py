"""Who is about to stay away, with the reasons, and how sure that is."""

from regulars.intelligence.fading.model import VERSION, Fading, TooLittle, learn_fading

__all__ = ["VERSION", "Fading", "TooLittle", "learn_fading"]
