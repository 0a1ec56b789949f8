// One run: NodeClaims come and go under core's real controllers while the cloud and the process fail, then everything must be in order.

import { NodeClaims, type NodeClaim } from "@karpenter-multicloud/core/api";
import { seededRandom } from "@karpenter-multicloud/core/testing";
import { minutes, seconds, type Duration } from "@karpenter-multicloud/core/units";
import { Stage, type Subject } from "../stage/index.ts";
import { ClaimWitness } from "./claim-witness.ts";
import { judge, WrongEnds } from "./judge.ts";
import { below, nextStep, type Step, type Trouble } from "./storm.ts";

export interface FaultRun {
  readonly seed: number;
  /** Names of the troubles that were let loose, in order. */
  readonly troubles: readonly string[];
  /** "after POST /machines": where lives of the controller ended. */
  readonly deaths: readonly string[];
  /** NodeClaims there ever were. */
  readonly claims: number;
  /** Of them, those that had a machine. */
  readonly served: number;
  readonly requests: number;
  readonly virtualMinutes: number;
  readonly milliseconds: number;
  /** Machines without NodeClaim, NodeClaims without or with the wrong machine, wrong deletions; empty when all is in order. */
  readonly problems: readonly string[];
}

const STEPS = 30;
/** For everything that waits, backs off or was given up to come to rest. */
const REST = minutes(90);
const END = minutes(180);

export async function faultRun(subject: Subject, seed: number): Promise<FaultRun> {
  const begun = performance.now();
  const stage = await Stage.open(subject, { seed, running: "all" });
  const run = new Run(stage, seededRandom(seed * 7919 + 1));
  try {
    const from = stage.clock.now();
    const problems = await run.play();
    return {
      seed,
      troubles: run.troubles,
      deaths: run.deaths,
      claims: run.witness.claims,
      served: run.witness.served,
      requests: stage.cloud.requests?.().length ?? 0,
      virtualMinutes: Math.round((stage.clock.now() - from) / 60_000),
      milliseconds: Math.round(performance.now() - begun),
      problems,
    };
  } finally {
    run.end();
    await stage.close();
  }
}

class Run {
  readonly witness = new ClaimWitness();
  readonly troubles: string[] = [];
  readonly deaths: string[] = [];
  readonly #stage: Stage;
  readonly #random: () => number;
  readonly #off = new AbortController();
  readonly #wrong: WrongEnds;
  #death: { readonly downFor: Duration; readonly afterPoints: number } | undefined;

  constructor(stage: Stage, random: () => number) {
    this.#stage = stage;
    this.#random = random;
    this.#wrong = new WrongEnds(stage);
    this.witness.watch(stage.kube, this.#off.signal).catch(() => {});
  }

  end(): void {
    this.#off.abort(new Error("the run is over"));
  }

  async play(): Promise<readonly string[]> {
    for (let count = 0; count < STEPS; count++) {
      const alive = (await this.#claims()).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      const { step, pause } = nextStep(this.#random, alive.length);
      await this.#do(step, alive);
      await this.#pass(pause);
    }
    this.#stage.cloud.inject?.([]);
    await this.#passUntil(async () => (await this.#judgement()).length === 0, REST);
    const unrest = await this.#judgement();
    for (const claim of await this.#claims()) await this.#delete(claim);
    await this.#passUntil(() => this.#isEmpty(), END);
    const leaks = this.#stage.machines().map(({ id }) => `machine ${id} is left when all NodeClaims are gone`);
    leaks.push(...this.#leftovers().map((what) => `${what} is left when all NodeClaims are gone`));
    const stuck = (await this.#claims()).map(({ metadata }) => `NodeClaim ${metadata.name} does not end`);
    const complaints = (await this.#stage.cloud.complaints?.()) ?? [];
    return [...unrest, ...stuck, ...leaks, ...this.#wrong.found, ...this.witness.contradictions(), ...complaints];
  }

  async #do(step: Step, alive: readonly NodeClaim[]): Promise<void> {
    switch (step.kind) {
      case "claims":
        for (let count = 0; count < step.count; count++) await this.#stage.claim();
        return;
      case "delete": {
        const victim = alive[below(alive.length, this.#random)];
        return victim === undefined ? undefined : await this.#delete(victim);
      }
      case "trouble":
        return this.#letLoose(step.trouble);
      case "heal":
        return this.#stage.cloud.inject?.([]);
      case "crash":
        return this.#crash(step);
      case "nothing":
    }
  }

  #letLoose({ name, faults }: Trouble): void {
    this.troubles.push(name);
    this.#stage.cloud.inject?.(faults);
  }

  /** The present life ends as soon as it has come by so many more points. */
  #crash({ afterPoints, downFor }: { readonly afterPoints: number; readonly downFor: Duration }): void {
    if (this.#death !== undefined || this.#stage.life.dead) return;
    this.#death = { afterPoints, downFor };
    this.#stage.life.dieAfter(afterPoints, () => this.#died());
  }

  #died(): void {
    const { clock, life } = this.#stage;
    const { downFor } = this.#death ?? { downFor: seconds(0) };
    const point = life.deathPoint;
    this.deaths.push(point === undefined ? "unknown" : `${point.moment} ${point.call.replace(/\?.*$/, "")}`);
    clock.schedule(clock.now() + downFor, () => {
      this.#death = undefined;
      this.#stage.beginLife();
    });
  }

  async #delete({ metadata }: NodeClaim): Promise<void> {
    if (metadata.deletionTimestamp !== undefined) return;
    await this.#stage.kube.delete(NodeClaims, { name: metadata.name ?? "" });
  }

  async #claims(): Promise<readonly NodeClaim[]> {
    return (await this.#stage.kube.list(NodeClaims)).items;
  }

  async #judgement(): Promise<readonly string[]> {
    return judge(await this.#claims(), this.#stage.machines());
  }

  async #isEmpty(): Promise<boolean> {
    const machines = this.#stage.cloud.machines().length;
    return (await this.#claims()).length === 0 && machines === 0 && this.#leftovers().length === 0;
  }

  #leftovers(): readonly string[] {
    return this.#stage.cloud.leftovers?.() ?? [];
  }

  /** In steps, so that a wrong deletion is seen while it happens. */
  async #pass(duration: Duration): Promise<void> {
    for (let left: number = duration; left > 0; left -= 5_000) {
      await this.#stage.pass(Math.min(left, 5_000) as Duration);
      this.#wrong.look(await this.#claims());
    }
  }

  async #passUntil(holds: () => Promise<boolean>, atMost: Duration): Promise<void> {
    const end = this.#stage.clock.now() + atMost;
    while (this.#stage.clock.now() < end && !(await holds())) await this.#pass(seconds(20));
  }
}
