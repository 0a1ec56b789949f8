// scaleway.podnotices: tells the owner of a waiting pod what its instance type under the older key means, when that is why it waits (W-21, T-03 to T-06).

import { Label, Nodes, Pods } from "@karpenter-multicloud/core/api";
import type { Node, Pod } from "@karpenter-multicloud/core/api";
import type { EventRecorder, KubeCache } from "@karpenter-multicloud/core/kube";
import { onChange } from "@karpenter-multicloud/core/runtime";
import type { Controller } from "@karpenter-multicloud/core/runtime";
import { minutes } from "@karpenter-multicloud/core/units";

import { LEGACY_INSTANCE_TYPE } from "../api/labels.ts";
import { inCoreWords } from "../client/failure-kind.ts";
import { spellingsOf } from "./spelled-alias.ts";
import { SOLD_BY_NO_ONE, typeMeant } from "./aliases.ts";

const LOOK_AGAIN = minutes(5);
const TELL_AGAIN = minutes(10);

export interface PodNoticesParts {
  readonly cache: KubeCache;
  readonly events: EventRecorder;
  readonly aliases: Readonly<Record<string, string>>;
  /** What every class together offers, and where it looked. */
  readonly offered: (
    signal: AbortSignal,
  ) => Promise<{ readonly types: ReadonlySet<string>; readonly zones: readonly string[] }>;
}

export function podNoticesController({ cache, events, aliases, offered }: PodNoticesParts): Controller {
  const pods = cache.informer(Pods);
  const nodes = cache.informer(Nodes);
  const tell = (object: Pod, reason: string, message: string): void =>
    events.publish({ resource: Pods, object, type: "Warning", reason, message, dedupeFor: TELL_AGAIN });
  return {
    name: "scaleway.podnotices",
    triggers: [
      onChange(Pods, ({ after }) =>
        after && isAsking(after) ? [`${after.metadata.namespace}/${after.metadata.name}`] : [],
      ),
    ],
    concurrency: 1,
    async reconcile(key, { signal }) {
      const [namespace = "", name = ""] = key.split("/");
      const pod = pods.get({ namespace, name });
      if (pod === undefined || !isAsking(pod)) return undefined;
      const { types, zones } = await inCoreWords("looking up what a pod asks for", () => offered(signal));
      for (const written of spellingsOf(pod)) {
        const type = typeMeant(aliases, written);
        if (types.has(type)) {
          const mismatch = mismatchOf(written, type, nodes.list());
          if (mismatch !== undefined) tell(pod, "AliasMismatch", mismatch);
        } else if (zones.length > 0) {
          const message = `instance type ${type} is not offered: no offering in ${zones.join(", ")}`;
          tell(pod, "InstanceTypeNotOffered", message);
        }
      }
      return { requeueAfter: LOOK_AGAIN };
    },
  };
}

/** kube-scheduler compares the very text. */
function mismatchOf(written: string, type: string, nodes: readonly Node[]): string | undefined {
  if (SOLD_BY_NO_ONE.has(written.toLowerCase())) {
    return `${written} is no type that Scaleway sells: ${type} is taken for it`;
  }
  const carriedBy = ({ metadata }: Node): string | undefined => metadata.labels?.[LEGACY_INSTANCE_TYPE];
  const other = nodes.find((node) => {
    const carried = carriedBy(node);
    return node.metadata.labels?.[Label.InstanceType] === type && carried !== undefined && carried !== written;
  });
  if (other === undefined) return undefined;
  const where = `node ${other.metadata.name ?? ""} of ${type} carries ${LEGACY_INSTANCE_TYPE}=${carriedBy(other) ?? ""}`;
  return `${where}, and this pod writes ${written}: it can only run on another node`;
}

function isAsking(pod: Pod): boolean {
  const { metadata, spec, status } = pod;
  const waits =
    !spec.nodeName && metadata.deletionTimestamp === undefined && (status?.phase ?? "Pending") === "Pending";
  return waits && spellingsOf(pod).length > 0;
}
