"""The shop: a small real system that can be broken, observed and rolled back."""
