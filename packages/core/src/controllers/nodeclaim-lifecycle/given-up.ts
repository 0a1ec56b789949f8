// What the decision record says of a claim that the cloud could not serve, for whoever waits for its machine.

import type { ControllerDeps } from "../deps.ts";

const VERDICT = "GiveUpNodeClaim";
const SO = "; its pods are planned again";

export function recordGivenUp(
  { clock, decisions }: Pick<ControllerDeps, "clock" | "decisions">,
  name: string,
  cause: string,
): void {
  const subject = `NodeClaim ${name}`;
  decisions.record({
    at: clock.now(),
    controller: "nodeclaim.lifecycle",
    verdict: VERDICT,
    subject,
    detail: `${cause}${SO}`,
  });
}

/** Undefined: it was not, or too long ago to be known. */
export function causeOfGivingUp({ decisions }: Pick<ControllerDeps, "decisions">, name: string): string | undefined {
  const said = decisions
    .list()
    .findLast(({ subject, verdict }) => verdict === VERDICT && subject === `NodeClaim ${name}`);
  return said?.detail.slice(0, -SO.length);
}
