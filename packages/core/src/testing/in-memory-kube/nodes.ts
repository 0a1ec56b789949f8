// Rules of Nodes.

import { hasTaint, isQualifiedName, Nodes, type Taint, type TaintEffect } from "../../api/index.ts";
import { forbids, refuses, requires, type Problem } from "./answers.ts";
import { canonicalQuantities, canonicalTimes } from "./canonical.ts";
import { objectAt, objectsAt, setDefault, textAt, type Draft, type Stored } from "./json.ts";
import { kindRules } from "./kind-rules.ts";

const NOT_READY: Taint = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" };
const EFFECTS: ReadonlySet<TaintEffect> = new Set(["NoSchedule", "PreferNoSchedule", "NoExecute"] as const);
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

export const nodeRules = kindRules(Nodes, {
  status: true,
  fields: {
    "spec.unschedulable": (node) => String(objectAt(node, "spec")["unschedulable"] === true),
  },
  decode,
  admit: taintNotReady,
  validate,
});

const NODE_INFO = [
  "architecture",
  "bootID",
  "containerRuntimeVersion",
  "kernelVersion",
  "kubeProxyVersion",
  "kubeletVersion",
  "machineID",
  "operatingSystem",
  "osImage",
  "systemUUID",
];

function decode(draft: Draft): void {
  canonicalTimes(draft["status"]);
  canonicalTimes(draft["spec"]);
  dropEmpty(draft);
  const status = objectAt(draft, "status");
  draft["status"] = status;
  setDefault(status, "daemonEndpoints", { kubeletEndpoint: { Port: 0 } });
  status["nodeInfo"] = { ...Object.fromEntries(NODE_INFO.map((key) => [key, ""])), ...objectAt(status, "nodeInfo") };
  for (const condition of objectsAt(status, "conditions")) {
    setDefault(condition, "lastHeartbeatTime", null);
    setDefault(condition, "lastTransitionTime", null);
  }
  canonicalQuantities(objectAt(status, "capacity"));
  canonicalQuantities(objectAt(status, "allocatable"));
  if (status["allocatable"] === undefined && status["capacity"] !== undefined) {
    status["allocatable"] = { ...objectAt(status, "capacity") };
  }
}

/** Empty values are not written, so that setting one is no change. */
function dropEmpty(draft: Draft): void {
  const spec = objectAt(draft, "spec");
  draft["spec"] = spec;
  for (const key of ["providerID", "unschedulable", "podCIDR"]) if (!spec[key]) delete spec[key];
  const taints = objectsAt(spec, "taints");
  for (const taint of taints) if (!taint["value"]) delete taint["value"];
  if (taints.length === 0) delete spec["taints"];
}

/** A new Node is not ready until somebody has seen that it is: the admission plug-in TaintNodesByCondition. */
function taintNotReady(draft: Draft): void {
  const spec = objectAt(draft, "spec");
  const taints = (spec["taints"] as readonly Taint[] | undefined) ?? [];
  spec["taints"] = hasTaint(taints, NOT_READY) ? taints : [...taints, { ...NOT_READY }];
  draft["spec"] = spec;
}

function validate(draft: Draft, old: Stored | undefined): readonly Problem[] {
  const spec = objectAt(draft, "spec");
  const problems = checkTaints((spec["taints"] as readonly Taint[] | undefined) ?? []);
  const before = textAt(objectAt(old, "spec"), "providerID");
  if (before !== "" && before !== textAt(spec, "providerID")) {
    problems.push(forbids("spec.providerID", 'node updates may not change providerID except from "" to valid'));
  }
  return problems;
}

function checkTaints(taints: readonly Taint[]): Problem[] {
  const problems: Problem[] = [];
  taints.forEach((taint, index) => {
    const path = `metadata.taints[${index}]`;
    if (!isQualifiedName(taint.key))
      problems.push(refuses(`${path}.key`, taint.key, "a valid label key must be a qualified name"));
    const value = taint.value ?? "";
    if (!LABEL_VALUE.test(value) || value.length > 63) {
      problems.push(
        refuses(`${path}.value`, value, "a valid label value must be alphanumeric with '-', '_' or '.' inside"),
      );
    }
    if (!taint.effect) problems.push(requires(`${path}.effect`, ""));
    else if (!EFFECTS.has(taint.effect))
      problems.push(
        refuses(`${path}.effect`, taint.effect, "supported values: NoExecute, NoSchedule, PreferNoSchedule"),
      );
    if (hasTaint(taints.slice(0, index), taint)) {
      const message = "taints must be unique by key and effect pair";
      problems.push({ path, value: taint, message, reason: "FieldValueDuplicate" });
    }
  });
  return problems;
}
