import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NodeClaims, Secrets, type NodeClaim } from "../api/index.ts";
import { aNodeClaim } from "../testing/index.ts";
import { ControllerHarness } from "../testing/controller-harness.ts";
import { minutes } from "../units/index.ts";
import { BootstrapTokens, bootstrapTokenController, newToken, systemRandom, tokenText } from "./index.ts";

const TTL = minutes(30);
const { signal } = new AbortController();

describe("bootstrap tokens", () => {
  let harness: ControllerHarness;
  let tokens: BootstrapTokens;
  let claim: NodeClaim;

  beforeEach(async () => {
    harness = new ControllerHarness();
    tokens = tokensFor("karpenter.scaleway.com");
    claim = await harness.put(NodeClaims, aNodeClaim({ name: "general-x7k2p", conditions: ["Launched"] }));
  });

  afterEach(() => harness.stop());

  function tokensFor(labelDomain: string): BootstrapTokens {
    return new BootstrapTokens({ kube: harness.deps.kube, clock: harness.clock, random: systemRandom, labelDomain });
  }

  async function names(): Promise<readonly string[]> {
    const { items } = await harness.kube.list(Secrets, { namespace: "kube-system" });
    return items.map(({ metadata }) => metadata.name ?? "");
  }

  async function startCollecting(): Promise<void> {
    const { cache, clock, logger } = harness.deps;
    await harness.start(bootstrapTokenController({ tokens, cache, clock, logger }));
  }

  it("T-49: keep seven fields in a Secret that the API server's authenticator reads", async () => {
    const token = await tokens.ensure(claim, TTL, signal);
    const [secret] = (await harness.kube.list(Secrets, { namespace: "kube-system" })).items;
    expect(secret).toMatchObject({
      metadata: {
        name: `bootstrap-token-${token.id}`,
        labels: { "karpenter.scaleway.com/nodeclaim-uid": claim.metadata.uid },
      },
      type: "bootstrap.kubernetes.io/token",
    });
    const data = Object.entries(secret?.data ?? {}).map(([key, value]) => [
      key,
      Buffer.from(value, "base64").toString(),
    ]);
    expect(Object.fromEntries(data)).toEqual({
      "token-id": token.id,
      "token-secret": token.secret,
      expiration: new Date(harness.clock.now() + TTL).toISOString().replace(".000Z", "Z"),
      "usage-bootstrap-authentication": "true",
      "usage-bootstrap-signing": "true",
      "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
      description: "karpenter nodeclaim general-x7k2p",
    });
  });

  it("W-47: are found again after a restart, and made anew only near their end", async () => {
    const token = await tokens.ensure(claim, TTL, signal);
    await harness.pass(minutes(19));
    expect(await tokensFor("karpenter.scaleway.com").ensure(claim, TTL, signal)).toEqual(token);
    await harness.pass(minutes(2));
    const next = await tokens.ensure(claim, TTL, signal);
    expect(next.id).not.toBe(token.id);
    expect(await tokens.ensure(claim, TTL, signal)).toEqual(next);
    await tokens.remove(claim.metadata.uid ?? "", signal);
    expect(await names()).toEqual([]);
  });

  it("take another id when one is taken", async () => {
    const fixed = newToken(systemRandom, 0);
    const taken = [...tokenText(fixed).replace(".", "")].map((char) =>
      "abcdefghijklmnopqrstuvwxyz0123456789".indexOf(char),
    );
    let used = 0;
    const random = (bytes: number): Uint8Array => {
      used++;
      return used <= 4 ? Uint8Array.from({ length: bytes }, (_, at) => taken[at % 6] ?? 0) : systemRandom(bytes);
    };
    const parts = { kube: harness.deps.kube, clock: harness.clock, random, labelDomain: "karpenter.scaleway.com" };
    const one = new BootstrapTokens(parts);
    const first = await one.ensure(claim, TTL, signal);
    const other = { ...claim, metadata: { ...claim.metadata, uid: "another" } };
    const second = await one.ensure(other, TTL, signal);
    expect(first.id).toBe(fixed.id);
    expect(second.id).not.toBe(first.id);
    expect(used).toBeGreaterThan(4);
  });

  it("leave the Secrets of another provider and everything that is no token alone", async () => {
    await tokensFor("karpenter.k8s.cloudstack").ensure(claim, TTL, signal);
    await harness.kube.create(Secrets, {
      metadata: { name: "mine", namespace: "kube-system", labels: { "karpenter.scaleway.com/nodeclaim-uid": "gone" } },
      data: {},
    });
    await startCollecting();
    await harness.pass(minutes(5));
    expect(await names()).toHaveLength(2);
  });

  it("W-45: go at once when their claim has registered", async () => {
    await tokens.ensure(claim, TTL, signal);
    await startCollecting();
    await harness.pass(1000);
    expect(await names()).toHaveLength(1);
    const conditions = ["Launched", "Registered"];
    const { status } = aNodeClaim({ name: "general-x7k2p", conditions });
    await harness.kube.patchStatus(NodeClaims, { name: "general-x7k2p" }, { type: "merge", body: { status } });
    await harness.pass(1000);
    expect(await names()).toEqual([]);
  });

  it("W-51e: go with their claim, and when a claim vanished while nobody looked", async () => {
    await tokens.ensure(claim, TTL, signal);
    await tokens.ensure({ ...claim, metadata: { ...claim.metadata, uid: "of-a-claim-that-is-gone" } }, TTL, signal);
    await startCollecting();
    await harness.pass(1000);
    expect(await names()).toHaveLength(1);
    await harness.kube.delete(NodeClaims, { name: "general-x7k2p" });
    await harness.pass(1000);
    expect(await names()).toEqual([]);
  });

  it("go when they have expired, although the claim still waits", async () => {
    await tokens.ensure(claim, TTL, signal);
    await startCollecting();
    await harness.pass(minutes(29));
    expect(await names()).toHaveLength(1);
    await harness.pass(minutes(3));
    expect(await names()).toEqual([]);
  });

  it("have characters that are all equally likely", () => {
    const counts = new Map<string, number>();
    for (let round = 0; round < 2000; round++) {
      for (const char of tokenText(newToken(systemRandom, 0)).replace(".", ""))
        counts.set(char, (counts.get(char) ?? 0) + 1);
    }
    expect(counts.size).toBe(36);
    const mean = (2000 * 22) / 36;
    for (const count of counts.values()) expect(Math.abs(count - mean)).toBeLessThan(mean / 4);
  });
});
