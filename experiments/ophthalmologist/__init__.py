"""A simulated ophthalmologist: what labelling in the order of a ranking gains, against any order.

    runtime/caffe python3 -m experiments.ophthalmologist DATA WORK OUT

The masks of a data set answer in a person's place, stroke by stroke through the page's own work
(labelling.page.work). Each seed deals the photographs out anew: some for the first model, some to
measure on, which nobody ever labels, and a pool. On the pool a person labels PHOTOGRAPHS of them,
twice: in the order of the newest model's ranking, and in random order. After every EVERY answers
the model learns, as `egl learn` does, and the F-measure is taken.

How long an answer takes is assumed, not measured: LOOK seconds for a photograph, and OUTLINE for
each exudate.

dealing: who gets which photograph; person: how she answers; course: labelling, learning, ranking;
figure: the curve.
"""
