"""Records in formats that others read: in-toto statements, W3C PROV and RO-Crates."""
