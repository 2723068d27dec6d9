/** Machines by the handle that the harness gives them. */
import { Refusal } from '../wallet/refusal.mjs';

export class Machines {
  #machines = new Map();

  forget() {
    this.#machines.clear();
  }

  set(handle, machine) {
    this.#machines.set(handle, machine);
  }

  get(handle) {
    const machine = this.#machines.get(handle);
    if (!machine) throw new Refusal('invalid-state', `there is no machine ${handle}`);
    return machine;
  }

  /** Lets `step` work on a copy of a machine, which takes its place where it is not refused. */
  attempt(handle, step) {
    const copy = this.get(handle).copy();
    const result = step(copy);
    this.set(handle, copy);
    return result;
  }
}
