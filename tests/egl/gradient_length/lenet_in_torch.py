"""A program: posterior and gradient lengths of LeNet by PyTorch's autograd, in float64.

    python3 lenet_in_torch.py IN.npz OUT.npz

IN: patches, and weights as conv1_0 (weight), conv1_1 (bias), ...; OUT: posterior (N, 2), and for
each layer the norm of its gradient for each sample and label, (N, 2).

It is a program because a process in which autograd of Debian 11's PyTorch (1.7.1) has run cannot
end: "terminate called without an active exception".
"""

import os
import sys

import numpy as np
import torch
from torch.nn.functional import conv2d, cross_entropy, linear, max_pool2d

LAYERS = ("conv1", "conv2", "ip1", "ip2")


def forward(weights, patches):
    hidden = max_pool2d(conv2d(patches, *weights["conv1"]), 2)
    hidden = max_pool2d(conv2d(hidden, *weights["conv2"]), 2)
    return linear(linear(hidden.flatten(1), *weights["ip1"]).relu(), *weights["ip2"])


def main(source, target):
    given = np.load(source)
    weights = {
        name: [
            torch.tensor(given[f"{name}_{k}"], dtype=torch.float64, requires_grad=True)
            for k in (0, 1)
        ]
        for name in LAYERS
    }
    patches = torch.tensor(given["patches"], dtype=torch.float64)
    posterior = np.empty((len(patches), 2))
    norms = {name: np.empty((len(patches), 2)) for name in LAYERS}
    for n, patch in enumerate(patches):
        for label in (0, 1):
            scores = forward(weights, patch[None])
            loss = cross_entropy(scores, torch.tensor([label]))
            gradients = torch.autograd.grad(
                loss, [parameter for name in LAYERS for parameter in weights[name]]
            )
            for k, name in enumerate(LAYERS):
                norms[name][n, label] = torch.sqrt(
                    sum((gradient**2).sum() for gradient in gradients[2 * k : 2 * k + 2])
                )
        posterior[n] = torch.softmax(scores[0], 0).detach()
    np.savez(target, posterior=posterior, **norms)


if __name__ == "__main__":
    main(*sys.argv[1:])
    os._exit(0)  # past what aborts
