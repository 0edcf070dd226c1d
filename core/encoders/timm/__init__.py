"""Any model of timm, with its layers and poolings."""
