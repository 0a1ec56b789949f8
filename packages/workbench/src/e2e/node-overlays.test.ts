// The quick start with NodeOverlays: what users know about prices changes what is bought.

import "reflect-metadata";
import { readFile } from "node:fs/promises";
import {
  Annotation,
  CUSTOM_RESOURCES,
  getCondition,
  Label,
  NodeClaims,
  NodeOverlays,
  type KubeObject,
} from "@karpenter-multicloud/core/api";
import { loadManifests } from "@karpenter-multicloud/core/kube";
import { defaultSettings } from "@karpenter-multicloud/core/options";
import { MemoryLogger } from "@karpenter-multicloud/core/testing";
import { minutes } from "@karpenter-multicloud/core/units";
import { describe, expect, it } from "vitest";
import { simulatedCloud } from "../demo/clouds/simulated.ts";
import { chooseObjects } from "../demo/manifests.ts";
import { World } from "../demo/world.ts";

const EXAMPLE = "examples/simulated/node-overlays/node-overlay.yaml";

interface Variant {
  readonly gate: boolean;
  /** @defaultValue none */
  readonly overlays?: readonly KubeObject[];
  /** False for a cluster that knows upstream's two kinds alone. @defaultValue true */
  readonly defined?: boolean;
}

interface Outcome {
  /** Families of the machines that were bought, each once. */
  readonly families: readonly string[];
  readonly marked: boolean;
  readonly ready: readonly (string | undefined)[];
  readonly running: number;
  readonly complaints: readonly string[];
}

async function quickStart({ gate, overlays = [], defined = true }: Variant): Promise<Outcome> {
  const logger = new MemoryLogger();
  const cloud = simulatedCloud();
  const world = await World.open({ speed: "fast", logger, cloud });
  try {
    if (!defined) world.cluster.kube.undefine(NodeOverlays);
    const { featureGates } = defaultSettings({ clusterName: "demo" });
    const settings = { featureGates: { ...featureGates, NodeOverlay: gate } };
    await world.cluster.apply([...chooseObjects(world.cloud, cloud.customResources, []), ...overlays]);
    const life = world.startControllers({ settings });
    await world.clock.advance(minutes(5));
    const claims = (await world.cluster.kube.list(NodeClaims)).items;
    const known = defined ? (await world.cluster.kube.list(NodeOverlays)).items : [];
    await life.stop();
    return {
      families: [...new Set(claims.map(({ metadata }) => (metadata.labels?.[Label.InstanceType] ?? "").slice(0, 1)))],
      marked: claims.every(({ metadata }) => metadata.annotations?.[Annotation.PriceOverlayApplied] === "true"),
      ready: known.map((overlay) => getCondition(overlay, "Ready")?.status),
      running: (await world.cluster.pods()).filter(({ status }) => status?.phase === "Running").length,
      complaints: [...logger.messages("error"), ...logger.messages("warn")],
    };
  } finally {
    await world.close();
  }
}

async function example(): Promise<readonly KubeObject[]> {
  const text = await readFile(new URL(`../../../../${EXAMPLE}`, import.meta.url), "utf8");
  const { objects, problems } = loadManifests([{ name: EXAMPLE, text }], CUSTOM_RESOURCES);
  expect(problems).toEqual([]);
  return objects.map(({ object }) => object);
}

const PLAIN = { families: ["c"], marked: false, running: 5, complaints: [] };

describe("the quick start with NodeOverlays", () => {
  it("OV-7: the example's discount makes another family the cheapest, and that is bought", async () => {
    const outcome = await quickStart({ gate: true, overlays: await example() });
    expect(outcome).toEqual({ families: ["s"], marked: true, ready: ["True"], running: 5, complaints: [] });
  });

  it("without the feature gate the same overlay is left alone", async () => {
    const outcome = await quickStart({ gate: false, overlays: await example() });
    expect(outcome).toEqual({ ...PLAIN, ready: [undefined] });
  });

  it.each([true, false])(
    "TC-64, RT-13: works in a cluster that does not know the kind, with the gate %s",
    async (gate) => {
      expect(await quickStart({ gate, defined: false })).toEqual({ ...PLAIN, ready: [] });
    },
  );
});
