// Failures: the class core reacts to, how far they reach, and when to ask again.

import { setTimeout as realTime } from "node:timers/promises";
import { apiVersionOf, toRfc3339, type KubeObject, type Resource } from "@karpenter-multicloud/core/api";
import { findProviderError, hasCode } from "@karpenter-multicloud/core/provider";
import { minutes, seconds } from "@karpenter-multicloud/core/units";
import type { Stage } from "../../stage/index.ts";
import { breach, part, type Check } from "../check.ts";
import { cheapest, failureOf, idOf, told } from "./purchase.ts";

const stock: Check = {
  id: "error-stock",
  title: "no capacity is InsufficientCapacity with the scope of what is sold out",
  level: "must",
  wants:
    "InsufficientCapacity deletes the NodeClaim at once, so that core can plan anew; scope says what to avoid: the type in that zone, not the whole zone and not nothing.",
  needs: ["inject"],
  async run(stage) {
    const { type, zone } = await cheapest(stage);
    part(stage, "inject")([{ fault: "outOfStock", instanceType: type, zone }]);
    const error = await stage.creationError(await stage.claim({ instanceTypes: [type], zones: [zone] }));
    if (!hasCode(error, "PROVIDER_INSUFFICIENT_CAPACITY"))
      breach(`${type} in ${zone} is sold out, create threw ${told(error)}`, error);
    const scope = scopeWithin(error);
    if (scope === undefined) breach(`the error does not say what is sold out: ${told(error)}`, error);
    if (scope.level === "type" && scope.name !== type)
      breach(`${type} is sold out, the error's scope names ${scope.name}`, error);
    if (scope.zone !== undefined && scope.zone !== zone)
      breach(`sold out is ${zone}, the error's scope names ${scope.zone}`, error);
  },
};

/** Of the error or of what caused it. */
function scopeWithin(error: unknown): NonNullable<ReturnType<typeof findProviderError>>["scope"] {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    const scope = findProviderError(at)?.scope;
    if (scope !== undefined) return scope;
  }
  return undefined;
}

const quota: Check = {
  id: "error-quota",
  title: "a quota is QuotaExceeded, reaches further than one type, and is not tried on the next type",
  level: "must",
  wants:
    "A quota belongs to a family, region or account. Trying the next type of the same region is refused as well, and costs a call and a minute each time.",
  needs: ["inject"],
  async run(stage) {
    const before = stage.cloud.requests?.().length ?? 0;
    part(stage, "inject")([{ fault: "quota" }]);
    const error = await stage.creationError(await stage.claim());
    if (!hasCode(error, "PROVIDER_QUOTA_EXCEEDED")) breach(`the quota is used up, create threw ${told(error)}`, error);
    const scope = scopeWithin(error);
    if (scope === undefined || scope.level === "type" || scope.level === "machine") {
      breach(`the scope of a quota is ${scope?.level ?? "missing"}; it is a family, zone, region or account`, error);
    }
    const orders = (stage.cloud.requests?.() ?? []).slice(before).filter(({ action }) => action === "create");
    if (orders.length > 1)
      breach(`after the refusal ${orders.length - 1} more orders were sent for the same NodeClaim`);
  },
};

const auth: Check = {
  id: "error-unauthorized",
  title: "rejected credentials are Unauthorized",
  level: "must",
  wants:
    "Nothing but a person can mend them. Called Transient they are retried for ever without a word to anybody; called InsufficientCapacity they mark the whole catalogue as sold out.",
  needs: ["inject"],
  async run(stage) {
    part(stage, "inject")([{ fault: "status", status: 401, on: "create" }]);
    const error = await stage.creationError(await stage.claim());
    if (!hasCode(error, "PROVIDER_UNAUTHORIZED"))
      breach(`every order is answered with 401, create threw ${told(error)}`, error);
  },
};

const ENDING = [
  "PROVIDER_INSUFFICIENT_CAPACITY",
  "PROVIDER_QUOTA_EXCEEDED",
  "PROVIDER_NODE_CLASS_NOT_READY",
  "PROVIDER_UNAUTHORIZED",
  "PROVIDER_INVALID_CONFIGURATION",
  "PROVIDER_MACHINE_NOT_FOUND",
] as const;

const transient: Check = {
  id: "error-transient",
  title: "an outage is Transient, marks nothing as sold out, and the NodeClaim is served when it is over",
  level: "must",
  wants:
    "5xx, broken connections and timeouts pass. Core tries again; a class that ends the NodeClaim or marks offerings throws away a plan that was right.",
  needs: ["inject"],
  async run(stage) {
    const claim = await stage.claim();
    part(stage, "inject")([{ fault: "status", status: 503, on: "create" }]);
    const error = await stage.creationError(claim);
    if (error === undefined) breach("every order is answered with 503, and create answered a machine");
    if (findProviderError(error) === undefined)
      breach(`create threw ${told(error)}, which is not one of core's provider errors`, error);
    if (hasCode(error, ...ENDING)) breach(`every order is answered with 503, create threw ${told(error)}`, error);
    part(stage, "inject")([]);
    await stage.pass(minutes(5));
    const after = await stage.creationError(claim);
    if (after !== undefined) breach(`the outage is over, create still throws ${told(after)}`, after);
    if (stage.machines().length !== 1)
      breach(`after the outage there are ${stage.machines().length} machines for one NodeClaim`);
  },
};

const RETRY_AFTER_S = 20;

const pace: Check = {
  id: "error-retry-after",
  title: "after 429 nobody asks again before Retry-After is over",
  level: "must",
  wants:
    "The limit is the account's, shared with everybody else who uses it. Wait for Retry-After (core's withRetry does when the classifier hands it in), or throw RateLimited with retryAfter.",
  needs: ["inject", "requests"],
  async run(stage) {
    await stage.restart();
    const headers = { "Retry-After": String(RETRY_AFTER_S) };
    part(stage, "inject")([{ fault: "status", status: 429, headers, on: "list", times: 1 }]);
    const before = part(stage, "requests")().length;
    const error = await failureOf(stage.during(stage.provider.list(stage.context)));
    const lists = part(stage, "requests")()
      .slice(before)
      .filter(({ action }) => action === "list");
    if (error !== undefined && !hasCode(error, "PROVIDER_RATE_LIMITED", "PROVIDER_TRANSIENT")) {
      breach(`one list request was answered with 429, list threw ${told(error)}`, error);
    }
    const [refused, next] = lists;
    if (refused === undefined) breach("list sent no request that the subject calls a list");
    if (next !== undefined && next.at - refused.at < RETRY_AFTER_S * 1000) {
      breach(`Retry-After was ${RETRY_AFTER_S} s, the next request came after ${(next.at - refused.at) / 1000} s`);
    }
  },
};

const rateLimited: Check = {
  id: "error-rate-limited",
  title: "a limit that does not give way is RateLimited",
  level: "must",
  wants: "Core then waits and tells users that the cloud's limit is the reason, instead of an outage or missing stock.",
  needs: ["inject"],
  async run(stage) {
    await stage.restart();
    part(stage, "inject")([{ fault: "status", status: 429, on: "list" }]);
    const error = await failureOf(stage.during(stage.provider.list(stage.context)));
    if (!hasCode(error, "PROVIDER_RATE_LIMITED"))
      breach(`every list request is answered with 429, list threw ${told(error)}`, error);
  },
};

const notReady: Check = {
  id: "class-ready",
  title: "the NodeClass has a Ready condition, and one that is not ready launches nothing",
  level: "must",
  wants:
    "create throws NodeClassNotReady naming the class; core deletes the claim and shows the reason. Without it machines are launched that cannot join.",
  async run(stage) {
    const { kind, name } = stage.cloud.nodeClassRef;
    const resource = classResource(stage);
    const isReady = async (): Promise<boolean> => readyOf(await stage.kube.get(resource, { name })) === "True";
    if (!(await stage.until(isReady, minutes(5))))
      breach(`${kind} ${name} has not become Ready=True within five minutes`);
    const copy = await brokenCopy(stage, resource);
    const claim = await stage.claim();
    const other = { ...claim, spec: { ...claim.spec, nodeClassRef: { ...claim.spec.nodeClassRef, name: copy } } };
    const error = await failureOf(stage.during(stage.provider.create(other, stage.context)));
    if (!hasCode(error, "PROVIDER_NODE_CLASS_NOT_READY"))
      breach(`${kind} ${copy} is Ready=False, create threw ${told(error)}`, error);
    if (!(error instanceof Error && error.message.includes(copy)))
      breach(`the error does not name ${copy}: ${told(error)}`, error);
    if (stage.machines().length > 0) breach(`a machine was launched for ${kind} ${copy}, which is not ready`);
  },
};

function classResource({ subject, cloud }: Stage): Resource {
  const { group, kind } = cloud.nodeClassRef;
  const found = subject.factory.customResources.find(
    ({ resource }) => resource.kind === kind && resource.group === group,
  );
  return found?.resource ?? breach(`the factory's customResources have no ${kind} of ${group}`);
}

function readyOf(object: KubeObject): string | undefined {
  const { status } = object as {
    readonly status?: { readonly conditions?: readonly { type: string; status: string }[] };
  };
  return status?.conditions?.find(({ type }) => type === "Ready")?.status;
}

/** No controller runs that could find out that nothing is wrong with it. */
async function brokenCopy(stage: Stage, resource: Resource): Promise<string> {
  const { kube, cloud, clock } = stage;
  await stage.restart({ running: "none" });
  const original = await kube.get(resource, { name: cloud.nodeClassRef.name });
  const name = "conformance-broken";
  const { spec } = original as { readonly spec?: unknown };
  const copy = {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: { name },
    ...(spec ? { spec } : {}),
  };
  await kube.create(resource, copy);
  const lastTransitionTime = toRfc3339(clock.now());
  const condition = {
    type: "Ready",
    status: "False",
    reason: "Broken",
    message: "made so by a check",
    lastTransitionTime,
  };
  await kube.patchStatus(resource, { name }, { type: "merge", body: { status: { conditions: [condition] } } });
  await stage.pass(seconds(1));
  return name;
}

/** Real time: the clock stands still while a request is under way. */
const PATIENCE_MS = 3_000;

const cancel: Check = {
  id: "cancel",
  title: "a call that waits for a silent cloud ends when its signal is aborted",
  level: "must",
  wants:
    "Every method hands its AbortSignal to every request and every wait. A process that loses its lease must stop at once: another one is already at work.",
  needs: ["inject"],
  async run(stage) {
    const claim = await stage.launch();
    const waiting = await stage.claim();
    await stage.restart();
    part(stage, "inject")([{ fault: "hang" }]);
    const calls = {
      list: (signal: AbortSignal) => stage.provider.list({ signal }),
      get: (signal: AbortSignal) => stage.provider.get(idOf(claim), { signal }),
      create: (signal: AbortSignal) => stage.provider.create(waiting, { signal }),
      delete: (signal: AbortSignal) => stage.provider.delete(claim, { signal }),
    };
    for (const [name, call] of Object.entries(calls)) {
      const abort = new AbortController();
      const ended = call(abort.signal).then(
        () => "ended",
        () => "ended",
      );
      await realTime(50);
      abort.abort(new Error("the lease is lost"));
      const fate = await Promise.race([ended, realTime(PATIENCE_MS, "waits")]);
      if (fate === "waits") breach(`${name} still waits ${PATIENCE_MS / 1000} s after its signal was aborted`);
    }
  },
};

export const ERRORS: readonly Check[] = [stock, quota, auth, transient, pace, rateLimited, notReady, cancel];
