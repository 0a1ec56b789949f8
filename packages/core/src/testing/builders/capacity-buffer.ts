// CapacityBuffers for tests, and what they name.

import type {
  CapacityBuffer,
  CapacityBufferSpec,
  Deployment,
  PodTemplate,
  PodTemplateObject,
} from "../../api/index.ts";
import { aPod } from "./pod.ts";

/** The key of a buffer that is not named otherwise. */
export const BUFFER_KEY = { namespace: "default", name: "headroom" } as const;

export function aBuffer(spec: CapacityBufferSpec = {}, name: string = BUFFER_KEY.name): CapacityBuffer {
  return {
    apiVersion: "autoscaling.x-k8s.io/v1beta1",
    kind: "CapacityBuffer",
    metadata: { namespace: BUFFER_KEY.namespace, name },
    spec,
  };
}

/** Of pods that ask for so much. */
function templateOf(cpu: string): PodTemplate {
  const { spec } = aPod({ requests: { cpu } });
  const containers = spec.containers.map((container) => ({ ...container, image: "example.com/app:1" }));
  return { metadata: { labels: { app: "web" } }, spec: { ...spec, containers } };
}

export function aPodTemplate(cpu = "1", name = "web"): PodTemplateObject {
  return {
    apiVersion: "v1",
    kind: "PodTemplate",
    metadata: { namespace: BUFFER_KEY.namespace, name },
    template: templateOf(cpu),
  };
}

/** Also a StatefulSet or ReplicaSet, as far as a buffer reads them. */
export function aWorkload(replicas: number, kind = "Deployment", cpu = "1"): Deployment {
  const selector = { matchLabels: { app: "web" } };
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { namespace: BUFFER_KEY.namespace, name: "web" },
    spec: { replicas, selector, template: templateOf(cpu) },
  };
}
