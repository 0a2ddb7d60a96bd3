"""From sound and mouth clips to features at one clock."""
