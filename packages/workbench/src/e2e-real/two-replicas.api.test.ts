// Two controller processes and one lease: one works, the other takes over, and whoever has lost the lease writes nothing any more.

import { NodeClaims } from "@karpenter-multicloud/core/api";
import { seconds } from "@karpenter-multicloud/core/units";
import { prepareControlPlane } from "@karpenter-multicloud/testkit/control-plane";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LIMIT_MS, PATIENCE } from "../real-cluster/patience.ts";
import { auditOf, type Outage } from "./audit-log.ts";
import type { ControllerProcess } from "./controller-process.ts";
import { Figures } from "./figures.ts";
import { Lateness } from "./lateness.ts";
import { CONTROLLER_USER } from "./rendered-chart.ts";
import { COMPONENTS, Stage } from "./stage.ts";

const OUTAGE = seconds(60);
/** Every write of a process is a line of its own. */
const TALKATIVE = { LOG_LEVEL: "debug" };
const isThere = await prepareControlPlane("two replicas on a real control plane", COMPONENTS, ["helm"]);

interface LogLine {
  readonly time: string;
  readonly message: string;
  readonly outcome?: string;
  readonly level: string;
}

describe.runIf(isThere)("two replicas on a real control plane", { timeout: LIMIT_MS }, () => {
  const figures = new Figures("e2e two replicas");
  const outages: Outage[] = [];
  const lateness = new Lateness();
  const over = new AbortController();
  let stage: Stage;
  let both: readonly ControllerProcess[];

  beforeAll(async () => {
    stage = await Stage.open({ env: TALKATIVE });
    both = [stage.controller, stage.replica];
    void lateness.watch(stage.clock, over.signal);
  }, LIMIT_MS);

  afterAll(async () => {
    over.abort(new Error("the test is over"));
    figures.note("endings", both.map(({ endings }) => endings.join("/")).join(" and "));
    figures.print();
    await stage.close("two-replicas");
  }, LIMIT_MS);

  const leader = (): ControllerProcess => {
    const found = both.filter(({ leading }) => leading);
    if (found.length !== 1) throw new Error(`${found.length} processes say that they lead`);
    return found[0] as ControllerProcess;
  };
  const otherThan = (one: ControllerProcess): ControllerProcess =>
    both.find((each) => each !== one) as ControllerProcess;
  const runs = (pods: number): Promise<boolean> =>
    stage.clock.until(async () => (await stage.running()) === pods, { timeout: PATIENCE });
  /** kwok is slow to run pods after an outage, and whether they run is its business. */
  const placed = async (): Promise<number> =>
    (await stage.pods()).filter(({ spec, metadata }) => spec.nodeName && !metadata.deletionTimestamp).length;
  const writes = (process: ControllerProcess, since = 0): readonly string[] =>
    process.log.filter((line) => {
      const { time, message, outcome } = parse(line);
      return message === "wrote" && outcome === "done" && Date.parse(time) >= since;
    });

  it("TC-65: exactly one of them works", async () => {
    for (const each of both) each.start();
    await Promise.race(both.map((each) => each.leads()));
    await stage.applyQuickStart();
    await stage.scale(5);
    expect(await runs(5)).toBe(true);
    expect(writes(leader()).length).toBeGreaterThan(5);
    expect(writes(otherThan(leader()))).toEqual([]);
  });

  it("TC-65: another process takes over when the leader is killed, and not before its lease has run out", async () => {
    const lateBefore = lateness.ms;
    await leader().kill();
    const { renewed } = await stage.leaseTimes();
    // What was killed is started again at once, and may be the one that gets the lease.
    await Promise.race(both.map((each) => each.leads()));
    const { acquired } = await stage.leaseTimes();
    const after = acquired - renewed;
    const late = lateness.ms - lateBefore;
    figures.note("takeover after the last renewal, seconds", (after / 1000).toFixed(1));
    figures.note("of which the machine was late by, seconds", (late / 1000).toFixed(1));
    expect(after).toBeGreaterThanOrEqual(seconds(15));
    // The other one looks every 2 to 4.4 seconds: so late it learns of the renewal, and so late that the lease has run out.
    expect(after - late).toBeLessThan(seconds(27));
  });

  it("TC-65, RT-37: a leader that is asked to stop hands over at once", async () => {
    const first = leader();
    const second = otherThan(first);
    const from = stage.clock.now();
    expect(await first.replace()).toBe(0);
    const [released, lateBefore] = [stage.clock.now(), lateness.ms];
    await Promise.race([second.leads(), first.leads()]);
    figures.note("stop of the leader, seconds", ((released - from) / 1000).toFixed(1));
    figures.note("takeover after a stop, seconds", ((stage.clock.now() - released) / 1000).toFixed(1));
    expect(stage.clock.now() - released - (lateness.ms - lateBefore)).toBeLessThan(seconds(10));
  });

  it("RT-36: a leader that was suspended finds the lease gone when it wakes, writes nothing and ends with 1", async () => {
    const first = leader();
    const second = otherThan(first);
    const endings = first.endings.length;
    first.freeze();
    // Work that it finds when it wakes; ordered before, an answer on its way would look like a write of afterwards.
    await stage.scale(14);
    await second.leads();
    const woken = stage.clock.now();
    first.thaw();
    expect(await stage.clock.until(() => first.endings.length > endings, { timeout: PATIENCE })).toBe(true);
    figures.note("end after waking, seconds", ((stage.clock.now() - woken) / 1000).toFixed(1));
    expect(first.endings.at(-1)).toBe(1);
    expect(await runs(14)).toBe(true);
    // An event may have been on its way when the process was stopped, and its answer is read after waking.
    expect(writes(first, woken).filter((line) => !line.includes('"subject":"Event '))).toEqual([]);
  });

  it("TC-66: a leader without its API server ends; when it is back every pod gets its place and no machine is bought twice", async () => {
    const endings = both.map((each) => each.endings.length);
    const first = leader();
    const index = both.indexOf(first);
    await stage.scale(28);
    await stage.clock.until(async () => (await stage.admin.list(NodeClaims)).items.length > 1, { timeout: PATIENCE });
    const from = stage.clock.now();
    await stage.plane.kill("kube-apiserver");
    const ended = (): boolean => first.endings.length > (endings[index] ?? 0);
    expect(await stage.clock.until(ended, { timeout: PATIENCE })).toBe(true);
    figures.note("end without API server, seconds", ((stage.clock.now() - from) / 1000).toFixed(1));
    expect(first.endings.at(-1)).toBe(1);
    await stage.clock.sleep(seconds(Math.max(0, (OUTAGE - (stage.clock.now() - from)) / 1000)));
    await stage.plane.restart("kube-apiserver");
    outages.push({ from, to: stage.clock.now() });
    expect(await stage.clock.until(async () => (await placed()) === 28, { timeout: PATIENCE })).toBe(true);
    figures.mark("28 pods have their place at");
    const claims = (await stage.admin.list(NodeClaims)).items;
    const machines = (await stage.cloud.state()).machines.map(({ id }) => id);
    expect(machines.length).toBe(claims.length);
    expect((await stage.cloud.invariants()).violations).toEqual([]);
  });

  it("TC-74: leaves nothing behind, and with the chart's rights it was refused nothing", async () => {
    await stage.scale(0);
    await stage.clock.until(async () => (await stage.leftovers()).length === 0, { timeout: PATIENCE });
    expect(await stage.leftovers()).toEqual([]);
    expect((await stage.cloud.invariants()).violations).toEqual([]);
    expect((await auditOf(stage.plane.auditLogPath, CONTROLLER_USER, outages)).denied).toEqual([]);
  });
});

function parse(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { time: "", message: "", level: "" };
  }
}
