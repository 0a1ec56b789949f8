// The controllers may die at any await: cluster and cloud live on, the next life finishes the job, and nothing is bought twice.

import "reflect-metadata";
import { errorText } from "@karpenter-multicloud/core/telemetry";
import { milliseconds, seconds, type Duration } from "@karpenter-multicloud/core/units";
import { seededRandom } from "@karpenter-multicloud/simulator";
import { choosePoints, nameCallsByRequest, type CrashPoint } from "@karpenter-multicloud/testkit";
import { afterAll, describe, expect, it } from "vitest";
import { ovhCloud } from "../demo/clouds/ovh.ts";
import { simulatedCloud } from "../demo/clouds/simulated.ts";
import type { CloudOpener } from "../demo/demo-cloud.ts";
import { runWithCrashes, type CrashReport } from "./crash-run.ts";
import { CrashTable, pointText } from "./crash-table.ts";
import type { Crash } from "./lives.ts";

const SEED = 20_260_101;
/** At most: a call that is made once may be chosen for two. */
const SINGLE_RUNS = 28;
const TRIPLE_RUNS = 4;
const CLOUDS: readonly { readonly name: string; readonly open: () => CloudOpener }[] = [
  { name: "ovh", open: () => ovhCloud() },
  { name: "simulated", open: () => simulatedCloud() },
];

const stopNaming = nameCallsByRequest();
const table = new CrashTable();
afterAll(() => {
  stopNaming();
  process.stdout.write(table.toString());
});

for (const { name, open } of CLOUDS) {
  const undisturbed = await runWithCrashes(open(), []);
  const points = undisturbed.lastLife;
  const random = seededRandom(SEED);
  const singles = choosePoints(points, SINGLE_RUNS, random);
  const triples = Array.from({ length: TRIPLE_RUNS }, () => [0.4, 0.15, 0.15].map((share) => within(share)));

  /** Some point of the first part of the run. */
  function within(share: number): CrashPoint {
    const point = points[Math.floor(random() * share * points.length)];
    if (point === undefined) throw new RangeError("the undisturbed run has no points");
    return point;
  }

  async function expectRecovery(planned: readonly CrashPoint[], downFor: Duration): Promise<void> {
    const crashes: readonly Crash[] = planned.map(({ number }) => ({ point: number, downFor }));
    const report = await runWithCrashes(open(), crashes);
    table.add(name, planned[0], report);
    expect(problemsOf(report)).toEqual([]);
    expect(report.deaths.map(({ number }) => number)).toEqual(planned.map(({ number }) => number));
  }

  describe(`the quick start on ${name}, ${points.length} crash points, seed ${SEED}`, () => {
    it("comes to rest undisturbed", () => {
      expect(problemsOf(undisturbed)).toEqual([]);
      expect(points.length).toBeGreaterThan(1000);
      expect(singles.length).toBeGreaterThanOrEqual(20);
    });

    for (const [index, point] of singles.entries()) {
      const downFor = downtime(index);
      it(`recovers from a crash at ${pointText(point)}, down for ${downFor / 1000} s`, () =>
        expectRecovery([point], downFor));
    }

    for (const [index, planned] of triples.entries()) {
      const downFor = downtime(index);
      const [first, ...next] = planned.map(({ number }) => `#${number}`);
      it(`recovers from a crash at ${first} and at ${next.join(" and ")} of the next lives, down for ${downFor / 1000} s each`, () =>
        expectRecovery(planned, downFor));
    }
  });
}

describe("a pool that MKS does not list at once", () => {
  it("is not ordered a second time by the next life", async () => {
    const slow = (): CloudOpener => ovhCloud({ switches: { poolInvisibleSeconds: 60 } });
    const { lastLife } = await runWithCrashes(slow(), []);
    const ordered = lastLife.filter(({ moment, call }) => moment === "after" && call.startsWith("POST "));
    expect(ordered.length).toBeGreaterThan(1);
    for (const point of ordered) {
      const report = await runWithCrashes(slow(), [{ point: point.number, downFor: seconds(1) }]);
      table.add("ovh, slow", point, report);
      expect(problemsOf(report)).toEqual([]);
    }
  });
});

describe("this suite", () => {
  it("notices a cloud that does not remember for which NodeClaim a machine was bought", async () => {
    const forgetful = (): CloudOpener => simulatedCloud((cloud) => void (cloud.ofClaim = () => undefined));
    const { lastLife } = await runWithCrashes(forgetful(), []);
    // The first one shows the claim's conditions, the second one its machine.
    const written = lastLife.filter(
      ({ moment, call }) => moment === "before" && call.startsWith("patchStatus NodeClaim"),
    );
    const stored = written.find(({ call }, index) => written.findIndex((other) => other.call === call) < index);
    const report = await runWithCrashes(forgetful(), [{ point: stored?.number ?? 0, downFor: seconds(1) }]);
    expect(problemsOf(report).join("\n")).toContain("two machines for the NodeClaim");
  });
});

/** Everything a crash must not leave behind; empty when the run was as good as an undisturbed one. */
function problemsOf(report: CrashReport): readonly string[] {
  const { stuckAt, leftovers, complaints, log, claimsEver, machinesEver } = report;
  return [
    ...(stuckAt === undefined ? [] : [`not converged: ${stuckAt}`]),
    ...leftovers,
    ...complaints,
    ...(machinesEver > claimsEver ? [`${machinesEver} machines were bought for ${claimsEver} NodeClaims`] : []),
    ...log
      .filter(({ level }) => level === "error" || level === "warn")
      .map(({ level, message, fields }) => `${level}: ${message} ${errorText(fields["error"])}`),
  ];
}

/** Fewer virtual seconds than anybody notices, one, and more than a lease lasts. */
function downtime(index: number): Duration {
  return [milliseconds(0), seconds(1), seconds(20)][index % 3] ?? seconds(1);
}
