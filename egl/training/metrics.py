"""How good a classification is: the paper's measures, from posteriors and labels."""

from typing import Any, Dict

import numpy as np


def classification_metrics(posterior: np.ndarray, labels: np.ndarray) -> Dict[str, Any]:
    """Return a dict of the paper's measures; the positive class is 1, exudate.

    posterior: (n, 2) probabilities; labels: (n,) 0 or 1. Keys: f_measure (harmonic mean of
    precision and sensitivity), sensitivity (recall of exudate), specificity (recall of healthy),
    accuracy, auc (area under the ROC curve), loss (mean cross-entropy), n. A patch is called
    exudate where that is the more probable class. A ratio without cases is 0.
    """
    from sklearn.metrics import accuracy_score, f1_score, recall_score, roc_auc_score

    posterior, labels = np.asarray(posterior, float), np.asarray(labels, int)
    predicted = (posterior[:, 1] > posterior[:, 0]).astype(int)
    both = len(np.unique(labels)) == 2
    return {
        "f_measure": float(f1_score(labels, predicted, zero_division=0)),
        "sensitivity": float(recall_score(labels, predicted, pos_label=1, zero_division=0)),
        "specificity": float(recall_score(labels, predicted, pos_label=0, zero_division=0)),
        "accuracy": float(accuracy_score(labels, predicted)),
        "auc": float(roc_auc_score(labels, posterior[:, 1])) if both else float("nan"),
        "loss": cross_entropy(posterior, labels),
        "n": int(len(labels)),
    }


def f_at(p: np.ndarray, labels: np.ndarray, threshold: float) -> float:
    """Return F where a patch is called exudate if its p(exudate) is above `threshold`."""
    from sklearn.metrics import f1_score

    return float(f1_score(labels, np.asarray(p) > threshold, zero_division=0))


def cross_entropy(posterior: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean of -log p(label).

    Probabilities below the smallest float32 count as that, as in Caffe.
    """
    of_label = np.asarray(posterior, float)[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(of_label, np.finfo(np.float32).tiny)).mean())


def best_threshold(p: np.ndarray, labels: np.ndarray) -> float:
    """Return the threshold of p(exudate) that gives the highest F-measure.

    p, labels: (n,). It lies midway between two of the p; of equally good ones it is the nearest to
    one half. A sample counts as exudate where its p is above. 0.5 where there is no exudate.
    """
    p, labels = np.asarray(p, float), np.asarray(labels, int)
    values = np.unique(p)
    candidates = np.concatenate([[values[0] / 2], (values[1:] + values[:-1]) / 2])
    above = len(p) - np.searchsorted(np.sort(p), candidates, side="right")
    of_exudate = np.sort(p[labels == 1])
    if not len(of_exudate):
        return 0.5
    right = len(of_exudate) - np.searchsorted(of_exudate, candidates, side="right")
    f_measure = 2 * right / (above + len(of_exudate))
    best = np.flatnonzero(f_measure == f_measure.max())
    return float(candidates[best[np.argmin(abs(candidates[best] - 0.5))]])
