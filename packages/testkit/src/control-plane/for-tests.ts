// Whether tests can have a real control plane: there already, built on demand, or not at all and then said loudly.

import { missingBinaries, howToGet } from "./binaries.ts";
import { buildControlPlane } from "./build.ts";
import type { OptionalComponent } from "./control-plane.ts";
import { neededBinaries } from "./start.ts";
import type { BinaryName } from "./versions.ts";

/** On a Node whose conditions somebody else writes, with any value; kwok-stages.yaml names it too. */
export const READINESS_ANNOTATION = "testkit.karpenter-multicloud.sh/readiness";

/**
 * True when a suite can call startControlPlane with these components, and the other `tools` are there. With KMC_REQUIRE_CONTROL_PLANE=1 missing programs are built
 * and a failure throws; otherwise one line says what is skipped and how to get it.
 */
export async function prepareControlPlane(
  suite: string,
  components?: readonly OptionalComponent[],
  tools: readonly BinaryName[] = [],
): Promise<boolean> {
  const missing = missingBinaries([...neededBinaries(components), ...tools]);
  if (missing.length === 0) return true;
  if (process.env["KMC_REQUIRE_CONTROL_PLANE"] === "1") {
    await buildControlPlane({ only: missing, progress: say });
    return true;
  }
  say(`!!! SKIPPED: ${suite}. No real control plane: ${missing.join(", ")} not found; ${howToGet()}.`);
  return false;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
