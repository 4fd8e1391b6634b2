"""Words that everybody shares; standard library only."""
