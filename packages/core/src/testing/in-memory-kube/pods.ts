// Rules of Pods.

import { jsonEqual, Pods, toRfc3339, type Toleration } from "../../api/index.ts";
import { forbidden, forbids, refuses, requires, type Problem } from "./answers.ts";
import { canonicalTimes } from "./canonical.ts";
import { copyJson, objectAt, objectsAt, replaceField, setDefault, textAt, type Draft, type Stored } from "./json.ts";
import { kindRules, type Surroundings } from "./kind-rules.ts";
import { defaultPodSpec, qosClass } from "./pod-defaults.ts";

const spec = (pod: unknown): Record<string, unknown> => objectAt(pod, "spec");
const status = (pod: unknown): Record<string, unknown> => objectAt(pod, "status");

export const podRules = kindRules(Pods, {
  status: true,
  generation: true,
  fields: {
    "spec.nodeName": (pod) => textAt(spec(pod), "nodeName"),
    "spec.restartPolicy": (pod) => textAt(spec(pod), "restartPolicy"),
    "spec.schedulerName": (pod) => textAt(spec(pod), "schedulerName"),
    "spec.serviceAccountName": (pod) => textAt(spec(pod), "serviceAccountName"),
    "spec.hostNetwork": (pod) => String(spec(pod)["hostNetwork"] === true),
    "status.phase": (pod) => textAt(status(pod), "phase"),
    "status.podIP": (pod) => textAt(status(pod), "podIP"),
    "status.nominatedNodeName": (pod) => textAt(status(pod), "nominatedNodeName"),
  },
  decode,
  admit,
  prepareCreate,
  prepareUpdate,
  prepareStatus,
  validate,
});

function decode(draft: Draft): void {
  const own = spec(draft);
  draft["spec"] = own;
  defaultPodSpec(own);
  own["enableServiceLinks"] ??= true;
  if (Number(own["terminationGracePeriodSeconds"]) < 0) own["terminationGracePeriodSeconds"] = 1;
  canonicalTimes(draft["status"]);
  for (const condition of objectsAt(draft["status"], "conditions")) {
    setDefault(condition, "lastProbeTime", null);
    setDefault(condition, "lastTransitionTime", null);
  }
}

/** The plug-ins Priority and DefaultTolerationSeconds. */
function admit(draft: Draft, around: Surroundings): void {
  const own = spec(draft);
  const className = textAt(own, "priorityClassName");
  const value = className === "" ? 0 : around.priorityOf(className);
  const name = draft.metadata.name ?? "";
  if (value === undefined) throw forbidden(podRules, name, `no PriorityClass with name ${className} was found`);
  if (typeof own["priority"] === "number" && own["priority"] !== value) {
    const why = `the integer value of priority (${own["priority"]}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`;
    throw forbidden(podRules, name, why);
  }
  own["priority"] = value;
  own["preemptionPolicy"] ??= "PreemptLowerPriority";
  tolerateForAWhile(own);
}

function tolerateForAWhile(own: Record<string, unknown>): void {
  const tolerations = (own["tolerations"] ?? []) as readonly Toleration[];
  const added = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
    .filter(
      (key) => !tolerations.some((own) => (!own.key || own.key === key) && (!own.effect || own.effect === "NoExecute")),
    )
    .map((key) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 }));
  if (added.length > 0) own["tolerations"] = [...tolerations, ...added];
}

function prepareCreate(draft: Draft, around: Surroundings): void {
  const own = spec(draft);
  draft["status"] = { phase: "Pending", qosClass: qosClass(own) };
  if (objectsAt(own, "schedulingGates").length === 0) return;
  const message = "Scheduling is blocked due to non-empty scheduling gates";
  setCondition(draft, { type: "PodScheduled", status: "False", reason: "SchedulingGated", message }, around.now());
}

function prepareUpdate(draft: Draft, old: Stored): void {
  const own = spec(draft);
  for (const key of ["priority", "preemptionPolicy"]) own[key] ??= spec(old)[key];
  tolerateForAWhile(own);
}

function prepareStatus(draft: Draft, old: Stored): void {
  replaceField(draft.metadata, "ownerReferences", old.metadata.ownerReferences);
  const own = status(draft);
  draft["status"] = own;
  own["qosClass"] ||= status(old)["qosClass"];
}

/** As the server's own components set a condition of a pod: the time moves only with the status. */
export function setCondition(draft: Draft, condition: Readonly<Record<string, string>>, now: number): void {
  const own = status(draft);
  draft["status"] = own;
  const conditions = objectsAt(own, "conditions");
  const before = conditions.find((other) => other["type"] === condition["type"]);
  const moved = before === undefined || before["status"] !== condition["status"];
  const lastTransitionTime = moved ? toRfc3339(now) : before["lastTransitionTime"];
  const after = { lastProbeTime: null, ...condition, lastTransitionTime };
  own["conditions"] = before === undefined ? [...conditions, after] : conditions.map((c) => (c === before ? after : c));
}

function validate(draft: Draft, old: Stored | undefined): readonly Problem[] {
  return old === undefined ? checkContainers(draft) : checkUpdate(draft, old);
}

function checkContainers(draft: Draft): readonly Problem[] {
  const containers = objectsAt(spec(draft), "containers");
  if (containers.length === 0) return [requires("spec.containers", "")];
  const problems: Problem[] = [];
  containers.forEach((container, index) => {
    const path = `spec.containers[${index}]`;
    const name = textAt(container, "name");
    if (name === "") problems.push(requires(`${path}.name`, ""));
    if (textAt(container, "image") === "") problems.push(requires(`${path}.image`, ""));
    if (containers.findIndex((other) => textAt(other, "name") === name) < index) {
      problems.push({ path: `${path}.name`, value: name, message: "must be unique", reason: "FieldValueDuplicate" });
    }
  });
  return problems;
}

const IMMUTABLE =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`," +
  "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations)," +
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

function checkUpdate(draft: Draft, old: Stored): readonly Problem[] {
  const [now, before] = [spec(draft), spec(old)];
  const problems: Problem[] = [];
  const gates = objectsAt(before, "schedulingGates");
  if (objectsAt(now, "schedulingGates").some((gate) => !gates.some((known) => known["name"] === gate["name"]))) {
    problems.push(forbids("spec.schedulingGates", "only deletion is allowed"));
  }
  const tolerations = objectsAt(now, "tolerations").map(withoutSeconds);
  if (
    objectsAt(before, "tolerations").some((known) => !tolerations.some((own) => jsonEqual(own, withoutSeconds(known))))
  ) {
    problems.push(forbids("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds"));
  }
  if (!jsonEqual(fixedPart(now, gates.length > 0), fixedPart(before, gates.length > 0))) {
    problems.push(forbids("spec", IMMUTABLE));
  }
  const nodeName = textAt(before, "nodeName");
  if (nodeName !== "" && textAt(now, "nodeName") === "")
    problems.push(refuses("spec.nodeName", "", "field is immutable"));
  return problems;
}

function withoutSeconds(toleration: Record<string, unknown>): Record<string, unknown> {
  const { tolerationSeconds: _, ...rest } = toleration;
  return rest;
}

/** The spec without what may change. A gated pod may still be told where it may go. */
function fixedPart(own: Record<string, unknown>, gated: boolean): unknown {
  const fixed = copyJson(own) as Record<string, unknown>;
  const free = [
    "tolerations",
    "schedulingGates",
    "activeDeadlineSeconds",
    ...(gated ? ["nodeSelector", "affinity"] : []),
  ];
  for (const key of free) delete fixed[key];
  for (const container of [...objectsAt(fixed, "containers"), ...objectsAt(fixed, "initContainers")]) {
    delete container["image"];
  }
  return fixed;
}
