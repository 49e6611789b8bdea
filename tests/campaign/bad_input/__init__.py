"""The table of bad input: a module for each group of rows, and what makes and judges them."""
