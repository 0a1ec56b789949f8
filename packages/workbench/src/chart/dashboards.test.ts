import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { METRICS, PromMetrics, shortLabelName, type MetricDefinition } from "@karpenter-multicloud/core/telemetry";
import { WELL_KNOWN_LABELS } from "@karpenter-multicloud/core/api";
import { beforeAll, describe, expect, it } from "vitest";
import { CHART, prepareHelm, renderChart, type Manifest } from "./helm.ts";

interface Panel {
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string; readonly legendFormat?: string }[];
}

interface Dashboard {
  readonly uid: string;
  readonly templating: { readonly list: readonly { readonly name: string }[] };
  readonly panels: readonly Panel[];
}

const FOLDER = join(CHART, "dashboards");
const helmIsThere = await prepareHelm("the dashboards");

let dashboards: ReadonlyMap<string, Dashboard>;
/** What Node.js itself and Prometheus add. */
let ofTheProcess: ReadonlySet<string>;

beforeAll(async () => {
  const names = (await readdir(FOLDER)).toSorted();
  const read = async (name: string): Promise<Dashboard> =>
    JSON.parse(await readFile(join(FOLDER, name), "utf8")) as Dashboard;
  dashboards = new Map(await Promise.all(names.map(async (name) => [name, await read(name)] as const)));
  const text = await new PromMetrics({ process: true }).render();
  ofTheProcess = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name));
});

const definitionOf = (name: string): MetricDefinition | undefined => {
  const all: readonly MetricDefinition[] = METRICS;
  return all.find((each) => each.name === name || `${each.name}_bucket` === name);
};
const metricsIn = (expr: string): readonly string[] =>
  [...expr.matchAll(/\b[a-z_]+_[a-z0-9_]+\b(?=\s*[{[)]|\s*$)/g)].map(([name]) => name);
const expressions = (): readonly string[] =>
  [...dashboards.values()].flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)));

describe("M-48: the dashboards", () => {
  it("are two, of capacity and performance", () => {
    expect([...dashboards].map(([name, { uid }]) => [name, uid])).toEqual([
      ["karpenter-capacity.json", "karpenter-capacity"],
      ["karpenter-performance.json", "karpenter-performance"],
    ]);
  });

  it("ask for metrics only that the controller has", () => {
    const asked = expressions().flatMap((expr) => {
      const names = metricsIn(expr.replaceAll(/\bby \([^)]*\)/g, ""));
      expect(names, expr).not.toEqual([]);
      return names;
    });
    const unknown = asked.filter((name) => definitionOf(name) === undefined && !ofTheProcess.has(name));
    expect([...new Set(unknown)]).toEqual([]);
    expect(new Set(asked).size).toBeGreaterThan(20);
  });

  it("ask for labels only that these metrics have", () => {
    const ofNodes = [...WELL_KNOWN_LABELS].map(shortLabelName);
    for (const expr of expressions()) {
      const labels = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = ""]) => list.split(", "));
      const selected = [...expr.matchAll(/([a-z_]+)(?:=~|=)"/g)].map(([, label = ""]) => label);
      for (const name of metricsIn(expr.replaceAll(/\bby \([^)]*\)/g, ""))) {
        const definition = definitionOf(name);
        if (definition === undefined) continue;
        const extra = definition.moreLabels === undefined ? [] : ofNodes;
        const known = new Set([...definition.labels, ...extra, "le", "quantile"]);
        expect(
          [...labels, ...selected].filter((label) => !known.has(label)),
          expr,
        ).toEqual([]);
      }
    }
  });

  it("name series by labels that the query keeps", () => {
    for (const { panels } of dashboards.values()) {
      for (const { expr, legendFormat = "" } of panels.flatMap(({ targets }) => targets)) {
        const kept = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = ""]) => list.split(", "));
        const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = ""]) => label);
        expect(
          shown.filter((label) => !kept.includes(label)),
          expr,
        ).toEqual([]);
      }
    }
  });

  it("have no panel over another", () => {
    for (const { panels } of dashboards.values()) {
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, index) => `${x + (index % w)} ${y + Math.floor(index / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
      expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
    }
  });
});

describe.runIf(helmIsThere)("M-48: the dashboards in the chart", () => {
  const OVH = "ovh.serviceName=0123456789abcdef0123456789abcdef";
  const configMaps = async (...set: readonly string[]): Promise<readonly Manifest[]> =>
    (await renderChart({ set: [OVH, ...set] })).filter(({ kind }) => kind === "ConfigMap");

  it("are not installed unless asked for", async () => {
    expect(await configMaps()).toEqual([]);
  });

  it("are ConfigMaps that Grafana's sidecar finds, each with its file unchanged", async () => {
    const rendered = await configMaps("dashboards.enabled=true", "dashboards.namespace=monitoring");
    expect(rendered.map(({ metadata }) => metadata)).toMatchObject(
      ["karpenter-capacity-dashboard", "karpenter-performance-dashboard"].map((name) => ({
        name,
        namespace: "monitoring",
        labels: { grafana_dashboard: "1" },
      })),
    );
    const data = rendered.map((each) => (each as unknown as { readonly data: Readonly<Record<string, string>> }).data);
    for (const [index, [file, dashboard]] of [...dashboards].entries()) {
      expect(JSON.parse(data[index]?.[file] ?? "null")).toEqual(dashboard);
    }
  });
});
