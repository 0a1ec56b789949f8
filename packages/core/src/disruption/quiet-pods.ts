// Which pods of a NodePool's nodes come and go without starting consolidateAfter anew, because the NodePool says so (DX-25).

import { Annotation, LabelSelectorError, parseLabelSelector, type NodePool, type Pod } from "../api/index.ts";
import { isOwnedByJob } from "./pods.ts";

type PodTest = (pod: Pod) => boolean;

/** What cannot be read makes no pod quiet: a timer that runs too long only costs money. */
export function isQuietPod(pod: Pod, pool: NodePool | undefined): boolean {
  const read = pool && readAnnotations(pool);
  return read !== undefined && "tests" in read && read.tests.some((test) => test(pod));
}

/** What is wrong with the annotations, for people. Undefined: nothing is. */
export function quietPodsMistake(pool: NodePool): string | undefined {
  const read = readAnnotations(pool);
  return "mistake" in read ? read.mistake : undefined;
}

type Read = { readonly tests: readonly PodTest[] } | { readonly mistake: string };

/** A NodePool as the mirror shows it never changes: thousands of pods are judged by what is read of it once. */
const known = new WeakMap<NodePool, Read>();

function readAnnotations(pool: NodePool): Read {
  const read = known.get(pool) ?? parseAnnotations(pool);
  known.set(pool, read);
  return read;
}

function parseAnnotations({ metadata: { annotations } }: NodePool): Read {
  const tests: PodTest[] = [];
  const jobs = annotations?.[Annotation.QuietJobs] ?? "false";
  if (jobs !== "true" && jobs !== "false") {
    return { mistake: `${Annotation.QuietJobs} ${JSON.stringify(jobs)} is neither true nor false` };
  }
  if (jobs === "true") tests.push(isOwnedByJob);
  const selector = annotations?.[Annotation.QuietPods];
  if (selector === undefined) return { tests };
  // To the API server it would select every pod; that is rather a value that got lost.
  if (selector.trim() === "") return { mistake: `${Annotation.QuietPods} is empty` };
  try {
    const selects = parseLabelSelector(selector);
    tests.push(({ metadata }) => selects(metadata.labels ?? {}));
    return { tests };
  } catch (error) {
    if (!(error instanceof LabelSelectorError)) throw error;
    return { mistake: `${Annotation.QuietPods} ${JSON.stringify(selector)} is no label selector: ${error.message}` };
  }
}
