"""Settings that all tests share."""

import os

from hypothesis import settings

# A machine under load must not fail a property; the same examples every time make a failure repeatable.
settings.register_profile("archsim", deadline=None, derandomize=True)
settings.load_profile("archsim")

# Every test computes for itself what it looks at; those of reuse switch it on.
os.environ["ARCHSIM_CACHE"] = "off"
