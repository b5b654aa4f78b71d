"""Events as streams: the hub that reads once for all, the frames, the response. No SQL."""
