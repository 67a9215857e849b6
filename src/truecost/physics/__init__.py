"""Laws: operations, bytes, chip time and energy, as pure functions over numbers or arrays of draws."""
