// What a node class may say about the kubelet, as a schema; the same on every cloud whose machines we configure ourselves.

import { rule, shape, type Schema } from "../api/index.ts";
import type { KubeletSettings } from "./kubelet-settings.ts";

const { bool, integer, list, mapOf, object, text } = shape;

const RESERVABLE = ["cpu", "memory", "ephemeral-storage", "pid"];
const SIGNALS = [
  "memory.available",
  "nodefs.available",
  "nodefs.inodesFree",
  "imagefs.available",
  "imagefs.inodesFree",
  "pid.available",
];

type Texts = Readonly<Record<string, string>>;

/** Field `kubelet` of a node class. */
export function kubeletSchema(): Schema {
  return object(
    {
      maxPods: integer({ minimum: 1, maximum: 250, description: "Pods that a node takes." }),
      podsPerCore: integer({ minimum: 0, maximum: 250 }),
      kubeReserved: keyed(RESERVABLE, "kubeReserved", "Kept for the kubelet and the container runtime."),
      systemReserved: keyed(RESERVABLE, "systemReserved", "Kept for the operating system."),
      evictionHard: keyed(SIGNALS, "evictionHard", "Below this pods are evicted at once."),
      evictionSoft: keyed(SIGNALS, "evictionSoft", "Below this pods are evicted after a grace period."),
      evictionSoftGracePeriod: keyed(SIGNALS, "evictionSoftGracePeriod", "How long evictionSoft may last."),
      clusterDNS: list(text({ minLength: 1, maxLength: 45 }), { maxItems: 4 }),
      imageGCHighThresholdPercent: integer({ minimum: 0, maximum: 100 }),
      imageGCLowThresholdPercent: integer({ minimum: 0, maximum: 100 }),
      cpuCFSQuota: bool(),
      extraArgs: mapOf(text({ maxLength: 1024 }), {
        maxProperties: 30,
        description: "Further arguments of the kubelet, without the dashes.",
      }),
    },
    {
      description: "The kubelet's configuration. What is reserved here is subtracted when pods are planned.",
      rules: [
        rule<KubeletSettings>(
          "!has(self.evictionSoft) || (has(self.evictionSoftGracePeriod) && self.evictionSoft.all(k, k in self.evictionSoftGracePeriod))",
          {
            message: "every signal of evictionSoft needs a time in evictionSoftGracePeriod",
            check: ({ evictionSoft = {}, evictionSoftGracePeriod = {} }) =>
              Object.keys(evictionSoft).every((key) => key in evictionSoftGracePeriod),
          },
        ),
        rule<KubeletSettings>(
          "!has(self.imageGCHighThresholdPercent) || !has(self.imageGCLowThresholdPercent) || self.imageGCHighThresholdPercent > self.imageGCLowThresholdPercent",
          {
            message: "imageGCHighThresholdPercent must be above imageGCLowThresholdPercent",
            check: ({ imageGCHighThresholdPercent: high, imageGCLowThresholdPercent: low }) =>
              high === undefined || low === undefined || high > low,
          },
        ),
      ],
    },
  );
}

/** A map of texts that knows its keys. */
function keyed(keys: readonly string[], field: string, description: string): Schema {
  const listed = keys.map((key) => `'${key}'`).join(", ");
  return mapOf(text({ maxLength: 32 }), {
    description,
    maxProperties: keys.length,
    "x-kubernetes-validations": [
      rule<Texts>(`self.all(k, k in [${listed}])`, {
        message: `${field} knows the keys ${keys.join(", ")}`,
        check: (self) => Object.keys(self).every((key) => keys.includes(key)),
        locate: (self) => `[${Object.keys(self).find((key) => !keys.includes(key)) ?? ""}]`,
      }),
    ],
  });
}
