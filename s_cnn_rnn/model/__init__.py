"""The systems and their parts (sections 3.1 to 3.3), the stages, and what is learnt."""
