// How many nodes of a NodePool were repaired within the last hour, where that is limited (DX-30). It is written on the NodePool, so that a
// restart does not forget.

import { Annotation, NodePools, toRfc3339, type NodePool } from "../../api/index.ts";
import { hours } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";

const WINDOW = hours(1);

type Deps = Pick<ControllerDeps, "clock" | "kube">;
/** By name of the NodeClaim, which is never given twice: when its repair began. */
type Starts = Readonly<Record<string, number>>;

export class RecentRepairs {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** When one more may be repaired; undefined: now. What was begun may go on. */
  heldUntil(pool: NodePool, claim: string, perHour: number): number | undefined {
    const starts = this.#recent(pool);
    const times = Object.values(starts).toSorted((a, b) => a - b);
    if (starts[claim] !== undefined || times.length < perHour) return undefined;
    return (times[times.length - perHour] ?? this.#deps.clock.now()) + WINDOW;
  }

  /**
   * Before the machine goes: what could not be written down might be forgotten, and then too many would go.
   * @throws KubeError
   */
  async began(pool: NodePool, claim: string, signal: AbortSignal): Promise<void> {
    const recent = this.#recent(pool);
    if (recent[claim] === undefined) await this.#write(pool, { ...recent, [claim]: this.#deps.clock.now() }, signal);
  }

  /** It stays after all. */
  async kept(pool: NodePool, claim: string, signal: AbortSignal): Promise<void> {
    const { [claim]: began, ...others } = this.#recent(pool);
    if (began !== undefined) await this.#write(pool, others, signal);
  }

  async #write({ metadata: { name = "", uid } }: NodePool, starts: Starts, signal: AbortSignal): Promise<void> {
    const times = Object.fromEntries(Object.entries(starts).map(([claim, at]) => [claim, toRfc3339(at)]));
    // The uid keeps it off a namesake, of which nothing was repaired (RT-15).
    const body = { metadata: { uid, annotations: { [Annotation.RepairsStarted]: JSON.stringify(times) } } };
    await this.#deps.kube.patch(NodePools, { name }, { type: "merge", body }, { signal }).catch(ignoreNotFound);
  }

  /** The mirror shows what was written a moment ago (RT-11). */
  #recent({ metadata: { annotations } }: NodePool): Starts {
    const known = startsIn(annotations?.[Annotation.RepairsStarted]);
    const since = this.#deps.clock.now() - WINDOW;
    return Object.fromEntries(Object.entries(known).filter(([, at]) => at > since));
  }
}

/** What this version would not have written counts for nothing: it bounds, it does not protect. */
function startsIn(text: string | undefined): Starts {
  let found: unknown;
  try {
    found = JSON.parse(text ?? "{}");
  } catch {
    return {};
  }
  if (typeof found !== "object" || found === null) return {};
  const times = Object.entries(found).map(([claim, time]) => [claim, Date.parse(String(time))] as const);
  return Object.fromEntries(times.filter(([, at]) => !Number.isNaN(at)));
}
