import { describe, expect, it } from "vitest";
import { PlainView } from "./plain-view.ts";
import type { Picture } from "./picture.ts";
import { aDecision, aNodePicture, aPicture, EIGHT, pending } from "./test-picture.ts";

function linesOf(...pictures: readonly Picture[]): readonly string[] {
  const written: string[] = [];
  const view = new PlainView({ write: (text: string) => written.push(text) });
  for (const picture of pictures) view.draw(picture);
  view.close();
  view.close();
  return written.join("").trimEnd().split("\n");
}

describe("plain view", () => {
  it("tells steps, decisions, machines and nodes, and how each step ended", () => {
    const create = aDecision("CreateNodeClaim", "NodeClaim a", "5 pods need a new machine", 1);
    const bought = { decisions: [create], machines: 1, pools: 1 };
    const ready = { nodes: [aNodePicture({ name: "n1" })], boundPods: 5, pricePerHour: 0.2046 };
    expect(
      linesOf(
        aPicture({ pendingPods: pending(5) }),
        aPicture({ now: EIGHT + 1000, decisions: [create], pendingPods: pending(5) }),
        aPicture({ now: EIGHT + 5000, ...bought, pendingPods: pending(5) }),
        aPicture({ now: EIGHT + 276_000, ...bought, ...ready }),
        aPicture({ now: EIGHT + 276_000, ...bought, ...ready, step: "all pods go" }),
        aPicture({ now: EIGHT + 300_000, decisions: [create], pools: 1, step: "all pods go" }),
        aPicture({ now: EIGHT + 900_000, decisions: [create], step: "all pods go" }),
      ),
    ).toMatchInlineSnapshot(`
      [
        "08:00:00 == five pods wait",
        "08:00:01    CreateNodeClaim a: 5 pods need a new machine",
        "08:00:05    cloud: 1 machine in 1 pool",
        "08:04:36    node n1 is ready",
        "08:04:36    after 4 min 36 s: 5 pods on 1 node at 0.2046 EUR/h",
        "08:04:36 == all pods go",
        "08:05:00    cloud: no machines, 1 empty pool kept for a while in case pods come back",
        "08:15:00    cloud: no machines",
        "08:15:00    after 10 min 24 s: 0 pods on 0 nodes",
      ]
    `);
  });

  it("decisions of one moment are told together, once it has passed", () => {
    const [a, b] = ["a", "b"].map((name) => aDecision("Budget", `Node ${name}`, "one at a time", 10));
    if (a === undefined || b === undefined) throw new Error("two decisions were made");
    const now = EIGHT + 10_000;
    const lines = linesOf(
      aPicture(),
      aPicture({ now, decisions: [a] }),
      aPicture({ now, decisions: [a, b] }),
      aPicture({ now: now + 1, decisions: [a, b] }),
    );
    expect(lines.filter((line) => line.includes("Budget"))).toEqual([
      "08:00:10    Budget 2 Nodes (a, b): one at a time",
    ]);
  });

  it("says at the end who still waits, and the last decisions", () => {
    const failure = aDecision("InsufficientResources", "Pod default/web-1", "needs cpu 64", 0);
    expect(linesOf(aPicture(), aPicture({ decisions: [failure], pendingPods: pending(2) })).slice(1)).toEqual([
      "08:00:00    InsufficientResources default/web-1: needs cpu 64",
      "08:00:00    after 0 s: 0 pods on 0 nodes, 2 pods still waiting",
    ]);
  });
});
