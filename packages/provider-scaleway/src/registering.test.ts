import { isConditionTrue, NodeClaims, Nodes } from "@karpenter-multicloud/core/api";
import { minutes } from "@karpenter-multicloud/core/units";
import { Stage } from "@karpenter-multicloud/testkit/conformance";
import { expect, it } from "vitest";

import { scalewaySubject } from "./test-subject.ts";

/** NodeRestriction keeps a kubelet from saying it of itself. */
const KEPT_BACK = { "tier.k8s.io/name": "gold" };

it("W-46: labels that a kubelet may not set are put on the node when it registers", async () => {
  const stage = await Stage.open(scalewaySubject, { running: "all" });
  try {
    const name = (await stage.claim()).metadata.name ?? "";
    await stage.kube.patch(NodeClaims, { name }, { type: "merge", body: { metadata: { labels: KEPT_BACK } } });
    const isRegistered = async (): Promise<boolean> =>
      isConditionTrue(await stage.kube.get(NodeClaims, { name }), "Registered");
    expect(await stage.until(isRegistered, minutes(10))).toBe(true);
    expect(stage.hooks.joined.get(name)?.metadata.labels).not.toMatchObject(KEPT_BACK);
    expect((await stage.kube.get(Nodes, { name })).metadata.labels).toMatchObject(KEPT_BACK);
  } finally {
    await stage.close();
  }
});
