// How the last machines of each NodePool fared on their way into the cluster, and what that says of the pool (NP-9 to NP-12).

import { Label, NodePools, type NodeClaim, type NodePool } from "../../api/index.ts";
import type { KubeCache } from "../../kube/index.ts";

/** How many of the last machines count. */
const REMEMBERED = 4;
const UNHEALTHY_SHARE = 0.5;

/** What the condition of a pool shall say. */
export type HealthVerdict =
  | { readonly status: "True" }
  | { readonly status: "False"; readonly reason: string; readonly message: string };

interface Outcome {
  /** UID of the claim; empty for what an earlier process has seen. */
  readonly claim: string;
  readonly success: boolean;
}

interface Record {
  readonly outcomes: readonly Outcome[];
  readonly verdict?: HealthVerdict;
}

type Failure = Omit<Extract<HealthVerdict, { readonly status: "False" }>, "status">;

/** Lives as long as the process; whoever writes the condition is woken by each change. Keyed by the pool's UID. */
export class RegistrationHealth {
  readonly #records = new Map<string, Record>();
  #wake: (nodePool: string) => void = () => {};

  onRecord(wake: (nodePool: string) => void): () => void {
    this.#wake = wake;
    return () => {
      this.#wake = () => {};
    };
  }

  /**
   * A verdict falls only in the direction of the last outcome: one success does not heal, one failure does not condemn.
   * A claim that is worked on again, because its status could not be stored, does not count again.
   */
  record(pool: NodePool, claim: NodeClaim, failure?: Failure): void {
    const { uid = "", name = "" } = pool.metadata;
    const known = this.#records.get(uid);
    const outcome: Outcome = { claim: claim.metadata.uid ?? "", success: failure === undefined };
    if (known?.outcomes.some((each) => each.claim === outcome.claim && each.success === outcome.success)) return;
    const outcomes = [...(known?.outcomes ?? []), outcome].slice(-REMEMBERED);
    const unhealthy = outcomes.filter(({ success }) => !success).length / REMEMBERED >= UNHEALTHY_SHARE;
    const verdict = verdictOf(unhealthy, failure) ?? known?.verdict;
    this.#records.set(uid, { outcomes, ...(verdict && { verdict }) });
    this.#wake(name);
  }

  /** True for a success, oldest first; empty while nothing was seen. */
  outcomes(uid: string): readonly boolean[] {
    return (this.#records.get(uid)?.outcomes ?? []).map(({ success }) => success);
  }

  verdict(uid: string): HealthVerdict | undefined {
    return this.#records.get(uid)?.verdict;
  }

  /** What a process before this one has seen; no verdict. */
  seed(uid: string, outcomes: readonly boolean[]): void {
    this.#records.set(uid, { outcomes: outcomes.map((success) => ({ claim: "", success })) });
  }

  forget(uid: string): void {
    this.#records.delete(uid);
  }
}

/** NP-12: a pool that was created anew under the same name has nothing to do with the claim. */
export function poolThatOwns(cache: KubeCache, { metadata }: NodeClaim): NodePool | undefined {
  const pool = cache.informer(NodePools).get({ name: metadata.labels?.[Label.NodePool] ?? "" });
  const { uid } = pool?.metadata ?? {};
  const isOwner = (metadata.ownerReferences ?? []).some((owner) => owner.kind === "NodePool" && owner.uid === uid);
  return uid !== undefined && isOwner ? pool : undefined;
}

function verdictOf(unhealthy: boolean, failure: Failure | undefined): HealthVerdict | undefined {
  if (failure === undefined) return unhealthy ? undefined : { status: "True" };
  return unhealthy ? { status: "False", ...failure } : undefined;
}
