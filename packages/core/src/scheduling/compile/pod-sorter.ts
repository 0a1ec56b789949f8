// Sorts pods into shapes and request vectors while reading each different one only once (S-1003).

import type { OwnerReference, Pod, PodSpec } from "../../api/index.ts";
import { QuantityError } from "../../units/index.ts";
import type { Resources } from "../../units/index.ts";
import { hostPortsOf } from "../host-ports.ts";
import { unsupportedNeed, usesDevices } from "../not-supported.ts";
import type { UnsupportedNeed } from "../not-supported.ts";
import { optsOutOfNodePools } from "../pod-validity.ts";
import { isMoving } from "../pod-to-place.ts";
import type { PodDraft, PodReading } from "../pod-to-place.ts";
import type { ProblemInput } from "../problem.ts";
import { invalidity, tryRead } from "../read-pod.ts";
import type { VolumeBook } from "../volumes/volume-book.ts";
import { RequestReader } from "./known-requests.ts";
import type { LabelKeys } from "./label-keys.ts";
import type { RefusedPod } from "./problem.ts";
import { STRIDE } from "./steps.ts";
import type { Steps } from "./steps.ts";

export interface SortedPods {
  readonly drafts: readonly PodDraft[];
  readonly pods: readonly Pod[];
  /** By pod: index of its draft. */
  readonly shapes: readonly number[];
  readonly requests: readonly Resources[];
  readonly refused: readonly RefusedPod[];
}

export interface SortingRules {
  readonly input: ProblemInput;
  readonly labelKeys: LabelKeys;
  readonly volumes: VolumeBook;
  readonly reading: PodReading;
}

/** `aside`: the pod wants no capacity of ours and takes no part. */
type Verdict = { readonly shape: number } | { readonly need: UnsupportedNeed } | { readonly aside: true };

/** Pauses now and then. */
export function* sortPods(rules: SortingRules): Steps<SortedPods> {
  const verdicts = new Map<string, Verdict>();
  const drafts: PodDraft[] = [];
  const pods: Pod[] = [];
  const shapes: number[] = [];
  const requests: Resources[] = [];
  const refused: RefusedPod[] = [];
  const reader = new RequestReader();
  const constraintNumbers = new Map<string, number>();
  for (let index = 0; index < rules.input.pods.length; index++) {
    if (index % STRIDE === STRIDE - 1) yield;
    const pod = rules.input.pods[index];
    if (pod === undefined) continue;
    const text = shapeText(pod, numberOf(constraintNumbers, constraintText(pod.spec)), rules);
    let verdict = verdicts.get(text);
    if (verdict === undefined) {
      verdict = judge(pod, rules, { drafts, reader });
      verdicts.set(text, verdict);
    }
    const read = "shape" in verdict ? tryRequests(pod, reader) : undefined;
    if ("need" in verdict) refused.push({ pod, need: verdict.need });
    else if (read && "need" in read) refused.push({ pod, need: read.need });
    else if (read && "shape" in verdict) {
      pods.push(pod);
      shapes.push(verdict.shape);
      requests.push(read.requests);
    }
  }
  return { drafts, pods, shapes, requests, refused };
}

interface Found {
  readonly drafts: PodDraft[];
  readonly reader: RequestReader;
}

function judge(pod: Pod, { input, volumes, reading }: SortingRules, { drafts, reader }: Found): Verdict {
  if (optsOutOfNodePools(pod)) return { aside: true };
  const need = invalidity(pod, input) ?? unsupportedNeed(pod);
  if (need !== undefined) return { need };
  // Requests are each pod's own affair, so a bad one must not spoil the shape.
  const example = "need" in tryRequests(pod, reader) ? withoutRequests(pod) : pod;
  const read = tryRead(example, volumes, reading);
  return "reason" in read ? { need: read } : { shape: drafts.push(read) - 1 };
}

function withoutRequests({ spec, ...pod }: Pod): Pod {
  const containers = spec.containers.map((container) => ({ ...container, resources: {} }));
  const initContainers = (spec.initContainers ?? []).map((container) => ({ ...container, resources: {} }));
  return { ...pod, spec: { ...spec, containers, initContainers, resources: {}, overhead: {} } };
}

function tryRequests(
  pod: Pod,
  reader: RequestReader,
): { readonly requests: Resources } | { readonly need: UnsupportedNeed } {
  try {
    return { requests: reader.of(pod) };
  } catch (error) {
    if (!(error instanceof QuantityError || error instanceof RangeError)) throw error;
    return { need: { reason: "InvalidPod", detail: error.message } };
  }
}

/** Equal for pods that differ only in what they request, and in labels nobody asks about. */
function shapeText(pod: Pod, constraint: number, { labelKeys, input }: SortingRules): string {
  const text = `${constraint}#${labelKeys.textOf(pod)}`;
  if (pod.spec.volumes === undefined && input.movingPods === undefined && input.defaultSpread === undefined)
    return text;
  const hasOwnVolumes = pod.spec.volumes?.some((volume) => volume["ephemeral"]) ?? false;
  const name = hasOwnVolumes ? (pod.metadata.name ?? "") : "";
  const moving = isMoving(pod, input.movingPods) ? "moving" : "";
  const owner = input.defaultSpread && controllerOf(pod);
  return `${text}#${moving}#${name}#${owner?.kind ?? ""}/${owner?.name ?? ""}/${owner?.uid ?? ""}`;
}

const constraints = new WeakMap<PodSpec, string>();

/** What of a pod's spec decides where it may go, requests excepted. Read once per object: objects never change. */
export function constraintText(spec: PodSpec): string {
  const known = constraints.get(spec);
  if (known !== undefined) return known;
  const { nodeSelector, affinity, tolerations, topologySpreadConstraints, volumes } = spec;
  const claims = volumes?.filter((volume) => volume["persistentVolumeClaim"] || volume["ephemeral"]);
  const ports = mentionsPorts(spec) ? hostPortsOf({ spec }) : [];
  const parts = [
    nodeSelector,
    affinity,
    tolerations?.length ? tolerations : undefined,
    topologySpreadConstraints,
    // Claims of a pod that runs are judged more mildly than those of one that has yet to start.
    claims?.length ? [Boolean(spec.nodeName), claims] : undefined,
    ports.length > 0 ? ports : undefined,
    usesDevices(spec) || undefined,
  ];
  const text = parts.every((part) => part === undefined) ? "" : JSON.stringify(parts);
  constraints.set(spec, text);
  return text;
}

/** Cheaper than to list them. */
function mentionsPorts({ containers, initContainers }: PodSpec): boolean {
  if (initContainers !== undefined) return true;
  for (const { ports } of containers) if (ports !== undefined) return true;
  return false;
}

function numberOf(numbers: Map<string, number>, text: string): number {
  const known = numbers.get(text);
  if (known !== undefined) return known;
  numbers.set(text, numbers.size);
  return numbers.size - 1;
}

function controllerOf({ metadata }: Pod): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller);
}
