// Gives up machines that did not come in time, so that their pods are planned anew (LC-31 to LC-34).

import type { NodeClaim } from "../../api/index.ts";
import type { Settings } from "../../options/index.ts";
import type { MachineTimeouts } from "../../provider/index.ts";
import { milliseconds, type Duration } from "../../units/index.ts";
import { disruptionLabels } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import { poolThatOwns, type RegistrationHealth } from "../nodepool-registration-health/registration-health.ts";
import type { PoolBackOff } from "../provisioning/pool-back-off.ts";
import { deleteClaim } from "./delete-claim.ts";
import type { Draft, StepResult } from "./draft.ts";

type Deps = Pick<ControllerDeps, "provider" | "kube" | "cache" | "clock" | "settings" | "metrics" | "logger"> & {
  readonly health: RegistrationHealth;
  readonly backOff: PoolBackOff;
};

const NOT_REGISTERED = { reason: "RegistrationFailed", message: "a machine was launched and did not register in time" };

interface Deadline {
  readonly reason: "launch_timeout" | "registration_timeout" | "initialization_timeout";
  readonly at: number;
}

export async function checkLiveness(deps: Deps, draft: Draft, signal: AbortSignal): Promise<StepResult> {
  const deadline = nextDeadline(draft, deps.settings, deps.provider.timeouts?.(draft.claim) ?? {});
  if (!deadline) return {};
  const left = deadline.at - deps.clock.now();
  if (left > 0) return { requeueAfter: milliseconds(left) };
  const claim: NodeClaim = draft.claim;
  await deleteClaim(deps, claim, signal);
  tellHealth(deps, draft, deadline.reason);
  deps.logger.warn("giving up nodeclaim", { NodeClaim: draft.name, reason: deadline.reason });
  deps.metrics.count("karpenter_nodeclaims_disrupted_total", disruptionLabels(claim, deadline.reason));
  return { deleted: true };
}

/** NP-10: once registered, a machine has shown that the pool's template works. */
function tellHealth({ cache, health, backOff }: Deps, { stored, conditions }: Draft, late: Deadline["reason"]): void {
  const pool = poolThatOwns(cache, stored);
  if (!pool || conditions.is("Registered", "True")) return;
  const launched = conditions.get("Launched");
  const { reason = "", message = "" } = launched?.status === "True" ? NOT_REGISTERED : (launched ?? {});
  health.record(pool, stored, { reason, message });
  if (late !== "initialization_timeout") backOff.failed(pool, late, message);
}

/** The provider's times win over the flags; 0 and "Never" mean no limit. */
function nextDeadline(draft: Draft, settings: Settings, own: MachineTimeouts): Deadline | undefined {
  const { conditions } = draft;
  const since = (type: string): number => Date.parse(conditions.get(type)?.lastTransitionTime ?? "");
  const deadline = (reason: Deadline["reason"], start: number, limit: Duration): Deadline | undefined =>
    limit > 0 && limit < Infinity ? { reason, at: start + limit } : undefined;
  if (!conditions.is("Registered", "True")) {
    const registration = deadline(
      "registration_timeout",
      since("Registered"),
      own.registration ?? settings.registrationTimeout,
    );
    if (conditions.is("Launched", "True")) return registration;
    const launch = deadline("launch_timeout", since("Launched"), own.launch ?? settings.launchTimeout);
    return launch && registration && registration.at < launch.at ? registration : (launch ?? registration);
  }
  if (conditions.is("Initialized", "True")) return undefined;
  return deadline("initialization_timeout", since("Registered"), own.initialization ?? settings.initializationTimeout);
}
