"""Which layers read what which others make. Layers in place are links of the chain like others."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Sequence, Set, Tuple


class Source(NamedTuple):
    """Where the contents of a blob come from, as a layer finds them: top `top` of layer `layer`.

    layer: index among the layers; of several layers that write a blob in place, the last one before
    """

    layer: int
    top: int


def sources(layers: Sequence[Any]) -> List[Tuple[Source, ...]]:
    """Return the Sources of the bottoms of each of `layers` (of one phase, past check_wiring)."""
    latest: Dict[str, Source] = {}
    found = []
    for index, layer in enumerate(layers):
        found.append(tuple(latest[bottom] for bottom in layer.bottom))
        latest.update({top: Source(index, number) for number, top in enumerate(layer.top)})
    return found


def leading_to_scores(layers: Sequence[Any], loss: str) -> Set[str]:
    """Return the names of the layers that the first bottom of the layer `loss` depends on."""
    read = sources(layers)
    index = [layer.name for layer in layers].index(loss)
    waiting, found = [read[index][0].layer], set()
    while waiting:
        index = waiting.pop()
        if layers[index].name not in found:
            found.add(layers[index].name)
            waiting.extend(source.layer for source in read[index])
    return found


def depending_on(layers: Sequence[Any], name: str) -> Set[str]:
    """Return the names of the layers that read what the layer `name` makes, directly or not."""
    found = {name}
    for layer, read in zip(layers, sources(layers)):
        if any(layers[source.layer].name in found for source in read):
            found.add(layer.name)
    return found - {name}
