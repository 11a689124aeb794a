"""The benchmark suite: instance families, each measured in processes of its own, and the table of what came out.

`families` says what is measured; `drawing`, `stock` and `carriers` draw it, `folder` writes it; `instance` and `plain`
are the measured processes, `children` starts and watches them; `suite` runs them all, `outcome` reads their figures.
"""
