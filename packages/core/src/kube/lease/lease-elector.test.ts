import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CUSTOM_RESOURCES, Leases, type Lease } from "../../api/index.ts";
import { FakeClock, InMemoryKube, type KubeCall } from "../../testing/index.ts";
import { KubeError } from "../errors.ts";
import { LeaseElector, type LeaseListener } from "./lease-elector.ts";
import { LeaseFence } from "./lease-fence.ts";
import { LEASE_TIMINGS } from "./lease-record.ts";
import type { Moment } from "./moment.ts";

const KEY = { namespace: "kube-system", name: "karpenter-leader-election" };

interface CandidateOptions {
  /** Of its wall clock against everybody else's, in milliseconds. */
  readonly skew?: number;
}

/** One process that wants to lead, as far as the lease goes. */
class Candidate {
  readonly identity: string;
  readonly log: string[] = [];
  outcome: string | undefined = "running";
  /** Requests of this candidate alone. */
  faults: ((call: KubeCall) => void) | undefined;
  readonly #clock: FakeClock;
  #skew: number;
  readonly #fence = new LeaseFence(LEASE_TIMINGS.renewDeadline);
  readonly #stop = new AbortController();
  readonly #elector: LeaseElector;
  readonly #ended: Promise<void>;

  constructor(identity: string, clock: FakeClock, kube: InMemoryKube, options: CandidateOptions = {}) {
    this.identity = identity;
    this.#clock = clock;
    this.#skew = options.skew ?? 0;
    const listener: LeaseListener = {
      acquired: (at) => {
        this.#fence.renewed(at);
        this.log.push("acquired");
      },
      renewed: (at) => this.#fence.renewed(at),
      slowPath: () => this.log.push("slow path"),
      failed: (what) => this.log.push(what),
    };
    const client = {
      get: this.#faulty("get", kube.get.bind(kube)),
      create: this.#faulty("create", kube.create.bind(kube)),
      update: this.#faulty("update", kube.update.bind(kube)),
    };
    const wall = (): number => clock.now() + this.#skew;
    const random = (): number => 0.5;
    this.#elector = new LeaseElector({
      client,
      clock,
      wall,
      random,
      key: KEY,
      identity,
      timings: LEASE_TIMINGS,
      listener,
    });
    this.#ended = this.#elector.run(this.#stop.signal).then((why) => {
      this.#fence.close();
      this.outcome = why;
    });
  }

  get leads(): boolean {
    return this.#fence.permits(this.#now());
  }

  setWallClock(skew: number): void {
    this.#skew = skew;
  }

  /** As a SIGKILL: it says nothing any more, and its name stays in the lease. */
  kill(): void {
    this.#stop.abort(new Error("killed"));
  }

  async stopAndRelease(): Promise<void> {
    this.kill();
    await this.#ended;
    await this.#elector.release(new AbortController().signal);
  }

  #now(): Moment {
    return { monotonic: this.#clock.now(), wall: this.#clock.now() + this.#skew };
  }

  #faulty<A extends readonly unknown[], R>(verb: KubeCall["verb"], call: (...args: A) => Promise<R>) {
    return async (...args: A): Promise<R> => {
      this.faults?.({ phase: "before", verb, resource: Leases });
      const answer = await call(...args);
      this.faults?.({ phase: "after", verb, resource: Leases });
      return answer;
    };
  }
}

const noAnswer = new KubeError(0, "Unknown", "no answer");

describe("a lease", () => {
  let clock: FakeClock;
  let kube: InMemoryKube;
  let candidates: Candidate[];

  beforeEach(() => {
    clock = new FakeClock();
    kube = new InMemoryKube({ now: () => clock.now(), customResources: CUSTOM_RESOURCES });
    candidates = [];
  });
  afterEach(() => {
    for (const candidate of candidates) candidate.kill();
  });

  const candidate = (identity: string, options?: CandidateOptions): Candidate => {
    const made = new Candidate(identity, clock, kube, options);
    candidates.push(made);
    return made;
  };
  const stored = (): Promise<Lease> => kube.get(Leases, KEY);
  const leaders = (): readonly string[] => candidates.filter(({ leads }) => leads).map(({ identity }) => identity);

  /** Moves on in small steps; nobody may ever lead beside another one. */
  async function pass(seconds: number): Promise<void> {
    for (let step = 0; step < seconds * 4; step++) {
      await clock.advance(250);
      expect(leaders().length).toBeLessThanOrEqual(1);
    }
  }

  it("RT-33: is made by the first who wants it, with micro-seconds, and renewed every two seconds", async () => {
    candidate("a");
    await clock.settle();
    const first = await stored();
    expect(first.spec).toEqual({
      holderIdentity: "a",
      leaseDurationSeconds: 15,
      acquireTime: "2026-01-01T00:00:00.000000Z",
      renewTime: "2026-01-01T00:00:00.000000Z",
      leaseTransitions: 0,
    });
    await pass(5);
    expect((await stored()).spec).toMatchObject({ renewTime: "2026-01-01T00:00:04.000000Z", leaseTransitions: 0 });
    expect(leaders()).toEqual(["a"]);
  });

  it("RT-34: of two candidates one leads, and the other waits for as long as it is renewed", async () => {
    const [a, b] = [candidate("a"), candidate("b")];
    await pass(60);
    expect([a.leads, b.leads]).toEqual([true, false]);
    expect(b.log).toEqual([]);
  });

  it("RT-34: a dead leader is followed after 15 s of silence and not before", async () => {
    const a = candidate("a");
    const b = candidate("b");
    await pass(20);
    a.kill();
    await pass(13);
    expect(b.leads).toBe(false);
    await pass(10);
    expect(leaders()).toEqual(["b"]);
    expect((await stored()).spec).toMatchObject({ holderIdentity: "b", leaseTransitions: 1 });
  });

  it("RT-34: wall clocks an hour apart take nobody's lease away", async () => {
    candidate("a", { skew: -3_600_000 });
    const b = candidate("b", { skew: 3_600_000 });
    await pass(60);
    expect(leaders()).toEqual(["a"]);
    b.setWallClock(7_200_000);
    await pass(20);
    expect(leaders()).toEqual(["a"]);
    expect((await stored()).spec?.leaseTransitions).toBe(0);
  });

  it("RT-34: the silence that counts is the one its holder promised, whatever we would promise", async () => {
    await kube.create(Leases, {
      metadata: { ...KEY },
      spec: { holderIdentity: "other", leaseDurationSeconds: 40, renewTime: "2020-01-01T00:00:00.000000Z" },
    });
    const a = candidate("a");
    await pass(38);
    expect(a.leads).toBe(false);
    await pass(8);
    expect(a.leads).toBe(true);
  });

  it("RT-34: a renewal that meets another version reads the lease and writes it again at once", async () => {
    const a = candidate("a");
    await pass(1);
    const { metadata } = await stored();
    await kube.patch(Leases, KEY, { type: "merge", body: { metadata: { labels: { seen: "yes" } } } });
    await pass(3);
    const now = await stored();
    expect(a.log).toEqual(["acquired", "slow path"]);
    expect(now.metadata.labels).toEqual({ seen: "yes" });
    expect(now.metadata.uid).toBe(metadata.uid);
    expect(now.spec).toMatchObject({ holderIdentity: "a", leaseTransitions: 0 });
    expect(a.leads).toBe(true);
  });

  it("RT-36: a leader that finds another name in the lease stops at once", async () => {
    const a = candidate("a");
    await pass(1);
    await kube.patch(Leases, KEY, { type: "merge", body: { spec: { holderIdentity: "b" } } });
    await pass(2);
    expect([a.outcome, a.leads]).toEqual(["b holds the lease", false]);
    expect((await stored()).spec?.holderIdentity).toBe("b");
  });

  it("RT-34, RT-36: without an answer a leader may write for ten seconds after its last renewal, then it gives up", async () => {
    const a = candidate("a");
    await pass(4.5);
    a.faults = () => {
      throw noAnswer;
    };
    // The last renewal was sent four seconds after the start.
    await pass(9.25);
    expect(a.leads).toBe(true);
    await pass(0.5);
    expect(a.leads).toBe(false);
    await pass(2);
    expect(a.outcome).toBe("the lease was not renewed in time");
    expect(a.log).toContain("writing the lease failed");
  });

  it("RT-34: answers that get lost cost nothing as long as one comes in time", async () => {
    const a = candidate("a");
    await pass(1);
    let calls = 0;
    a.faults = ({ phase, verb }) => {
      if (phase === "after" && verb === "update" && calls++ % 3 !== 0) throw noAnswer;
    };
    await pass(60);
    expect([a.outcome, a.leads]).toEqual(["running", true]);
    expect((await stored()).spec?.leaseTransitions).toBe(0);
  });

  it("RT-36: whoever wakes from a suspension that stopped its clock does not lead any more", async () => {
    const a = candidate("a");
    await pass(4);
    a.setWallClock(12_000);
    expect(a.leads).toBe(false);
  });

  it("RT-37: a lease that was given up is taken at the next look", async () => {
    const a = candidate("a");
    const b = candidate("b");
    await pass(10);
    await a.stopAndRelease();
    expect((await stored()).spec).toMatchObject({ holderIdentity: "", leaseDurationSeconds: 1 });
    await pass(5);
    expect(b.leads).toBe(true);
    expect((await stored()).spec).toMatchObject({ holderIdentity: "b", leaseDurationSeconds: 15, leaseTransitions: 1 });
  });

  it("RT-37: who does not lead gives nothing up", async () => {
    candidate("a");
    const b = candidate("b");
    await pass(10);
    await b.stopAndRelease();
    expect((await stored()).spec?.holderIdentity).toBe("a");
  });

  it("a removed lease is made again by its holder", async () => {
    const a = candidate("a");
    await pass(3);
    await kube.delete(Leases, KEY);
    await pass(4);
    expect(a.leads).toBe(true);
    expect((await stored()).spec).toMatchObject({ holderIdentity: "a", leaseTransitions: 0 });
  });
});
