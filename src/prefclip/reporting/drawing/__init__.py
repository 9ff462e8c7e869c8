"""How figures look, and what several of them draw with; none of these modules knows which figures there are."""
