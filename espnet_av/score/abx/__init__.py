"""ABX errors: items, the plan of cells, averages, and who is confused with whom."""
