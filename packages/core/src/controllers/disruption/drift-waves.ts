// Drift in waves, for NodePools that ask for it: 1, 2, 4, … nodes, each wave when the machines of the last have proved themselves (DX-32).

import { Annotation, getCondition, isConditionTrue, NodeClaims, NodePools, type NodePool } from "../../api/index.ts";
import type { HourlyLimit } from "../../disruption/index.ts";
import { minutes, type Duration } from "../../units/index.ts";
import { nodesOfMachine } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import type { RunningCommand } from "./command.ts";

/** So long a replacement has to be Ready before more nodes follow. */
const PROVED_AFTER: Duration = minutes(2);
/** So many replacements of one roll-out may fail. */
const MOST_FAILED = 2;

type Deps = Pick<ControllerDeps, "cache" | "clock" | "events" | "logger" | "state">;

interface Wave {
  /** What the NodePool asked for when the roll-out began; another wish begins another one. */
  readonly wish: number;
  size: number;
  /** By node: the claims in its place. */
  readonly members: Map<string, readonly string[]>;
  failures: number;
  why: string;
}

/** A restart begins with a wave of one again. */
export class DriftWaves {
  readonly #deps: Deps;
  readonly #commands: () => readonly RunningCommand[];
  readonly #waves = new Map<string, Wave>();

  /** `commands`: all that run. */
  constructor(deps: Deps, commands: () => readonly RunningCommand[]) {
    this.#deps = deps;
    this.#commands = commands;
  }

  /** `chosen`: commands that count besides those that have begun. What a NodePool lets go now besides its budgets; undefined where drift does not go in waves. */
  limitOf(pool: NodePool, chosen: readonly RunningCommand[]): HourlyLimit | undefined {
    const { name = "" } = pool.metadata;
    if (pool.metadata.annotations?.[Annotation.DriftWaves] !== "true") {
      this.#waves.delete(name);
      return undefined;
    }
    const wave = this.#current(pool);
    if (wave.failures >= MOST_FAILED) {
      const detail = `the roll-out of NodePool ${name} has stopped after ${wave.failures} failed replacements (${wave.why}) until the NodePool is changed`;
      return { text: "", left: 0, detail };
    }
    const until = this.#provedAt(wave, this.#leaving(name, this.#commands()));
    if (wave.members.size >= wave.size && until !== undefined && until <= this.#deps.clock.now()) {
      wave.size *= 2;
      wave.members.clear();
    }
    const others = this.#leaving(name, chosen).filter((node) => !wave.members.has(node)).length;
    const left = Math.max(0, wave.size - wave.members.size - others);
    const detail = `drifted nodes of NodePool ${name} go in waves, ${wave.size} in this one; the next begins when the replacements have been Ready for two minutes`;
    return { text: "", left, detail, ...(until !== undefined && left === 0 && { until }) };
  }

  /** `replacements`: claims that were ordered in its place. */
  started(node: string, pool: string, replacements: readonly string[]): void {
    this.#waves.get(pool)?.members.set(node, replacements);
  }

  /** It stays for a reason of its own. */
  kept(node: string): void {
    for (const { members } of this.#waves.values()) members.delete(node);
  }

  failed(pool: string, why: string): void {
    const wave = this.#waves.get(pool);
    if (!wave) return;
    wave.why = why;
    wave.failures += 1;
    if (wave.failures !== MOST_FAILED) return;
    const object = this.#deps.cache.informer(NodePools).get({ name: pool });
    const message = `drifted nodes are not replaced any more: ${MOST_FAILED} replacements have failed, the last because ${why}; it goes on when the NodePool is changed`;
    this.#deps.logger.warn("the roll-out of a nodepool has stopped", { NodePool: pool, why });
    if (object)
      this.#deps.events.publish({ type: "Warning", reason: "DriftStopped", message, resource: NodePools, object });
  }

  #current({ metadata: { name = "", generation = 0 } }: NodePool): Wave {
    const known = this.#waves.get(name);
    if (known?.wish === generation) return known;
    const wave: Wave = { wish: generation, size: 1, members: new Map(), failures: 0, why: "" };
    this.#waves.set(name, wave);
    return wave;
  }

  /** Nodes of commands that run. */
  #leaving(pool: string, commands: readonly RunningCommand[]): readonly string[] {
    const drift = commands.filter(({ proposed }) => proposed.reason === "Drifted");
    const names = drift.flatMap(({ proposed }) => proposed.nodes);
    return names.filter((name) => this.#deps.state.nodeByName(name)?.nodePool === pool);
  }

  /** When all of the wave is over and its machines have worked for long enough; undefined: not to be said yet. */
  #provedAt({ members }: Wave, leaving: readonly string[]): number | undefined {
    if ([...members.keys()].some((node) => leaving.includes(node))) return undefined;
    let at = 0;
    for (const name of [...members.values()].flat()) {
      const ready = this.#readySince(name);
      if (ready === undefined) return undefined;
      at = Math.max(at, ready + PROVED_AFTER);
    }
    return at;
  }

  /** A machine that has gone since for a reason of its own holds nobody up. */
  #readySince(name: string): number | undefined {
    const claim = this.#deps.cache.informer(NodeClaims).get({ name });
    if (!claim || claim.metadata.deletionTimestamp) return 0;
    const [node] = nodesOfMachine(this.#deps.cache, claim.status?.providerID ?? "");
    const ready = node && getCondition(node, "Ready");
    const isReady = isConditionTrue(claim, "Initialized") && ready?.status === "True";
    return isReady && ready.lastTransitionTime ? Date.parse(ready.lastTransitionTime) : undefined;
  }
}
