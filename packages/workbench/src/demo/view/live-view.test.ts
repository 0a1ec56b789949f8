import { describe, expect, it } from "vitest";
import { LiveView, renderPicture } from "./live-view.ts";
import type { Picture } from "./picture.ts";
import { aDecision, aNodePicture, aPicture, pending } from "./test-picture.ts";

// oxlint-disable-next-line no-control-regex -- the colour codes begin with the escape character
const plain = (line: string): string => line.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, "").trimEnd();

function screen(picture: Picture, width = 120, height = 24): readonly string[] {
  return renderPicture(picture, "OVHcloud (faked)", { width, height }).map(plain);
}

const BUSY = aPicture({
  step: "inflate grows to 30 pods",
  nodes: [
    aNodePicture(),
    aNodePicture({ name: "default-4cbzw", phase: "booting", pods: 0, cpu: 0, memory: 0 }),
    aNodePicture({
      name: "default-9dxr2",
      instanceType: "b3-16",
      phase: "ordered",
      pods: 0,
      cpu: 0,
      memory: 0,
      pricePerHour: undefined,
    }),
    aNodePicture({ name: "gone", phase: "draining", pods: 1, cpu: 1, memory: 0.02 }),
  ],
  pendingPods: pending(23),
  boundPods: 7,
  pricePerHour: 0.7161,
  machines: 4,
  pools: 2,
  decisions: [
    aDecision(
      "CreateNodeClaim",
      "NodeClaim default-4cbzw",
      "7 pods need a new machine: b3-32 at 0.2046 EUR/h is the cheapest that fits",
      1,
    ),
    aDecision(
      "PolicyWhenEmpty",
      "Node karpenter-b3-32-eu-west-par-a-node-10d4e8",
      "pod default/inflate-fccccfmfkc-2hzq2 and 6 more would have to move, and NodePool default removes empty nodes only",
      30,
    ),
  ],
});

describe("live view", () => {
  it("shows nodes with fill bars, price, who waits, and decisions with reasons", () => {
    expect(screen(BUSY).join("\n")).toMatchInlineSnapshot(`
      "karpenter-multicloud demo  OVHcloud (faked)
      cluster time 08:00:00  inflate grows to 30 pods

      4 nodes   7 pods running   23 pending   0.7161 EUR/h   4 machines in 2 pools

        karpenter-b3-32-eu…-par-a-node-10d4e8 b3-32 eu-west-par-a ready    cpu ███████████░ mem ███░░░░░░░░░   7 pods 0.2046/h
        default-4cbzw                         b3-32 eu-west-par-a booting  cpu ░░░░░░░░░░░░ mem ░░░░░░░░░░░░   0 pods 0.2046/h
        default-9dxr2                         b3-16 eu-west-par-a ordered  cpu ░░░░░░░░░░░░ mem ░░░░░░░░░░░░   0 pods        –
        gone                                  b3-32 eu-west-par-a draining cpu ████████████ mem ░░░░░░░░░░░░    1 pod 0.2046/h

        waiting: web-1, web-2, web-3 and 20 more

      decisions
        08:00:01   CreateNodeClaim default-4cbzw: 7 pods need a new machine: b3-32 at 0.2046 EUR/h is the cheapest that fits
        08:00:30   PolicyWhenEmpty karpenter-b3-32-eu-west-par-a-node-10d4e8: pod default/inflate-fccccfmfkc-2hzq2 and 6 more
                     would have to move, and NodePool default removes empty nodes only"
    `);
  });

  it.each([80, 100, 120, 200])("no line is wider than a terminal of %i columns, and names keep both ends", (width) => {
    const lines = screen(BUSY, width);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    expect(lines.find((line) => line.includes("10d4e8"))).toMatch(/ {2}karp\S*10d4e8 b3-32 /);
  });

  it("with more nodes than lines the rest is counted", () => {
    const nodes = Array.from({ length: 50 }, (_, index) => aNodePicture({ name: `node-${index}` }));
    const lines = screen(aPicture({ nodes }), 120, 20);
    expect(lines.length).toBeLessThanOrEqual(20);
    expect(lines).toContain("  … and 39 more nodes");
  });

  it("the newest decisions stay when there is no room for all", () => {
    const decisions = Array.from({ length: 60 }, (_, index) =>
      aDecision("Selected", `Node n${index}`, "goes now", index),
    );
    const lines = screen(aPicture({ decisions }), 120, 20);
    expect(lines.at(-1)).toBe("  08:00:59   Selected n59: goes now");
    expect(lines.length).toBeLessThanOrEqual(20);
  });

  it("a cloud that keeps empty pools says so", () => {
    expect(screen(aPicture({ pools: 2 })).join("\n")).toContain(
      "no machines, 2 empty pools kept for a while in case pods come back",
    );
  });

  it("hides the cursor while it draws and gives it back once", () => {
    const written: string[] = [];
    const view = new LiveView({ write: (text: string) => written.push(text), columns: 90, rows: 20 }, "t");
    view.draw(BUSY);
    view.close();
    view.close();
    expect(written[0]).toContain("?25l");
    expect(written.filter((text) => text.includes("?25h"))).toHaveLength(1);
  });
});
