"""What is measured after a round or an epoch: the same for every run, so that curves can be laid over each other."""

from egl.training.metrics import classification_metrics

SPLITS = ("validation", "test")


class Evaluator:
    """Scores the validation and test samples of a store with a trainer's present weights."""

    def __init__(self, data, trainer):
        self._trainer = trainer
        self._read = {split: data.read(data.samples(split)) for split in SPLITS}

    def evaluate(self, iteration, train_loss, n_labelled, n_images):
        """Return (row for rounds.csv, p(exudate) of each sample by split, metrics by split)."""
        predictions, metrics = {}, {}
        for split, (patches, labels) in self._read.items():
            posterior = self._trainer.posterior(patches)
            predictions[split] = posterior[:, 1]
            metrics[split] = classification_metrics(posterior, labels)
        test, validation = metrics["test"], metrics["validation"]
        row = {
            "iteration": iteration,
            "n_labelled": n_labelled,
            "n_images": n_images,
            "train_loss": train_loss,
            "val_loss": validation["loss"],
            "val_accuracy": validation["accuracy"],
        }
        row.update(
            (name, test[name])
            for name in ("f_measure", "sensitivity", "specificity", "accuracy", "auc")
        )
        return row, predictions, metrics
