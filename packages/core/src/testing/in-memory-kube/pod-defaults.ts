// What the server fills into the spec of a pod or of a pod template.

import { objectAt, objectsAt, setDefault } from "./json.ts";
import { canonicalQuantities, canonicalResources } from "./canonical.ts";

export function defaultPodSpec(spec: Record<string, unknown>): void {
  setDefault(spec, "restartPolicy", "Always");
  setDefault(spec, "terminationGracePeriodSeconds", 30);
  setDefault(spec, "dnsPolicy", "ClusterFirst");
  setDefault(spec, "securityContext", {});
  setDefault(spec, "schedulerName", "default-scheduler");
  for (const container of [...objectsAt(spec, "containers"), ...objectsAt(spec, "initContainers")]) {
    defaultContainer(container);
  }
  for (const constraint of objectsAt(spec, "topologySpreadConstraints")) {
    if (constraint["nodeTaintsPolicy"] === null) delete constraint["nodeTaintsPolicy"];
  }
  canonicalQuantities(objectAt(spec, "overhead"));
  canonicalResources(spec);
}

function defaultContainer(container: Record<string, unknown>): void {
  setDefault(container, "terminationMessagePath", "/dev/termination-log");
  setDefault(container, "terminationMessagePolicy", "File");
  setDefault(container, "imagePullPolicy", pullPolicy(container["image"]));
  setDefault(container, "resources", {});
  for (const port of objectsAt(container, "ports")) setDefault(port, "protocol", "TCP");
  canonicalResources(container);
}

function pullPolicy(image: unknown): string {
  if (typeof image !== "string") return "IfNotPresent";
  const tag = /:([^/:@]+)(@|$)/.exec(image)?.[1];
  if (image.includes("@")) return "IfNotPresent";
  return tag === undefined || tag === "latest" ? "Always" : "IfNotPresent";
}

/** Guaranteed: every container limits cpu and memory to exactly what it requests; BestEffort: none asks for anything. */
export function qosClass(spec: Record<string, unknown>): string {
  const containers = [...objectsAt(spec, "containers"), ...objectsAt(spec, "initContainers")];
  const amounts = containers.map((container) => {
    const resources = objectAt(container, "resources");
    return { requests: objectAt(resources, "requests"), limits: objectAt(resources, "limits") };
  });
  const names = ["cpu", "memory"] as const;
  if (amounts.every(({ requests, limits }) => names.every((name) => !requests[name] && !limits[name])))
    return "BestEffort";
  const exact = amounts.every(({ requests, limits }) =>
    names.every((name) => limits[name] !== undefined && limits[name] === requests[name]),
  );
  return exact ? "Guaranteed" : "Burstable";
}
