import { describe, expect, it } from "vitest";

import { NodePools, Pods } from "../api/index.ts";
import type { KubeEvent, KubeObject, Pod } from "../api/index.ts";
import { ObserveOnly } from "../runtime/index.ts";
import { PromMetrics } from "../telemetry/index.ts";
import { FakeClock, MemoryLogger } from "../testing/index.ts";
import { minutes, seconds } from "../units/index.ts";
import type { KubeClient } from "./client.ts";
import { KubeError } from "./errors.ts";
import { KubeEventRecorder } from "./events.ts";
import type { EventNote } from "./event-recorder.ts";

/** An API server for events only. */
class EventStore implements Pick<KubeClient, "create" | "patch"> {
  readonly events = new Map<string, KubeEvent>();
  calls = 0;
  failure: Error | undefined;
  /** While set, calls wait for it. */
  blocked: Promise<void> | undefined;

  async create<T extends KubeObject>(_resource: unknown, object: T): Promise<T> {
    await this.#call();
    const { namespace = "", name = "" } = object.metadata;
    if (this.events.has(`${namespace}/${name}`)) throw new KubeError(409, "AlreadyExists", "exists");
    this.events.set(`${namespace}/${name}`, object as unknown as KubeEvent);
    return object;
  }

  async patch(
    _resource: unknown,
    key: { readonly name: string; readonly namespace?: string },
    patch: { readonly body: unknown },
  ): Promise<never> {
    await this.#call();
    const id = `${key.namespace ?? ""}/${key.name}`;
    const stored = this.events.get(id);
    if (stored === undefined) throw new KubeError(404, "NotFound", "gone");
    this.events.set(id, { ...stored, ...(patch.body as Partial<KubeEvent>) });
    return undefined as never;
  }

  list(): KubeEvent[] {
    return [...this.events.values()];
  }

  async #call(): Promise<void> {
    this.calls += 1;
    await this.blocked;
    if (this.failure !== undefined) throw this.failure;
  }
}

function aBench() {
  const clock = new FakeClock();
  const client = new EventStore();
  const logger = new MemoryLogger();
  const metrics = new PromMetrics();
  const recorder = new KubeEventRecorder({ client, clock, logger, metrics, component: "karpenter" });
  return { clock, client, logger, metrics, recorder };
}

const pool = { metadata: { name: "default", uid: "u-pool" } };

function aNote(change: Partial<EventNote> = {}): EventNote {
  return {
    resource: NodePools,
    object: pool,
    type: "Warning",
    reason: "NoCompatibleInstanceTypes",
    message: "no type fits",
    ...change,
  };
}

function podNote(name: string, reason: string, message = "planned"): EventNote {
  const object = { metadata: { name, namespace: "shop", uid: `u-${name}` } } as Pod;
  return aNote({ resource: Pods, object, type: "Normal", reason, message });
}

describe("KubeEventRecorder", () => {
  it("UX-3a: writes core/v1 Events, for objects without a namespace into default", async () => {
    const { recorder, client } = aBench();
    recorder.publish(aNote());
    await recorder.flush();
    expect(client.list()).toMatchObject([
      {
        apiVersion: "v1",
        kind: "Event",
        metadata: { namespace: "default", name: expect.stringMatching(/^default\.[0-9a-f]+$/) as string },
        involvedObject: { apiVersion: "karpenter.sh/v1", kind: "NodePool", name: "default", uid: "u-pool" },
        type: "Warning",
        reason: "NoCompatibleInstanceTypes",
        message: "no type fits",
        count: 1,
        firstTimestamp: "2026-01-01T00:00:00Z",
        source: { component: "karpenter" },
        reportingComponent: "karpenter",
      },
    ]);
  });

  it("writes events about pods into the pod's namespace", async () => {
    const { recorder, client } = aBench();
    recorder.publish(podNote("web-1", "Nominated"));
    await recorder.flush();
    expect(client.list()[0]).toMatchObject({
      metadata: { namespace: "shop" },
      involvedObject: { apiVersion: "v1", kind: "Pod", namespace: "shop" },
    });
  });

  it("UX-4: does not repeat a note within two minutes, and afterwards raises the count of the same event", async () => {
    const { recorder, client, clock } = aBench();
    recorder.publish(aNote());
    recorder.publish(aNote());
    await clock.advance(119_000);
    recorder.publish(aNote());
    await recorder.flush();
    expect(client.list().map((event) => event.count)).toEqual([1]);
    await clock.advance(1000);
    recorder.publish(aNote());
    await recorder.flush();
    expect(client.list()).toMatchObject([
      { count: 2, firstTimestamp: "2026-01-01T00:00:00Z", lastTimestamp: "2026-01-01T00:02:00Z" },
    ]);
    expect([recorder.dropped, client.calls]).toEqual([0, 2]);
  });

  it("lets the caller say what counts as the same note, and for how long", async () => {
    const { recorder, client, clock } = aBench();
    const note = (message: string): EventNote => aNote({ message, dedupeKey: "u-pool", dedupeFor: minutes(5) });
    recorder.publish(note("3 pods"));
    await clock.advance(240_000);
    recorder.publish(note("4 pods"));
    await clock.advance(60_000);
    recorder.publish(note("5 pods"));
    await recorder.flush();
    expect(client.list().map((event) => event.message)).toEqual(["3 pods", "5 pods"]);
  });

  it("creates the event anew when the old one has expired on the server", async () => {
    const { recorder, client, clock } = aBench();
    recorder.publish(aNote());
    await recorder.flush();
    client.events.clear();
    await clock.advance(180_000);
    recorder.publish(aNote());
    await recorder.flush();
    expect(client.list().map((event) => event.count)).toEqual([1]);
  });

  it("combines more than ten different texts of one reason about one object", async () => {
    const { recorder, client } = aBench();
    for (let n = 1; n <= 14; n++) recorder.publish(aNote({ message: `text ${n}` }));
    await recorder.flush();
    const texts = client.list().map((event) => `${event.message} ×${event.count ?? 0}`);
    expect(texts.length).toBe(11);
    expect(texts.at(-1)).toBe("(combined from similar events): text 14 ×4");
  });

  it("cuts a flood about one object after 25 events, and lets one pass every five minutes", async () => {
    const { recorder, client, clock, metrics } = aBench();
    const flood = (from: number): void => {
      for (let n = from; n < from + 30; n++) recorder.publish(aNote({ reason: `Reason${n}` }));
    };
    flood(0);
    await recorder.flush();
    expect([client.list().length, recorder.dropped]).toEqual([25, 5]);
    await clock.advance(300_000);
    flood(100);
    await recorder.flush();
    expect(client.list().length).toBe(26);
    expect(await metrics.render()).toContain('kmc_events_dropped_total{reason="spam"} 34');
  });

  it("S-606: lets at most ten Nominated events pass at once, five a second", async () => {
    const { recorder, client, clock } = aBench();
    for (let n = 0; n < 20; n++) recorder.publish(podNote(`a-${n}`, "Nominated"));
    await clock.advance(1000);
    for (let n = 0; n < 20; n++) recorder.publish(podNote(`b-${n}`, "Nominated"));
    recorder.publish(podNote("c", "FailedScheduling"));
    await recorder.flush();
    expect(client.list().length).toBe(16);
  });

  it("RT-32: holds a bounded number of notes, counts the rest and lets them come again", async () => {
    const { recorder, client, clock } = aBench();
    let release = (): void => {};
    client.blocked = new Promise((resolve) => (release = resolve));
    for (let n = 0; n < 1003; n++) recorder.publish(podNote(`p-${n}`, "FailedScheduling"));
    expect(recorder.dropped).toBe(3);
    release();
    await recorder.flush();
    expect(client.list().length).toBe(1000);
    recorder.publish(podNote("p-1002", "FailedScheduling"));
    await recorder.flush();
    expect([client.list().length, clock.pending()]).toEqual([1001, 0]);
  });

  it("never throws: a failed write is counted, logged, and tried again with the next note", async () => {
    const { recorder, client, logger } = aBench();
    client.failure = new KubeError(500, "InternalError", "etcd is down");
    recorder.publish(aNote());
    await recorder.flush();
    expect([recorder.dropped, logger.messages("warn")]).toEqual([1, ["writing an event failed"]]);
    client.failure = undefined;
    recorder.publish(aNote());
    await recorder.flush();
    expect(client.list().length).toBe(1);
  });

  it("is silent about events held back in observe mode", async () => {
    const { recorder, client, logger } = aBench();
    client.failure = new ObserveOnly({ target: "cluster", verb: "create", subject: "Event" });
    recorder.publish(aNote());
    await recorder.flush();
    expect([recorder.dropped, logger.lines]).toEqual([0, []]);
  });

  it("shortens texts the API server would not take", async () => {
    const { recorder, client } = aBench();
    recorder.publish(aNote({ message: "x".repeat(5000), dedupeFor: seconds(1) }));
    await recorder.flush();
    expect(client.list()[0]?.message.length).toBe(1024);
  });
});
