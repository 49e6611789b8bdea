"""Fig. 2: F-measure, sensitivity and specificity against batches, for images and patches chosen by EGL or at random."""
from experiments import work
from experiments.tasks import Task

# What chooses images and what chooses patches: the paper's two arms, and the two that tell which part does the work.
ARMS = {"random": ("random", "random"), "egl": ("egl", "egl"), "egl-images": ("egl", "random"), "egl-patches": ("random", "egl")}
POOLS = {"all": "healthy images and images with exudates", "lesion": "images with exudates alone"}


def name(pool, arm, seed):
    """Return the name of an arm's run."""
    return f"fig2-{pool}-{arm}-seed{seed:02d}"


def tasks(protocol):
    """Return {name: Task}: for each pool and seed four arms, which begin with the same images and batches."""
    result = {}
    for seed in range(1, protocol.fig2_seeds + 1):
        for pool in POOLS:
            for arm, (strategy, patch_strategy) in ARMS.items():
                settings = protocol.images._replace(
                    strategy=strategy, patch_strategy=patch_strategy, trainer=protocol.images.trainer._replace(seed=seed)
                )
                if (pool, arm) == ("all", "egl"):
                    settings = settings._replace(keep_weights=protocol.kept)
                result[name(pool, arm, seed)] = Task(work.select, pool, settings)
    return result
