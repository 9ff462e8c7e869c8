"""Training of one method with one seed, from preference pairs to tuned checkpoints.

    train(config, "dpo", 0, preferences, images, attacked_images, classes, reference, output_folder, scratch)

Also under `torchrun --standalone --nproc-per-node=8`, with the same global batch and the same numbers. A run that was
killed goes on from its last resume point when the same command is given again.
"""

import json
import math
import time
from pathlib import Path

import torch
from torch.nn.parallel import DistributedDataParallel

from prefclip.config import Config
from prefclip.datasets.class_lists import read_classes
from prefclip.models.checkpoints import save_weights, tuned_names
from prefclip.models.loading import LoadedModel, load_model
from prefclip.models.trainable import select_trainable
from prefclip.objectives import objective
from prefclip.training.averaging import BetaAveraging
from prefclip.training.batches import BatchReader, open_sized_images
from prefclip.training.distributed import Processes, joined_processes
from prefclip.training.errors import TrainingError, TrainingInterrupted
from prefclip.training.global_batch import Targets, accumulate_gradients
from prefclip.training.numerics import declared_numerics
from prefclip.training.pairs import PairTable, check_labels, read_pairs
from prefclip.training.policy import Policy, class_logits
from prefclip.training.progress import Progress
from prefclip.training.reference import Reference, key_of, read_reference, reference_parts
from prefclip.training.resume import ResumeStore
from prefclip.training.run_identity import method_settings, run_sha256, settings_sha256
from prefclip.training.schedule import learning_rate_factor, plan_steps
from prefclip.training.state import RunState
from prefclip.training.stop_requests import Request, StopRequests


def train(
    config: Config,
    method: str,
    seed: int,
    preferences: str | Path,
    images: str | Path,
    attacked_images: str | Path,
    classes: str | Path,
    reference: str | Path | None,
    output_folder: str | Path,
    scratch: str | Path | None = None,
    *,
    device: str | None = None,
    threads: int | None = None,
) -> None:
    """Tune the config's model and write model.safetensors, averaged.safetensors (if asked for), and its logs.

    ``reference`` is what `cache_reference` wrote; methods without reference (CE) may pass None. Resume points go to a
    folder in ``scratch`` named after the run's settings and data, and are deleted when the results are written.
    ``device`` is a GPU if there is one, unless given. On a CPU the same inputs give the same bytes, speed.csv aside, if
    the number of threads and processes is the same. Raises PrefclipError naming the file or key; TrainingError if the
    loss is no longer a number; TrainingInterrupted after SIGTERM.
    """
    settings, shared = method_settings(config, method), config.training
    loss = objective(settings.objective, **settings.parameters)
    with (
        declared_numerics(shared.precision, threads),
        joined_processes(device) as processes,
        StopRequests() as requests,
    ):
        # --- data
        own = config.every_method[method].batch_size is not None
        batch_key = f"methods.{method}.batch_size" if own else "training.batch_size"
        share = processes.share_of(settings.batch_size, batch_key)
        loaded = load_model(config.model, processes.device)
        class_list = read_classes(classes)
        stacks = [open_sized_images(path, loaded.image_size) for path in (images, attacked_images)]
        pairs = read_pairs(preferences, len(stacks[0]), len(stacks[1]))
        check_labels(preferences, pairs, len(class_list.names))
        parts = reference_parts(loaded, shared.precision, preferences, images, attacked_images)
        if loss.needs_reference and reference is None:
            raise TrainingError(f"methods.{method}: needs the reference cache; make it with `prefclip reference`.")
        cached = read_reference(reference, parts) if loss.needs_reference else None
        if settings.words is not None:
            pairs = pairs.of_words(settings.words, f"{preferences}: methods.{method}.words")
        if settings.max_train_images is not None:
            pairs = pairs.of_images(settings.max_train_images, config.data.train)
        plan = plan_steps(len(pairs), settings.batch_size, settings.epochs, shared.drop_last_batches, batch_key)
        reader = BatchReader(
            pairs,
            *stacks,
            plan,
            settings.batch_size,
            shuffle_key=(config.data.train, seed),
            share=share,
            micro_batch_size=shared.micro_batch_size or settings.batch_size,
            with_clean=loss.needs_clean_images,
        )

        # --- model, optimizer, average
        parameters = select_trainable(loaded.model, settings.trainable)
        policy = Policy(loaded, class_list, settings.trainable, shared.precision, shared.compile)
        module = DistributedDataParallel(policy) if processes.size > 1 else policy
        optimizer = torch.optim.Adamax(parameters.values(), lr=settings.learning_rate)
        length = plan.planned if shared.averaging_length == "planned" else plan.made
        averaging = None
        if settings.averaging:
            averaging = BetaAveraging(parameters, length, shared.averaging_alpha, shared.averaging_beta)
        state = RunState(parameters, optimizer, averaging)

        # --- what an earlier, killed run left
        settings_key, data_key = settings_sha256(config, method, seed), key_of(parts)
        scratch = Path(scratch) if scratch is not None else Path(output_folder) / ".scratch"
        progress = Progress(f"{method}, seed {seed}", plan.made, silent=not processes.is_main)
        store = ResumeStore(scratch / run_sha256(settings_key, data_key)[:32], progress.print)
        _restore(state, store, processes, progress)

        # --- the loop
        targets = _TargetReader(pairs, cached, policy)
        done = time.perf_counter()
        for batch in reader.batches(state.step):
            rate = settings.learning_rate * learning_rate_factor(state.step, plan.made, shared.warmup_ratio)
            optimizer.param_groups[0]["lr"] = rate
            optimizer.zero_grad(set_to_none=True)
            chunks = [torch.from_numpy(chunk) for chunk in batch.chunks]
            value = accumulate_gradients(module, chunks, targets.at(batch.rows), loss, processes)
            terms = torch.stack(value).tolist()
            if not math.isfinite(terms[0]):
                raise _no_number(f"the loss is {terms[0]} at step {state.step + 1}", method, seed, store)
            optimizer.step()
            state.step += 1
            if averaging is not None:
                averaging.update(state.step)

            now = time.perf_counter()
            images_per_second = len(batch.rows) * (2 if loss.needs_clean_images else 1) / (now - done)
            done = now
            state.log.add(state.step, terms, rate, images_per_second)
            progress.step(state.step, terms[0], images_per_second)

            request = Request(processes.largest(requests.take()))
            if request or (state.step % shared.checkpoint_every == 0 and state.step < plan.made):
                _check_finite(state, store, method, seed)
                if processes.is_main:
                    store.save(state.step, state.tensors(), state.values())
                processes.wait_for_all()
            if request is Request.STOP:
                raise TrainingInterrupted(
                    f"{method}, seed {seed}: stopped by SIGTERM after step {state.step} of {plan.made}; give the same "
                    f"command again to go on from {store.folder}."
                )

        # --- results
        progress.close()
        _check_finite(state, store, method, seed)
        if processes.is_main:
            metadata = {
                "model": loaded.name,
                "base_sha256": loaded.weights_sha256,
                "trainable": settings.trainable,
                "dataset": config.data.train,
                "method": method,
                "objective": json.dumps({"name": loss.name, **loss.parameters}, sort_keys=True),
                "seed": str(seed),
                "steps": str(state.step),
                "settings_sha256": settings_key,
                "data_sha256": data_key,
            }
            _write_results(Path(output_folder), loaded, settings.trainable, state, metadata)
            store.clear()
        processes.wait_for_all()


class _TargetReader:
    """Labels and reference logits of a batch; the reference keeps the untouched model's texts and scale."""

    def __init__(self, pairs: PairTable, reference: Reference | None, policy: Policy):
        self.labels = [torch.from_numpy(labels) for labels in (pairs.true_labels, pairs.written_labels)]
        self.positions = torch.from_numpy(pairs.positions)
        self.reference, self.policy = reference, policy

    def at(self, rows) -> Targets:
        picked = torch.from_numpy(rows)
        labels = [labels[picked].to(self.policy.device) for labels in self.labels]
        if self.reference is None:
            return Targets(*labels, None, None)
        policy, places = self.policy, self.positions[picked]
        halves = [half[places].to(policy.device) for half in self.reference]
        return Targets(*labels, *(class_logits(half, policy.first_texts, policy.first_scale) for half in halves))


def _restore(state: RunState, store: ResumeStore, processes: Processes, progress: Progress) -> None:
    """Go back to the newest resume point that the main process finds whole."""
    point = None
    if processes.is_main:
        store.remove_leftovers()
        point = store.newest()
    step = processes.from_main(point.step if point else 0)
    if step:
        state.restore(point or store.read(step))
        progress.resume(step)


def _check_finite(state: RunState, store: ResumeStore, method: str, seed: int) -> None:
    if not state.is_finite():
        raise _no_number(f"weights are not finite after step {state.step}", method, seed, store)


def _no_number(what: str, method: str, seed: int, store: ResumeStore) -> TrainingError:
    kept = f" The last good resume point is kept in {store.folder}." if store.folder.is_dir() else ""
    return TrainingError(
        f"methods.{method} (seed {seed}): {what}; lower training.learning_rate or soften methods.{method}.parameters."
        f"{kept}"
    )


def _write_results(
    folder: Path, loaded: LoadedModel, trainable: str, state: RunState, metadata: dict[str, str]
) -> None:
    """Write checkpoints and logs, each whole or not at all; the raw model comes last."""
    everything = loaded.model.state_dict()
    tuned = {name: everything[name] for name in tuned_names(loaded.model, trainable)}
    state.log.write(folder)
    averaged = folder / "averaged.safetensors"
    if state.averaging is not None:
        save_weights(averaged, {**tuned, **state.averaging.mean}, {**metadata, "weights": "averaged"})
    else:
        averaged.unlink(missing_ok=True)
    save_weights(folder / "model.safetensors", tuned, {**metadata, "weights": "raw"})
