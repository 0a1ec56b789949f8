// What a round says: events, log lines, decision records.

import { afterEach, describe, expect, it } from "vitest";
import { Annotation, Label, NodePools, Pods, type Pod } from "../../api/index.ts";
import { anInstanceType, aNodePool, aPod, aProblem, pods } from "../../testing/builders/index.ts";
import { ControllerHarness, type HarnessOptions } from "../../testing/controller-harness.ts";
import { milliseconds } from "../../units/index.ts";
import { provisioningController } from "./controller.ts";
import { reportOutcome } from "./report.ts";

let harness: ControllerHarness;
afterEach(() => harness.stop());

async function started(
  pool: Parameters<typeof aNodePool>[0] = {},
  options: HarnessOptions = {},
  before: (here: ControllerHarness) => Promise<unknown> = async () => undefined,
): Promise<void> {
  harness = new ControllerHarness(options);
  await harness.put(NodePools, aNodePool(pool));
  await before(harness);
  await harness.start(provisioningController(harness.deps));
}

const lines = () => harness.logger.lines.filter(({ level }) => level === "info");
const field = (message: string, name: string) => harness.logger.find(message)?.fields[name];

const notTogether = (weight = 1): Partial<Pod["spec"]> => {
  const podAffinityTerm = { topologyKey: Label.Hostname, labelSelector: { matchLabels: { app: "web" } } };
  const preferred = [{ weight, podAffinityTerm }];
  return { affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } } };
};

describe("log lines of a round", () => {
  it("S-605: name five pods and the time, then the new claims, then what was asked for", async () => {
    const types = Array.from({ length: 7 }, (_, n) => anInstanceType({ name: `m.${n}`, cpu: String(n + 4) }));
    await started({}, { types });
    for (const pod of pods(6)) await harness.putPod(pod);
    await harness.pass(1000);
    expect(lines().map(({ message }) => message)).toEqual([
      "created nodeclaim",
      "found provisionable pod(s)",
      "computed new nodeclaim(s) to fit pod(s)",
    ]);
    expect(field("found provisionable pod(s)", "Pods")).toMatch(/^default\/web-0, (\S+, ){3}\S+ and 1 other\(s\)$/);
    expect(field("found provisionable pod(s)", "duration")).toBe("0s");
    expect(field("computed new nodeclaim(s) to fit pod(s)", "nodeclaims")).toBe(1);
    expect(field("computed new nodeclaim(s) to fit pod(s)", "pods")).toBe(6);
    expect(field("created nodeclaim", "instance-types")).toBe("m.0, m.1, m.2, m.3, m.4 and 2 other(s)");
  });

  it("S-605: nodes that are not ready yet are told of when there are new ones too", async () => {
    await started({}, {}, async (here) => {
      await here.putMachine("n1", {
        claim: { conditions: ["Launched"] },
        node: { labels: { [Label.Initialized]: "" } },
      });
    });
    await harness.putPod(aPod({ name: "small", requests: { cpu: "1" } }));
    await harness.pass(1000);
    expect(harness.logger.find("computed unready node(s) will fit pod(s)")).toBeUndefined();
    for (const name of ["a", "b"]) await harness.putPod(aPod({ name, requests: { cpu: "3" } }));
    await harness.pass(1500);
    const line = harness.logger.find("computed unready node(s) will fit pod(s)");
    expect([line?.fields["nodes"], line?.fields["pods"]]).toEqual([1, 2]);
  });

  it("S-609: preferences that keep nodes apart are told of once an hour per pod", async () => {
    await started();
    const said = () => lines().filter(({ message }) => message.includes("which can prevent consolidation"));
    await harness.putPod(aPod({ name: "huge-1", requests: { cpu: "64" }, spec: { ...notTogether() } }));
    await harness.putPod(
      aPod({
        name: "huge-2",
        nodeSelector: { [Label.Zone]: "nowhere" },
        spec: {
          topologySpreadConstraints: [
            { maxSkew: 1, topologyKey: Label.Zone, whenUnsatisfiable: "ScheduleAnyway", labelSelector: {} },
          ],
        },
      }),
    );
    await harness.pass(30 * 60_000);
    expect(said().map(({ message, fields }) => `${message}: ${String(fields["pods"])}`)).toEqual([
      "pod(s) have a preferred anti-affinity which can prevent consolidation: default/huge-1",
      "pod(s) have a preferred topology spread constraint which can prevent consolidation: default/huge-2",
    ]);
    await harness.pass(40 * 60_000);
    expect(said()).toHaveLength(4);
  });

  it("S-609: and not at all when preferences are ignored", async () => {
    await started({}, { settings: { preferencePolicy: "Ignore" } });
    await harness.putPod(aPod({ name: "web", spec: notTogether() }));
    await harness.pass(2000);
    expect(harness.logger.messages("info").join()).not.toContain("consolidation");
  });
});

describe("what a round tells of single pods and pools", () => {
  it("S-329: which preferences were given up to place a pod", async () => {
    await started();
    const wish = {
      weight: 1,
      preference: { matchExpressions: [{ key: Label.Zone, operator: "In", values: ["mars"] }] },
    };
    const affinity = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [wish] } };
    await harness.putPod(aPod({ name: "web", spec: { affinity } }));
    await harness.pass(1000);
    const record = harness.deps.decisions.list().find(({ verdict }) => verdict === "Relaxed");
    expect(record).toMatchObject({ controller: "provisioner", subject: "Pod default/web" });
    expect(record?.detail).toMatch(/^placed without preferred node affinity .*mars.* \(weight 1\)$/);
    expect(harness.logger.find("placed a pod without all its preferences")?.level).toBe("debug");
  });

  it("S-608: a NodePool without any type on offer says so, and says it differently when minValues is why", async () => {
    const said = () => harness.events.withReason("NoCompatibleInstanceTypes");
    await started({ requirements: [{ key: Label.Zone, operator: "In", values: ["mars"] }] });
    await harness.putPod(aPod({ name: "web" }));
    await harness.pass(1000);
    const [plain] = said();
    expect([plain?.type, plain?.object.metadata.name, plain?.dedupeFor]).toEqual(["Warning", "default", 60_000]);
    harness.stop();
    await started({ requirements: [{ key: Label.InstanceType, operator: "Exists", minValues: 9 }] });
    await harness.putPod(aPod({ name: "web" }));
    await harness.pass(1000);
    expect(said()[0]?.message).toContain("minValues");
    expect(plain?.message).not.toContain("minValues");
  });

  it("S-608: one that has types says nothing, whatever its pods ask for", async () => {
    await started();
    await harness.putPod(aPod({ name: "huge", requests: { cpu: "64" } }));
    await harness.pass(1000);
    expect(harness.events.withReason("NoCompatibleInstanceTypes")).toEqual([]);
  });

  it("S-208: spare capacity is neither promised a node nor spoken of, and real pods beside it are", async () => {
    await started({}, {}, (here) => here.putMachine("n1"));
    const annotations = { [Annotation.CapacityBufferFakePod]: "true" };
    await harness.putPod(aPod({ name: "spare", requests: { cpu: "1" }, annotations }));
    await harness.pass(2000);
    expect(harness.events.notes).toEqual([]);
    expect(harness.deps.state.nodeByName("n1")?.nominatedUntil).toBeUndefined();
    await harness.putPod(aPod({ name: "web", requests: { cpu: "1" } }));
    await harness.pass(2000);
    expect(harness.events.texts()).toEqual(["Normal Nominated Pod/web: Pod should schedule on: nodeclaim/n1, node/n1"]);
    expect(harness.deps.state.nodeByName("n1")?.nominatedUntil).toBeGreaterThan(0);
    await harness.putPod(aPod({ name: "spare-and-huge", requests: { cpu: "64" }, annotations }));
    await harness.pass(2000);
    expect(harness.events.withReason("FailedScheduling")).toEqual([]);
    expect((await harness.kube.list(Pods)).items).toHaveLength(3);
  });

  it("S-515, S-607: a pod that waits for reserved capacity has not failed", async () => {
    await started();
    const pod = await harness.putPod(aPod({ name: "web", status: { phase: "Pending" } }));
    await harness.pass(0);
    const solution = { newClaims: [], existing: [], failures: [], deferred: [pod], relaxed: [] };
    const problem = aProblem({ pods: [pod] });
    reportOutcome(harness.deps, { problem, solution, took: milliseconds(0), created: [] });
    expect([harness.events.notes, harness.deps.decisions.list()]).toEqual([[], []]);
    const line = harness.logger.find("deferring pod(s) until reserved capacity is free");
    expect([line?.level, line?.fields["Pods"]]).toEqual(["debug", "default/web"]);
  });

  it("S-606: the event counts once per pod, under a key of its UID", async () => {
    await started();
    for (const pod of pods(2)) await harness.putPod(pod);
    await harness.pass(1000);
    const uids = (await harness.kube.list(Pods)).items.map(({ metadata }) => metadata.uid);
    const keys = harness.events.withReason("Nominated").map(({ dedupeKey }) => dedupeKey);
    expect(keys).toEqual(uids.map((uid) => `Nominated/${uid}`));
  });
});
