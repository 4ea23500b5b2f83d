"""How faithful the emulator is: documented requests replayed, answers compared in shape, writes read back."""
