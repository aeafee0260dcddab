"""Whether groups and stores are written to alike and get alike of what the house gives, with how sure that is."""

from regulars.intelligence.fairness.parity import GROUP_MIN, Parity, compare_groups, measure_parity

__all__ = ["GROUP_MIN", "Parity", "compare_groups", "measure_parity"]
