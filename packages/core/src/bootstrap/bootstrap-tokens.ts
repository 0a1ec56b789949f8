// One short-lived join token per NodeClaim: made once, found again after a restart, removed when it has served (W-47, C-72).

import { Secrets, type NodeClaim, type Secret } from "../api/index.ts";
import { isAlreadyExists, isConflict, isNotFound, keyOf, type KubeClient } from "../kube/index.ts";
import type { Clock } from "../runtime/index.ts";
import { compareText, type Duration } from "../units/index.ts";
import { newToken, type BootstrapToken, type SecureRandom } from "./token.ts";
import { claimUidLabel, JOIN_GROUP, TOKEN_NAMESPACE, tokenOf, tokenSecret } from "./token-secret.ts";

export interface BootstrapTokensParts {
  readonly kube: Pick<KubeClient, "list" | "create" | "delete">;
  readonly clock: Pick<Clock, "now">;
  readonly random: SecureRandom;
  /** The node class's API group: the Secrets of another provider in the same cluster are not ours. */
  readonly labelDomain: string;
  /** @defaultValue kubeadm's */
  readonly group?: string;
}

const ATTEMPTS = 5;
/** A token with less than this part of its life left is not handed to a machine that only starts to boot. */
const WORTH_REUSING = 1 / 3;

export class BootstrapTokens {
  readonly #parts: BootstrapTokensParts;

  constructor(parts: BootstrapTokensParts) {
    this.#parts = parts;
  }

  /** The claim's token: the one it has, while it lives long enough, else a new one for `ttl`. */
  async ensure(claim: NodeClaim, ttl: Duration, signal: AbortSignal): Promise<BootstrapToken> {
    const { clock } = this.#parts;
    const known = (await this.secretsOf(claim.metadata.uid ?? "", signal))
      .map(tokenOf)
      .filter((token) => token !== undefined)
      .toSorted((a, b) => b.expiresAt - a.expiresAt || compareText(a.id, b.id));
    const [best] = known;
    if (best && best.expiresAt - clock.now() >= ttl * WORTH_REUSING) return best;
    return await this.#create(claim, ttl, signal);
  }

  /** Every token of the claim; none is no error. */
  async remove(claimUid: string, signal: AbortSignal): Promise<void> {
    for (const secret of await this.secretsOf(claimUid, signal)) await this.removeSecret(secret, signal);
  }

  /** All Secrets of ours that are bootstrap tokens, by name. */
  async list(signal: AbortSignal): Promise<readonly Secret[]> {
    return await this.#find(claimUidLabel(this.#parts.labelDomain), signal);
  }

  /** Empty for an empty UID, which no claim has. */
  async secretsOf(claimUid: string, signal: AbortSignal): Promise<readonly Secret[]> {
    if (claimUid === "") return [];
    return await this.#find(`${claimUidLabel(this.#parts.labelDomain)}=${claimUid}`, signal);
  }

  claimUidOf(secret: Secret): string {
    return secret.metadata.labels?.[claimUidLabel(this.#parts.labelDomain)] ?? "";
  }

  /** Nothing but this very Secret. */
  async removeSecret(secret: Secret, signal: AbortSignal): Promise<void> {
    const { uid } = secret.metadata;
    const preconditions = uid === undefined ? {} : { preconditions: { uid } };
    try {
      await this.#parts.kube.delete(Secrets, keyOf(secret), { ...preconditions, signal });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  /** Whatever else carries our label is never touched. */
  async #find(labelSelector: string, signal: AbortSignal): Promise<readonly Secret[]> {
    const options = { namespace: TOKEN_NAMESPACE, labelSelector, signal };
    const { items } = await this.#parts.kube.list(Secrets, options);
    return items
      .filter((secret) => tokenOf(secret) !== undefined)
      .toSorted((a, b) => compareText(a.metadata.name ?? "", b.metadata.name ?? ""));
  }

  async #create(claim: NodeClaim, ttl: Duration, signal: AbortSignal): Promise<BootstrapToken> {
    const { kube, clock, random, labelDomain, group = JOIN_GROUP.kubeadm } = this.#parts;
    for (let attempt = 1; ; attempt++) {
      // The Secret keeps whole seconds, so the token does.
      const token = newToken(random, Math.floor((clock.now() + ttl) / 1000) * 1000);
      try {
        await kube.create(Secrets, tokenSecret(token, claim, { labelDomain, group }), { signal });
        return token;
      } catch (error) {
        if (!isAlreadyExists(error) || attempt === ATTEMPTS) throw error;
      }
    }
  }
}
