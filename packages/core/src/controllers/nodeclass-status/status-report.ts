// What of a look is written to the class's status: what could not be found out keeps its last value, within limits.

import { ConditionSet, toRfc3339, type NodeClass } from "../../api/index.ts";
import { patchObjectStatus } from "../../kube/index.ts";
import { hours } from "../../units/index.ts";
import type { Finding, Inspection } from "./finding.ts";
import type { StatusPorts } from "./node-class-rules.ts";

/** What a class only ought to know is not told at every look. */
const REMARKED = hours(1);

export class StatusReport<T extends NodeClass> {
  readonly #ports: StatusPorts<T>;
  /** Another version's definition of the kind cuts off what we write; without it no machine can be ordered. */
  readonly #outdated: Finding & { readonly reason: string; readonly message: string };
  /** When everything about a class was known, by its uid. */
  readonly #lastAnswer = new Map<string, number>();
  #isCutOff = false;

  constructor(ports: StatusPorts<T>) {
    const { plural, group } = ports.resource;
    this.#ports = ports;
    this.#outdated = {
      type: ports.rules.orderingCondition,
      status: "False",
      reason: "OutdatedCRD",
      message: `the CustomResourceDefinition ${plural}.${group} is of another version and does not keep status.zones: apply the one of this version, with the chart karpenter-crd for example`,
    };
  }

  /** Whether the class is ready. */
  async write(nodeClass: T, { findings, status, remarks = [] }: Inspection, signal: AbortSignal): Promise<boolean> {
    const { kube, clock, events, resource, rules } = this.#ports;
    const now = clock.now();
    const looked = rules.tellsWhenLooked === true ? { lastSyncTime: toRfc3339(now) } : {};
    for (const { reason, message } of remarks) {
      events.publish({ resource, object: nodeClass, type: "Warning", reason, message, dedupeFor: REMARKED });
    }
    let conditions = this.#conditions(nodeClass, findings, now);
    const save = (before: T): Promise<T> => {
      const found = { ...status, ...looked, conditions: conditions.toList() };
      const after: T = { ...nodeClass, status: { ...nodeClass.status, ...found } };
      return patchObjectStatus(kube, resource, { before, after }, { lock: true, signal });
    };
    const stored = await save(nodeClass);
    const wasCutOff = this.#isCutOff;
    this.#isCutOff = status.zones !== undefined && zonesOf(stored) === undefined;
    if (this.#isCutOff && !wasCutOff) {
      conditions = set(conditions, this.#outdated);
      await save(stored);
    }
    return conditions.root?.status === "True";
  }

  #conditions(nodeClass: T, found: readonly Finding[], now: number): ConditionSet {
    const { conditions: family } = this.#ports.rules;
    const outdated = this.#outdated;
    const findings = this.#isCutOff ? found.map((each) => (each.type === outdated.type ? outdated : each)) : found;
    let conditions = ConditionSet.of(nodeClass, family, now);
    for (const finding of findings) {
      const isKept =
        finding.status === "Unknown" && conditions.is(finding.type, "True") && this.#staysReady(nodeClass, now);
      conditions = isKept ? conditions.refresh(finding.type) : set(conditions, finding);
    }
    for (const { type } of conditions.toList()) {
      if (type !== family.root && !findings.some((finding) => finding.type === type)) {
        conditions = conditions.refresh(type);
      }
    }
    if (findings.every(({ status }) => status !== "Unknown")) this.#lastAnswer.set(nodeClass.metadata.uid ?? "", now);
    return conditions;
  }

  /** A process that has just started gives a cloud that does not answer its time too. */
  #staysReady({ metadata }: T, now: number): boolean {
    const { readyWithoutAnswer } = this.#ports.rules;
    if (readyWithoutAnswer === undefined) return true;
    const uid = metadata.uid ?? "";
    const last = this.#lastAnswer.get(uid) ?? now;
    this.#lastAnswer.set(uid, last);
    return now - last < readyWithoutAnswer;
  }
}

function set(conditions: ConditionSet, { type, status, reason, message }: Finding): ConditionSet {
  return conditions.set(type, status, reason, message);
}

function zonesOf({ status }: NodeClass): unknown {
  return (status as Inspection["status"] | undefined)?.zones;
}
