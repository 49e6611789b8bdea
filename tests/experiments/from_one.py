"""The protocols with seeds from 1 on, so that tests can count them."""

from dataclasses import replace

from experiments import protocols

FULL, STANDARD, QUICK = (
    replace(protocol, first_seed=1)
    for protocol in (protocols.FULL, protocols.STANDARD, protocols.QUICK)
)
