import { beforeEach, describe, expect, it } from "vitest";
import { Annotation, NodeClaims, type NodeClaim } from "../api/index.ts";
import { ScaledClock } from "../runtime/index.ts";
import { aMirror, type MirrorFixture } from "../testing/mirror-fixture.ts";
import type { KubeClient } from "./client.ts";
import { createTimeScaledClient } from "./time-scaled-client.ts";

const FACTOR = 60;
const spec = { nodeClassRef: { group: "g.example.com", kind: "K", name: "n" }, requirements: [] };
const KEY = { name: "claim" };

let world: MirrorFixture;
let clock: ScaledClock;
let client: KubeClient;
let origin: number;

const instant = (at: number): string => new Date(at).toISOString().replace(".000Z", "Z");

beforeEach(async () => {
  world = aMirror();
  origin = world.clock.now();
  clock = new ScaledClock(world.clock, { factor: FACTOR, origin });
  client = createTimeScaledClient(world.kube, clock);
  await world.clock.advance(2_000);
  await client.create(NodeClaims, { metadata: KEY, spec });
});

describe("createTimeScaledClient", () => {
  it("shows the server's time stamps in our time, so that ages are what our clock says", async () => {
    await world.clock.advance(5_000);
    const claim = await client.get(NodeClaims, KEY);
    expect(clock.now() - Date.parse(claim.metadata.creationTimestamp ?? "")).toBe(5_000 * FACTOR);
    const [listed] = (await client.list(NodeClaims)).items;
    expect(listed).toEqual(claim);
  });

  it("writes our instants in the server's time, with the part of a second that they need, and reads them back unchanged", async () => {
    const ours = instant(origin + 90_000);
    const annotations = { [Annotation.TerminationTimestamp]: ours, note: `not before ${ours}` };
    await client.patch(NodeClaims, KEY, { type: "merge", body: { metadata: { annotations } } });
    const stored = await world.kube.get(NodeClaims, KEY);
    expect(stored.metadata.annotations?.[Annotation.TerminationTimestamp]).toBe(instant(origin + 1_500));
    expect(stored.metadata.annotations?.["note"]).toBe(`not before ${ours}`);
    expect((await client.get(NodeClaims, KEY)).metadata.annotations).toEqual(annotations);
  });

  it("writes the status, and tells of changes, in the same way", async () => {
    const abort = new AbortController();
    const { resourceVersion } = await client.list(NodeClaims);
    const changes = client.watch(NodeClaims, { resourceVersion, signal: abort.signal })[Symbol.asyncIterator]();
    const next = changes.next();
    const lastPodEventTime = instant(origin + 180_000);
    await client.patchStatus(NodeClaims, KEY, { type: "merge", body: { status: { lastPodEventTime } } });
    expect((await world.kube.get<NodeClaim>(NodeClaims, KEY)).status?.lastPodEventTime).toBe(instant(origin + 3_000));
    expect((await next).value).toMatchObject({ type: "MODIFIED", object: { status: { lastPodEventTime } } });
    abort.abort(new Error("the test is over"));
    await changes.next().catch(() => undefined);
  });
});
