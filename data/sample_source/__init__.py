"""Hand-written content of the sample region; `data/build_sample_region.py` turns it into a bundle."""
