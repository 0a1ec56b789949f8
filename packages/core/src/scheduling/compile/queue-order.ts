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

/** Indices of the pods in queue order. `vectorOf`: by pod, equal numbers for equal requests. */
export function queueOrder(
  pods: readonly Pod[],
  requests: readonly Resources[],
  vectorOf: readonly number[],
): Int32Array {
  const byVector: (number[] | undefined)[] = [];
  const bySize = new Map<string, number[]>();
  const sizes: Size[] = [];
  for (let index = 0; index < requests.length; index++) {
    const pod = pods[index];
    const isSpare = pod !== undefined && isBufferPod(pod);
    const number = (vectorOf[index] ?? 0) * 2 + Number(isSpare);
    const members = byVector[number] ?? membersOf(requests[index] ?? {}, isSpare);
    byVector[number] = members;
    members.push(index);
  }
  sizes.sort((a, b) => Number(a.isSpare) - Number(b.isSpare) || b.cpu - a.cpu || b.memory - a.memory);
  for (const { members } of sizes) sortByAge(members, pods);
  return Int32Array.from(sizes.flatMap(({ members }) => members));

  function membersOf({ cpu = 0, memory = 0 }: Resources, isSpare: boolean): number[] {
    const text = `${cpu}/${memory}/${isSpare}`;
    const known = bySize.get(text);
    if (known !== undefined) return known;
    const members: number[] = [];
    bySize.set(text, members);
    sizes.push({ cpu, memory, isSpare, members });
    return members;
  }
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
