// What drift would order for the same nodes if planned claims with equally many pods stood in Karpenter's order (S-318).

import { decide } from "../../disruption/index.ts";
import type { DisruptionSnapshot } from "../../disruption/index.ts";
import { simulationBase } from "../../disruption/simulation-base.ts";
import { solveWithKarpentersTies } from "../engines.ts";
import { commandResult } from "./command-result.ts";
import type { CommandResult } from "./command-result.ts";

export function driftWithKarpentersTies(snapshot: DisruptionSnapshot): readonly CommandResult[] {
  return decide("drift", snapshot).commands.map((command) => {
    const base = simulationBase(snapshot);
    const gone = new Set(command.nodes);
    const moving = base.reschedulable(snapshot.nodes.filter(({ name }) => gone.has(name)));
    const { newClaims, existing } = solveWithKarpentersTies(base.without(gone, moving, false));
    return commandResult({ ...command, replacements: newClaims, existing }, snapshot);
  });
}
