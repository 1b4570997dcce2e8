"""
Fan-out, measured: one tick to many sockets, by ``feed serve``, by its peers and by C.

``python -m tests.benchmarks.fanout --help`` says how to run it.

=================  =================================================================================
``native/``        the load client and the reference server, in C
``peers/``         one server per peer, each with the fastest broadcast its documentation offers
``ours.py``        the real server, with a source that ticks steadily instead of a market
``build.py``       compiles and installs what the above need, once
``contenders.py``  who takes part
``workloads.py``   what they are asked to do
``measure.py``     one server and one load client, each on a core of its own
``table.py``       medians, ratios and aims as Markdown
``plot.py``        the same as a picture
=================  =================================================================================
"""
