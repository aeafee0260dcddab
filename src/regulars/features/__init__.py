"""Ways to earn, spend, play, meet: one folder each, found by file name; none knows another."""
