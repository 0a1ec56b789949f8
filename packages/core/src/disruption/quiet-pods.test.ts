import { describe, expect, it } from "vitest";
import { Annotation, type NodePool } from "../api/index.ts";
import { aNodePool, aPod } from "../testing/builders/index.ts";
import { isQuietPod, quietPodsMistake } from "./quiet-pods.ts";

const PODS = Annotation.QuietPods;
const JOBS = Annotation.QuietJobs;

function poolWith(annotations: Readonly<Record<string, string>>): NodePool {
  const pool = aNodePool();
  return { ...pool, metadata: { ...pool.metadata, annotations } };
}

const ci = aPod({ labels: { app: "ci" } });
const web = aPod({ labels: { app: "web" } });
const job = aPod({ owner: { apiVersion: "batch/v1", kind: "Job" } });
const foreignJob = aPod({ owner: { apiVersion: "batch.volcano.sh/v1alpha1", kind: "Job" } });

function quiet(annotations: Readonly<Record<string, string>>): readonly boolean[] {
  return [ci, web, job, foreignJob].map((pod) => isQuietPod(pod, poolWith(annotations)));
}

describe("quiet pods, DX-25", () => {
  it.each([
    [{}, [false, false, false, false]],
    [{ [PODS]: "app=ci" }, [true, false, false, false]],
    [{ [PODS]: "app" }, [true, true, false, false]],
    [{ [JOBS]: "true" }, [false, false, true, false]],
    [{ [JOBS]: "false" }, [false, false, false, false]],
    [{ [PODS]: "app notin (web),app", [JOBS]: "true" }, [true, false, true, false]],
  ])("%j: a CI pod, a web pod, one of a Job, one of something else called Job: %j", (annotations, expected) => {
    expect(quiet(annotations)).toEqual(expected);
    expect(quietPodsMistake(poolWith(annotations))).toBeUndefined();
  });

  it.each([
    [{ [PODS]: "app in (ci", [JOBS]: "true" }, "is no label selector: unable to parse requirement"],
    [{ [PODS]: "app=ci,", [JOBS]: "true" }, "is no label selector: unable to parse requirement"],
    [{ [PODS]: "app=ci", [JOBS]: "yes" }, `${JOBS} "yes" is neither true nor false`],
    [{ [PODS]: " ", [JOBS]: "true" }, `${PODS} is empty`],
  ])("%j makes no pod quiet, and is named", (annotations, mistake) => {
    expect(quiet(annotations)).toEqual([false, false, false, false]);
    expect(quietPodsMistake(poolWith(annotations))).toContain(mistake);
  });

  it("what a NodePool says is read once, however many pods are judged by it", () => {
    let reads = 0;
    const pool = aNodePool();
    const counting: NodePool = {
      ...pool,
      metadata: {
        ...pool.metadata,
        get annotations() {
          reads++;
          return { [PODS]: "app=ci" };
        },
      },
    };
    const judged = Array.from({ length: 100 }, () => isQuietPod(ci, counting) && !isQuietPod(web, counting));
    expect([judged.every(Boolean), reads]).toEqual([true, 1]);
  });

  it("a pod of an unknown NodePool counts", () => {
    expect(isQuietPod(job, undefined)).toBe(false);
  });
});
