// The machines a command needs before its nodes may go: ordering them, how long they may take, and giving back those nobody needs (D-117, DX-35).

import { Annotation, isConditionTrue, Label, NodeClaims, NodePools, type NodeClaim } from "../../api/index.ts";
import { isReschedulable, type ProposedCommand } from "../../disruption/index.ts";
import { kindOfMachine } from "../../provider/index.ts";
import { ObserveOnly } from "../../runtime/index.ts";
import type { PoolInput } from "../../scheduling/index.ts";
import type { StateNode } from "../../state/index.ts";
import { errorText } from "../../telemetry/index.ts";
import { milliseconds, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { deleteClaim } from "../nodeclaim-lifecycle/delete-claim.ts";
import { createClaims } from "../provisioning/create-claims.ts";
import { sizesIn } from "../provisioning/problem-input.ts";
import { Turn } from "../provisioning/turn.ts";
import { createReserved } from "../reserved-create.ts";
import { claimOfTemplate } from "../static-provisioning/claim-of-template.ts";
import { commandTimeout } from "./command.ts";

export interface Order {
  /** Of the command. */
  readonly id: string;
  readonly proposed: ProposedCommand;
  readonly pools: readonly PoolInput[];
}

export interface Ordered {
  readonly claims: readonly NodeClaim[];
  /** Why not all of them could be had. */
  readonly missing?: string;
}

/** Those that could be had are there in any case. */
export async function orderReplacements(deps: ControllerDeps, order: Order, signal: AbortSignal): Promise<Ordered> {
  const { proposed } = order;
  const ordered =
    proposed.method === "staticDrift"
      ? await orderFromTemplates(deps, order, signal)
      : await orderFromPlan(deps, order, signal);
  for (const object of ordered.claims) {
    const message = `it replaces: ${proposed.reason}`;
    const note = { type: "Normal", reason: "DisruptionLaunching", message } as const;
    deps.events.publish({ ...note, resource: NodeClaims, object });
  }
  return ordered;
}

async function orderFromPlan(deps: ControllerDeps, order: Order, signal: AbortSignal): Promise<Ordered> {
  const { id, proposed, pools } = order;
  const basis = { nodePools: pools, sizeOf: sizesIn(pools) };
  const run = { signal, turn: new Turn(deps, signal), reason: proposed.reason.toLowerCase() };
  const created = await createClaims(deps, proposed.replacements, basis, {
    ...run,
    annotations: { [Annotation.Replaces]: id },
  });
  const [missing] = created.flatMap(({ refused, failed }) => refused?.detail ?? failureText(failed) ?? []);
  return {
    claims: created.flatMap(({ nodeClaim }) => nodeClaim ?? []),
    ...(missing !== undefined && { missing }),
  };
}

function failureText(failed: unknown): string | undefined {
  if (failed === undefined) return undefined;
  if (failed instanceof ObserveOnly) return "observe mode";
  return errorText(failed);
}

/** D-64, D-65: one for each node, if the limit of its pool still leaves room for it. */
async function orderFromTemplates(deps: ControllerDeps, order: Order, signal: AbortSignal): Promise<Ordered> {
  const claims: NodeClaim[] = [];
  for (const name of order.proposed.fromTemplate ?? []) {
    const pool = deps.cache.informer(NodePools).get({ name });
    const { replicas } = pool?.spec ?? {};
    if (!pool || replicas === undefined || pool.metadata.deletionTimestamp) {
      return { claims, missing: `NodePool ${name} keeps no fixed number of nodes any more` };
    }
    // The node is marked already, and each other one that is has its replacement among the active ones.
    if (deps.poolLedger.counts(name).active >= replicas)
      return { claims, missing: `NodePool ${name} has more nodes than it wants` };
    const [granted] = deps.poolLedger.grantNodes(pool, 1);
    if (!granted) return { claims, missing: `limits.nodes of NodePool ${name} leaves no room for a replacement` };
    const wanted = claimOfTemplate(deps.provider, pool);
    const annotations = { ...wanted.metadata.annotations, [Annotation.Replaces]: order.id };
    const object = { ...wanted, metadata: { ...wanted.metadata, annotations } };
    try {
      claims.push(await createReserved(granted, () => deps.kube.create(NodeClaims, object, { signal })));
    } catch (failed) {
      return { claims, missing: failureText(failed) ?? "" };
    }
    const labels = { reason: order.proposed.reason.toLowerCase(), nodepool: name, min_values_relaxed: "false" };
    deps.metrics.count("karpenter_nodeclaims_created_total", labels);
    deps.logger.info("created nodeclaim", { NodePool: name, NodeClaim: claims.at(-1)?.metadata.name });
  }
  return { claims };
}

/** DX-35: what was ordered, does not work yet and holds nobody's pods goes again. Answers those that work. */
export async function giveBackUnused(
  deps: ControllerDeps,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly StateNode[]> {
  const working: StateNode[] = [];
  for (const name of names) {
    const claim = deps.cache.informer(NodeClaims).get({ name });
    if (!claim || claim.metadata.deletionTimestamp !== undefined) continue;
    const node = deps.state.nodes().find(({ nodeClaim }) => nodeClaim?.metadata.name === name);
    if (isConditionTrue(claim, "Initialized")) working.push(...(node ? [node] : []));
    else if (!isOfUse(node, deps.clock.now())) {
      try {
        await deleteClaim(deps, claim, signal);
        deps.logger.info("deleted nodeclaim of a disruption that failed", { NodeClaim: name });
      } catch (error) {
        deps.logger.error("deleting an unused replacement failed, it stays", { NodeClaim: name, error });
      }
    }
  }
  return working;
}

function isOfUse(node: StateNode | undefined, now: number): boolean {
  if (!node) return false;
  return node.pods.some(isReschedulable) || (node.nominatedUntil !== undefined && now < node.nominatedUntil);
}

/** DX-35: as long as 95 of 100 machines of its type take until they work; undefined: none was seen yet. */
export function learnedBoot({ learned }: ControllerDeps, claim: NodeClaim): Duration | undefined {
  const type = claim.metadata.labels?.[Label.InstanceType];
  if (type === undefined) return undefined;
  const p95 = learned?.machines.bootTimes(kindOfMachine(claim.spec.nodeClassRef, type))?.toInitialized.p95;
  return p95 === undefined ? undefined : milliseconds(p95);
}

/** D-124: how long a command waits for these claims while so many nodes wait with it. */
export function patienceFor(deps: ControllerDeps, replacements: readonly string[], queued: number): Duration {
  const { provider, cache, settings } = deps;
  const claims = replacements.flatMap((name) => cache.informer(NodeClaims).get({ name }) ?? []);
  const registrations = claims.map((claim) => provider.timeouts?.(claim).registration ?? settings.registrationTimeout);
  const registration = claims.length > 0 ? Math.max(...registrations) : settings.registrationTimeout;
  const boots = claims.map((claim) => learnedBoot(deps, claim) ?? 0);
  return commandTimeout(queued, milliseconds(registration), Math.max(0, ...boots));
}
