"""Prints the SHA-256 of three epochs of a flow; each machine that made a batch notes its name."""

import argparse
import socket
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from raydrift.augment.batches import Batch, BatchTask
from raydrift.flows import Augment, Flow
from raydrift.flows.samples import SampleBatches


@dataclass(frozen=True, eq=False)
class NotingBatches(SampleBatches):
    """Notes in a folder which machine makes batches."""

    notes: Path = Path()

    def make(self, task: BatchTask) -> Batch:
        (self.notes / socket.gethostname()).touch()
        return super().make(task)


def main(source: str, notes: str, workers: int) -> str:
    augment = Augment(rotate=20, shift=0.1, flip=True, drift=["gaussian_noise:0.3"])
    flow = Flow(source, augment=augment, size=32, batch_size=4, epochs=3, workers=workers)
    made = flow.train.maker
    kept = {name: getattr(made, name) for name in made.__dataclass_fields__ if name[0] != "_"}
    flow.train.maker = NotingBatches(**kept, notes=Path(notes))
    total = sha256()
    for epoch in range(3):
        for batch in flow.train.numpy(epoch):
            total.update(batch.images.tobytes() + batch.labels.tobytes())
            total.update(repr((batch.paths, batch.transforms)).encode())
    return total.hexdigest()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("notes")
    parser.add_argument("workers", type=int)
    given = parser.parse_args()
    print("digest", main(given.source, given.notes, given.workers))
