"""How an invoice and a ledger differ: usage near the ends of a period, and the drift taken apart by cause."""
