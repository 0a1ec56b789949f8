// The order in which pods are tried: large ones first, old ones before young ones (S-313), spare capacity after all of them (S-208).

import type { Pod } from "../../api/index.ts";
import { compareText } from "../../units/index.ts";
import type { Resources } from "../../units/index.ts";
import { podKey } from "../pod-to-place.ts";
import { isBufferPod } from "../buffer-pods.ts";

interface Size {
  readonly cpu: number;
  readonly memory: number;
  readonly isSpare: boolean;
  readonly members: number[];
}

/** Indices of the pods in queue order. */
export function queueOrder(pods: readonly Pod[], requests: readonly Resources[]): Int32Array {
  const bySize = new Map<string, number[]>();
  const sizes: Size[] = [];
  for (const [index, each] of requests.entries()) {
    const cpu = each["cpu"] ?? 0;
    const memory = each["memory"] ?? 0;
    const pod = pods[index];
    const isSpare = pod !== undefined && isBufferPod(pod);
    const text = `${cpu}/${memory}/${isSpare}`;
    const members = bySize.get(text);
    if (members !== undefined) {
      members.push(index);
      continue;
    }
    const own = [index];
    bySize.set(text, own);
    sizes.push({ cpu, memory, isSpare, members: own });
  }
  sizes.sort((a, b) => Number(a.isSpare) - Number(b.isSpare) || b.cpu - a.cpu || b.memory - a.memory);
  for (const { members } of sizes) sortByAge(members, pods);
  return Int32Array.from(sizes.flatMap(({ members }) => members));
}

/** Most lists come in this order already. */
function sortByAge(members: number[], pods: readonly Pod[]): void {
  const compare = (a: number, b: number): number => compareAge(pods[a], pods[b]);
  for (let i = 1; i < members.length; i++) {
    if (compare(members[i - 1] ?? 0, members[i] ?? 0) > 0) {
      members.sort(compare);
      return;
    }
  }
}

function compareAge(a: Pod | undefined, b: Pod | undefined): number {
  const [created, than] = [a?.metadata.creationTimestamp ?? "", b?.metadata.creationTimestamp ?? ""];
  if (created !== than) return compareText(created, than);
  return (
    compareText(a?.metadata.uid ?? "", b?.metadata.uid ?? "") || compareText(a ? podKey(a) : "", b ? podKey(b) : "")
  );
}
