// What every fake world stands on, whatever its cloud sells: time, dice, faults, and what is noted of it.

import type { Clock } from "../../runtime/index.ts";
import type { MachineHooks } from "../machine-hooks.ts";
import type { FakeFault, FaultList } from "./faults.ts";
import type { Ledger } from "./ledger.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { Timers } from "./timers.ts";

export interface WorldBasis<Durations, Switches, Fault extends FakeFault, Noted> {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly hooks: MachineHooks | undefined;
  readonly durations: Durations;
  readonly switches: Switches;
  readonly random: SeededRandom;
  readonly faults: FaultList<Fault>;
  readonly invariants: Noted;
  readonly ledger: Ledger;
}
