"""What every programme needs, small and finished: who, what happened, the deal, what is scarce, what they hold."""
